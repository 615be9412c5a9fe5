"""Files of pages and texts in, captures out: WARC (ISO 28500) and JSON Lines."""

import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import orjson
import zstandard
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from onestory.errors import BadInput, Dropped
from onestory.store.articles.captures import Capture

__all__ = ["TruncatedArchive", "read_captures", "read_rows"]

MAX_PAGE_BYTES = 50 << 20
MAX_LINE_BYTES = 128 << 20
WARC_ENDINGS = (".warc", ".warc.gz")
ROW_ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".json.gz")
HTML_TYPES = ("text/html", "application/xhtml+xml")
UTF8_HTML = (("content-type", "text/html; charset=utf-8"),)


class TruncatedArchive(BadInput):
    """The file ends, or becomes unreadable, in the middle; what came before it was good."""

    reason = "cut_short"


def read_captures(path: str) -> Iterator[Capture | Dropped]:
    """The pages and texts of one file, by its ending; `-` is JSON Lines from standard input.

    A row that cannot be used comes as Dropped. Raises BadInput for a file that cannot be read at all, CutShort
    when it cannot be read on.
    """
    if path.lower().endswith(WARC_ENDINGS):
        return _warc(path)
    if path == "-" or path.lower().endswith(ROW_ENDINGS):
        return _captures_of_rows(path)
    raise BadInput(f"{path}: give a file that ends in .warc, .warc.gz, .jsonl, .jsonl.gz or .jsonl.zst")


def _warc(path: str) -> Iterator[Capture | Dropped]:
    with _opened(path) as stream:
        records = ArchiveIterator(stream)
        seen = end = 0
        while True:
            record = _next_record(path, records, seen)
            if record is None:
                break
            seen += 1
            captured = _captured(record, name=Path(path).name) if _is_page(record) else None
            # A page that was cut short is no page; and asking for the offset reads the record to its end.
            _finish(path, record)
            offset = records.get_record_offset()
            end = offset + records.get_record_length()
            if captured is not None:
                yield replace(captured, warc_offset=offset) if isinstance(captured, Capture) else captured
        _check_end(path, stream, seen, end)


def _next_record(path: str, records: ArchiveIterator, seen: int) -> ArcWarcRecord | None:
    try:
        return next(records, None)
    except (ArchiveLoadFailed, EOFError, OSError, zlib.error, UnicodeDecodeError, ValueError) as error:
        if seen:
            raise TruncatedArchive(f"{path}: unreadable behind record {seen}: {_first_line(error)}") from error
        raise BadInput(f"{path} is not a WARC file: {_first_line(error)}") from error


def _finish(path: str, record: ArcWarcRecord) -> None:
    """Reads the record to its end; raises CutShort when the file has less than the record's length."""
    try:
        while record.raw_stream.read(1 << 16):
            pass
    except (EOFError, OSError, zlib.error) as error:
        raise TruncatedArchive(f"{path}: cut in the middle of a record: {_first_line(error)}") from error
    if getattr(record.raw_stream, "limit", 0):
        raise TruncatedArchive(f"{path}: cut in the middle of a record; what came before it was imported")


def _check_end(path: str, stream: IO[bytes], seen: int, end: int) -> None:
    """What is left behind the last record is the beginning of one that was cut, or never was a WARC."""
    stream.seek(end)
    rest = stream.read(1 << 16).strip(b"\r\n\0")
    if seen and rest:
        raise TruncatedArchive(f"{path}: cut in the middle of a record; what came before it was imported")
    if not seen:
        raise BadInput(f"{path} has no WARC record" if rest else f"{path} is empty")


def _is_page(record: ArcWarcRecord) -> bool:
    if record.rec_type != "response" or record.http_headers is None:
        return False
    if record.http_headers.get_statuscode() != "200":
        return False
    kind = (record.http_headers.get_header("Content-Type") or "text/html").partition(";")[0]
    return kind.strip().lower() in HTML_TYPES


