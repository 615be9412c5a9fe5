"""Files of pages and texts in, captures out: WARC (ISO 28500), WACZ, ARC, and JSON Lines."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.content_coding import CodingError, dechunked, declared_codings, decoded
from onestory.pipelines.archive.opening import first_line, opened
from onestory.pipelines.archive.rows import captures_of_rows, observed_time, read_rows
from onestory.pipelines.archive.unpacking import Unpacking, unpacked_fully
from onestory.pipelines.archive.warc_reading import Record, TruncatedArchive, records
from onestory.store.articles.captures import Capture

__all__ = ["TruncatedArchive", "read_captures", "read_rows"]

MAX_PAGE_BYTES = 50 << 20
MAX_HTTP_HEAD_BYTES = 1 << 17
WARC_ENDINGS = (".warc", ".warc.gz", ".warc.zst", ".wet", ".wet.gz", ".arc", ".arc.gz")
WACZ_ENDINGS = (".wacz",)
ROW_ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".json.gz")
HTML_TYPES = ("text/html", "application/xhtml+xml")
_SUCCESS = re.compile(r"(?:HTTP/\d(?:\.\d)?\s+)?(?:200|203)\b", re.IGNORECASE)
_IS_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,4000}?-->\s*)*<(?:!doctype\s+html|html|head|body|meta|title|main|article|section|div|h[1-6]|p|table|ul|span|a)\b",
    re.I | re.S,
)
# `.warc.gz.gz`, of an archive that was packed once more.
_PACKED_AGAIN = re.compile(r"(?:(?<=\.gz)|(?<=\.zst))(?:\.gz|\.zst){1,2}$")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
Headers = tuple[tuple[str, str], ...]


def read_captures(path: str) -> Iterator[Capture | Dropped]:
    """The pages and texts of one file, by its ending; `-` is JSON Lines from standard input.

    What cannot be used comes as Dropped. Raises BadInput for a file that cannot be read at all, and
    TruncatedArchive for one that cannot be read to its end.
    """
    if _PACKED_AGAIN.sub("", path.lower()).endswith(WARC_ENDINGS):
        return _warc(path)
    if path.lower().endswith(WACZ_ENDINGS):
        return _wacz(path)
    if path == "-" or path.lower().endswith(ROW_ENDINGS):
        return captures_of_rows(path)
    raise BadInput(
        f"{path}: give a file that ends in .warc, .warc.gz, .warc.zst, .wacz, .jsonl, .jsonl.gz or .jsonl.zst"
    )


def _warc(path: str) -> Iterator[Capture | Dropped]:
    with opened(path, unpacked=False) as stream:
        file = cast("BinaryIO", stream)
        if _is_arc(file):
            yield from _arc(path, file)
        else:
            yield from _captures(file, name=Path(path).name)


def _wacz(path: str) -> Iterator[Capture | Dropped]:
    """Web archive collection: a ZIP with WARC files under `archive/`."""
    with opened(path, unpacked=False) as stream:
        try:
            pack = zipfile.ZipFile(cast("BinaryIO", stream))
        except (zipfile.BadZipFile, OSError) as error:
            raise BadInput(f"{path} is not a WACZ file: {first_line(error)}") from error
        names = [name for name in pack.namelist() if name.lower().endswith(WARC_ENDINGS)]
        if not names:
            raise BadInput(f"{path} holds no WARC file")
        for name in names:
            with pack.open(name) as part:
                yield from _captures(cast("BinaryIO", part), name=f"{Path(path).name}/{Path(name).name}")


def _captures(file: BinaryIO, *, name: str) -> Iterator[Capture | Dropped]:
    for record in records(unpacked_fully(file), name=name):
        if isinstance(record, Dropped):
            yield record
        elif (found := _captured(record, name=name)) is not None:
            yield found


def _captured(record: Record, *, name: str) -> Capture | Dropped | None:
    """The page or text of a record; None for one that is none."""
    kind = record.fields.get("warc-type", "").lower()
    if kind not in ("response", "resource", "conversion"):
        return None
    url = record.fields.get("warc-target-uri", "").strip("<> ")
    if record.block is None:
        return Dropped(url or name, "too_large", f"a record of {record.length} bytes") if kind == "response" else None
    try:
        page = _answer(record.block) if kind == "response" else _stored(record)
    except (_HeadTooLarge, CodingError) as error:
        return _unreadable(url, error)
    if page is None:
        return None
    headers, body = page
    if not url:
        return Dropped(f"a record of {name}", "no_url", "it has no WARC-Target-URI")
    is_text = kind == "conversion" and not _is_html(headers, body)
    return Capture(
        url=url,
        observed=observed_time(record.fields.get("warc-date")),
        source=name,
        body=None if is_text else body,
        text=body.decode("utf-8", "replace") if is_text else None,
        headers=headers,
        warc_file=name,
        warc_offset=record.place,
    )


def _answer(block: bytes) -> tuple[Headers, bytes] | None:
    """Headers and body of a successful answer that is a page. Raises CodingError and _HeadTooLarge."""
    match = _END_OF_HEAD.search(block, 0, MAX_HTTP_HEAD_BYTES)
    if match is None and len(block) > MAX_HTTP_HEAD_BYTES:
        raise _HeadTooLarge
    head, body = (block[: match.start()], block[match.end() :]) if match else (block, b"")
    status, *lines = head.decode("utf-8", "replace").splitlines() or [""]
    if not _SUCCESS.match(status):
        return None
    headers = tuple(_header(line) for line in lines if ":" in line)
    if not _may_be_html(headers):
        return None
    if declared_codings(headers, "transfer-encoding"):
        body = dechunked(body)
    body = decoded(body, declared_codings(headers), max_bytes=MAX_PAGE_BYTES)
    return (headers, body) if _is_html(headers, body) else None


class _HeadTooLarge(Exception):  # noqa: N818 - never leaves this file
    pass


def _unreadable(url: str, error: Exception) -> Dropped:
    if isinstance(error, _HeadTooLarge):
        return Dropped(url, "head_too_large", f"its headers have more than {MAX_HTTP_HEAD_BYTES:,} bytes")
    return Dropped(url, "broken_body", f"its body cannot be decoded: {first_line(error)}")


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def _stored(record: Record) -> tuple[Headers, bytes] | None:
    """A resource, or a text made of a page: the block itself, with the type that the record names."""
    kind = record.fields.get("content-type", "")
    headers = (("Content-Type", kind),) if kind else ()
    body = decoded(record.block or b"", (), max_bytes=MAX_PAGE_BYTES)
    is_text = record.fields.get("warc-type", "").lower() == "conversion" and kind.lower().startswith("text/plain")
    return (headers, body) if is_text or (_may_be_html(headers) and _is_html(headers, body)) else None


def _type_of(headers: Headers) -> str:
    value = next((value for name, value in headers if name.lower() == "content-type"), "")
    return value.partition(";")[0].strip().lower()


def _may_be_html(headers: Headers) -> bool:
    return _type_of(headers) in (*HTML_TYPES, "", "unknown/unknown", "application/octet-stream")


def _is_html(headers: Headers, body: bytes) -> bool:
    """By its type; where nobody said it, by how it begins."""
    return _type_of(headers) in HTML_TYPES or _IS_HTML.match(body.removeprefix(b"\xef\xbb\xbf")[:8_192]) is not None


def _is_arc(file: BinaryIO) -> bool:
    source = Unpacking(file)
    source.need(16)
    file.seek(0)
    return source.held.startswith(b"filedesc://")


def _arc(path: str, file: BinaryIO) -> Iterator[Capture | Dropped]:
    """ARC, the format before WARC, read by warcio."""
    name, seen = Path(path).name, 0
    try:
        for record in ArchiveIterator(file, arc2warc=True):
            seen += 1
            fields = {key.lower(): value for key, value in record.rec_headers.headers}
            if record.rec_type == "response" and record.http_headers is not None:
                head = record.http_headers.to_bytes()
                block = head + record.raw_stream.read(MAX_PAGE_BYTES)
                found = _captured(Record(fields, block, None, len(block)), name=name)
                yield from (found,) if found is not None else ()
    except (ArchiveLoadFailed, EOFError, OSError, zlib.error, UnicodeDecodeError, ValueError) as error:
        raise TruncatedArchive(f"{path}: unreadable behind record {seen}: {first_line(error)}") from error
