"""The articles of an earlier dump, signed again, so that newcomers can join their stories."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from onestory.dedupe.signature import PARAMETERS, sign
from onestory.errors import BadInput
from onestory.pipelines.archive.opening import first_line, opened
from onestory.pipelines.archive.rows import Row
from onestory.pipelines.batch.captures import KnownArticle, known_table
from onestory.pipelines.batch.extraction import CAPTURES
from onestory.pipelines.batch.inputs import InputFile, input_file
from onestory.pipelines.batch.parts import Progress, Setting
from onestory.pipelines.batch.work_folder import BatchJob
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture
from onestory.times import parse_iso_time

__all__ = ["find_dump_files", "read_dumps"]

ROWS_A_PART = 4096
FIELDS = ("id", "url", "story_id", "relation", "outlet", "title", "text", "first_seen", "added")


def find_dump_files(dumps: Sequence[str]) -> list[InputFile]:
    """The files with the articles of these dumps. Raises BadInput for a folder that holds no dump."""
    return [file for dump in dumps for file in _files_of(Path(dump))]


def _files_of(dump: Path) -> list[InputFile]:
    try:
        manifest = orjson.loads((dump / "manifest.json").read_bytes())
        listed: dict[str, dict[str, object]] = manifest["files"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"{dump} is not a dump: it has no readable manifest.json") from error
    found = []
    for name, told in sorted(listed.items()):
        if name.startswith("articles/"):
            file = input_file(str(dump / name))
            if file.bytes != told["bytes"] or _sha256(file.path) != told["sha256"]:
                raise BadInput(
                    f"{file.path} is not what manifest.json says: it is truncated or changed; copy the dump again"
                )
            found.append(file)
    return found


def _sha256(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_dumps(job: BatchJob, setting: Setting, *, progress: Progress) -> None:
    """Make parts of known captures. Of an article in several dumps the last one counts."""
    for number, file in enumerate(job.against):
        if not setting.folder.has(f"known/{number:05d}"):
            for place, rows in enumerate(_batches(file)):
                table = known_table([_known(row) for row in rows])
                setting.folder.write_arrow(f"{CAPTURES}/known-{number:05d}-{place:05d}.arrow", table)
            setting.folder.write_bytes(f"known/{number:05d}", b"")
        progress("reading earlier dumps", number + 1, len(job.against))


def _batches(file: InputFile) -> Iterator[list[Row]]:
    try:
        if file.path.endswith(".parquet"):
            with pq.ParquetFile(file.path) as source:
                for batch in source.iter_batches(batch_size=ROWS_A_PART, columns=list(FIELDS)):
                    yield batch.to_pylist()
        else:
            yield from _lines(file)
    except (pa.ArrowException, zstandard.ZstdError, orjson.JSONDecodeError, OSError, EOFError) as error:
        raise BadInput(f"{file.path} cannot be read to its end: {first_line(error)}") from error


def _lines(file: InputFile) -> Iterator[list[Row]]:
    rows: list[Row] = []
    with opened(file.path) as stream:
        for line in stream:
            rows.append(orjson.loads(line))
            if len(rows) == ROWS_A_PART:
                yield rows
                rows = []
    yield rows


def _known(row: Row) -> tuple[ProcessedCapture, KnownArticle]:
    signature = sign(row["text"])
    url = row["url"]
    extracted = ExtractedArticle(
        url, url, row["text"], "", words=len(row["text"].split()), title=row["title"], outlet=row["outlet"]
    )
    reading = ProcessedCapture(
        Capture(url, _moment(row["added"]), "dump"),
        extracted,
        signature.to_bytes(),
        PARAMETERS.encode(),
        signature.digest,
        "dump",
    )
    known = KnownArticle(row["id"], row["story_id"], row["relation"], row["outlet"], _moment(row["first_seen"]))
    return reading, known


def _moment(value: str | datetime) -> datetime:
    return value if isinstance(value, datetime) else parse_iso_time(value)
