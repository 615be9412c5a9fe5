"""The files that a batch reads: named one by one, by folder or by pattern, and the captures in them."""

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import xxhash

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.reader import ROW_ENDINGS, WACZ_ENDINGS, WARC_ENDINGS, read_captures
from onestory.pipelines.archive.rows import (
    FIELDS,
    Row,
    by_folded_name,
    first_value,
    folded,
    numbered_captures,
    numbered_rows,
)
from onestory.pipelines.batch.parquet_rows import PARQUET_ENDINGS, parquet_rows
from onestory.store.articles.captures import Capture

__all__ = ["COLUMNS", "InputFile", "find_inputs", "input_file", "numbered_input"]

ENDINGS = (*ROW_ENDINGS, *WARC_ENDINGS, *WACZ_ENDINGS, *PARQUET_ENDINGS)
# What a column can be named for.
COLUMNS = ("url", "id", "text", "html", "title", "published", "fetched", "authors", "outlet")
# `source` is the address in the rows of some tools; what names the column for a URL leaves it alone.
_SHARED = {"source"}


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read, with what shows that it was changed since."""

    path: str
    bytes: int
    modified_ns: int


def find_inputs(paths: Sequence[str]) -> list[InputFile]:
    """The files, those of a folder or pattern in the order of their names. Raises BadInput."""
    found = dict.fromkeys(name for path in paths for name in _files(path))
    return [input_file(name) for name in found]


def _files(path: str) -> list[str]:
    if path == "-":
        raise BadInput("a batch reads files, so that it can be resumed: write standard input to a file first")
    place = Path(path)
    if place.is_dir():
        # A dump has its texts twice: in its articles and in its stories.
        is_dump = (place / "manifest.json").is_file() and (place / "articles").is_dir()
        return _known_in(place / "articles" if is_dump else place)
    if place.exists():
        return [path]
    if matches := sorted(glob.glob(path, recursive=True)):
        return [name for one in matches for name in _files(one)]
    raise BadInput(f"{path} does not exist")


def _known_in(folder: Path) -> list[str]:
    below = (path for path in folder.rglob("*") if path.is_file())
    shown = (path for path in below if not any(part.startswith(".") for part in path.relative_to(folder).parts))
    names = sorted(str(path) for path in shown if str(path).lower().endswith(ENDINGS))
    if not names:
        raise BadInput(f"{folder} has no file that ends in {', '.join(ENDINGS)}")
    return names


def input_file(path: str) -> InputFile:
    if not path.lower().endswith(ENDINGS):
        raise BadInput(f"{path}: give a file that ends in {', '.join(ENDINGS)}")
    try:
        with Path(path).open("rb"):
            found = Path(path).stat()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    return InputFile(path, found.st_size, found.st_mtime_ns)


def numbered_input(path: str, columns: Mapping[str, str]) -> Iterator[tuple[int, Capture | Dropped]]:
    """The captures of a file, each with its place: the number of its line or row, or the offset of its record.

    `columns` maps names of `COLUMNS` to the columns that hold them. Raises BadInput and TruncatedArchive.
    """
    name = Path(path).name
    if path.lower().endswith(PARQUET_ENDINGS):
        rows: Iterable[tuple[int, Row | Dropped]] = parquet_rows(path, columns)
    elif path.lower().endswith(ROW_ENDINGS):
        rows = numbered_rows(path)
    else:
        return _numbered_pages(path)
    return numbered_captures(_renamed_rows(rows, columns), name=name)


def _numbered_pages(path: str) -> Iterator[tuple[int, Capture | Dropped]]:
    for number, found in enumerate(read_captures(path), start=1):
        offset = found.warc_offset if isinstance(found, Capture) else None
        yield number if offset is None else offset, found


def _renamed_rows(
    rows: Iterable[tuple[int, Row | Dropped]], columns: Mapping[str, str]
) -> Iterator[tuple[int, Row | Dropped]]:
    for number, row in rows:
        yield number, row if isinstance(row, Dropped) else _with_address(_renamed(row, columns), columns)


def _renamed(row: Row, columns: Mapping[str, str]) -> Row:
    """The row with the named columns under our names, and without others that would be read for the same."""
    named = {what: _value(row, column) for what, column in columns.items() if what != "id"}
    if not named:
        return row
    others = {folded(name.partition(".")[0]) for what in named for name in FIELDS[what]} - _SHARED
    # An object that has the named column in it may have others as well.
    kept = {column.partition(".")[0] for column in columns.values()} - set(FIELDS)
    return named | {name: value for name, value in row.items() if folded(name) not in others or name in kept}


def _value(row: Row, column: str) -> Any:
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _with_address(row: Row, columns: Mapping[str, str]) -> Row:
    """A row that has an id and no URL gets an address of its own, from which the id can be read."""
    if first_value(by_folded_name(row), "url") is not None:
        return row
    identity = _value(row, columns.get("id", "id"))
    if not isinstance(identity, str | int) or isinstance(identity, bool) or not str(identity).strip():
        return row
    name = str(identity).strip()
    # A host each: what a host shows around its articles must not be learned across rows of nobody's.
    host = xxhash.xxh3_64_hexdigest(name.encode("utf-8", "replace"))
    return row | {"url": f"https://{host}.invalid/{quote(name, safe='', errors='replace')}"}