def _captured(record: ArcWarcRecord, *, name: str) -> Capture | Dropped:
    url = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<> ")
    if not url:
        return Dropped(f"a record of {name}", "no_url", "it has no WARC-Target-URI")
    try:
        body = _body(record)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        return Dropped(url, "broken_body", f"its body cannot be decoded: {_first_line(error)}")
    return Capture(
        url=url,
        observed=_time(record.rec_headers.get_header("WARC-Date")),
        source=name,
        body=body,
        headers=tuple((key, value) for key, value in record.http_headers.headers),
        warc_file=name,
    )


def _body(record: ArcWarcRecord) -> bytes:
    """At most one byte more than MAX_PAGE_BYTES: what is longer is dropped later, as too large."""
    stream, read = record.content_stream(), bytearray()
    while len(read) <= MAX_PAGE_BYTES and (part := stream.read(MAX_PAGE_BYTES + 1 - len(read))):
        read += part
    return bytes(read)


def _captures_of_rows(path: str) -> Iterator[Capture | Dropped]:
    name = "stdin" if path == "-" else Path(path).name
    for row in read_rows(path):
        yield row if isinstance(row, Dropped) else _capture_of_row(row, name=name)


def read_rows(path: str) -> Iterator[dict[str, Any] | Dropped]:
    """The objects of a JSON Lines file; a line that is none comes as Dropped, named by its number."""
    name = "stdin" if path == "-" else Path(path).name
    number = 0
    with _opened(path) as stream:
        try:
            for number, line in enumerate(_lines(stream), start=1):
                if line is None:
                    yield Dropped(f"{name}:{number}", "too_large", f"a line of over {MAX_LINE_BYTES >> 20} MiB")
                elif line.strip():
                    yield _parsed(line, f"{name}:{number}")
        except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
            raise TruncatedArchive(f"{path}: unreadable behind line {number}: {_first_line(error)}") from error
    if not number:
        raise BadInput(f"{name} is empty")


def _lines(stream: IO[bytes]) -> Iterator[bytes | None]:
    """Lines as bytes; None in place of one that is too long."""
    while line := stream.readline(MAX_LINE_BYTES):
        if len(line) < MAX_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield None


def _parsed(line: bytes, place: str) -> dict[str, Any] | Dropped:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The standard library also takes lone surrogates and NaN, which do come out of scrapers.
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            return Dropped(place, "not_json", f"the line is not JSON: {_first_line(error)}")
    if not isinstance(row, dict):
        return Dropped(place, "not_json", "the line is not a JSON object")
    return cast("dict[str, Any]", row)


def _capture_of_row(row: Mapping[str, Any], *, name: str) -> Capture | Dropped:
    url = row.get("url")
    if not isinstance(url, str) or not url.strip():
        return Dropped(f"{name}: {str(row)[:60]}", "no_url", "the row has no url")
    html, text = row.get("html"), row.get("text")
    if not isinstance(html, str) and not isinstance(text, str):
        return Dropped(url, "no_content", "the row has neither html nor text")
    return Capture(
        url=url,
        observed=_time(_string(row.get("fetched"))),
        source=_string(row.get("source")) or name,
        body=html.encode("utf-8", "replace") if isinstance(html, str) else None,
        text=text if isinstance(text, str) and not isinstance(html, str) else None,
        headers=UTF8_HTML if isinstance(html, str) else (),
        title=_string(row.get("title")),
        published=_string(row.get("published")),
        outlet=_string(row.get("outlet")),
    )


def _string(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _time(value: str | None) -> datetime | None:
    """An observed time, or None for none, nonsense, and a time to come: then the clock counts."""
    try:
        read = datetime.fromisoformat((value or "").strip())
        read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return read if read <= datetime.now(UTC) else None


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed below; only opening it is in the try
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    with file, _decompressed(path, file) as stream:
        yield stream


def _decompressed(path: str, file: BinaryIO) -> IO[bytes]:
    if path.lower().endswith(".zst"):
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return io.BufferedReader(cast("io.RawIOBase", reader), 1 << 20)
    if path.lower().endswith(".gz") and not path.lower().endswith(WARC_ENDINGS):
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=file)), 1 << 20)
    return file


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
