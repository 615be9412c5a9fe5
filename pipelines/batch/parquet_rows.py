"""Rows of Parquet files, as rows of JSON Lines have them."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from onestory.errors import BadInput, Dropped
from onestory.pipelines.archive.opening import first_line
from onestory.pipelines.archive.rows import FIELDS, Row, folded
from onestory.pipelines.archive.warc_reading import TruncatedArchive

__all__ = ["PARQUET_ENDINGS", "check_parquet", "parquet_rows"]

PARQUET_ENDINGS = (".parquet",)
ROWS_A_BATCH = 256
MAX_TEXT_BYTES = 128 << 20  # as of a line of JSON


def check_parquet(path: str, columns: Mapping[str, str]) -> None:
    """Raises BadInput where the file cannot be read, or has no column that holds texts."""
    _checked(path, columns).close()


def parquet_rows(path: str, columns: Mapping[str, str]) -> Iterator[tuple[int, Row | Dropped]]:
    """The rows of a file, numbered from 1. Raises BadInput, and TruncatedArchive where it breaks off."""
    count = 0
    with _checked(path, columns) as file:
        try:
            for batch in file.iter_batches(batch_size=ROWS_A_BATCH, columns=_wanted(file.schema_arrow.names, columns)):
                for row in batch.to_pylist():
                    count += 1
                    yield count, _plain_row(row, f"{path}:{count}")
        except (pa.ArrowException, OSError) as error:
            raise TruncatedArchive(f"{path}: unreadable behind row {count}: {first_line(error)}") from error


def _checked(path: str, columns: Mapping[str, str]) -> Any:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path} is not a Parquet file that can be read: {first_line(error)}") from error
    try:
        _check_columns(path, file.schema_arrow, columns)
    except BadInput:
        file.close()
        raise
    return file


def _check_columns(path: str, schema: Any, columns: Mapping[str, str]) -> None:
    for what, column in columns.items():
        if column.partition(".")[0] not in schema.names and column not in schema.names:
            raise BadInput(f"{path}: there is no column {column!r}; it has {', '.join(schema.names)[:300]}")
        if what in ("text", "html"):
            _check_type(path, schema, column)
    if not columns.keys() & {"text", "html"}:
        names = {folded(name): name for name in reversed(schema.names)}
        wanted = (folded(name.partition(".")[0]) for what in ("html", "text") for name in FIELDS[what])
        known = [names[name] for name in wanted if name in names]
        if not known:
            told = ", ".join(schema.names)[:300]
            raise BadInput(f"{path}: no column for texts is known; it has {told}: name one with --text-column")
        _check_type(path, schema, known[0])


def _check_type(path: str, schema: Any, column: str) -> None:
    kind = schema.field(column if column in schema.names else column.partition(".")[0]).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (_is_text(kind) or pa.types.is_nested(kind) or pa.types.is_null(kind)):
        raise BadInput(f"{path}: the column {column!r} holds {kind}, and texts are expected: name another one")


def _is_text(kind: Any) -> bool:
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return bool(is_text or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _wanted(names: Collection[str], columns: Mapping[str, str]) -> list[str]:
    """The columns that are read: those named, and those that our own names may be found in."""
    ours = {folded(name.partition(".")[0]) for known in FIELDS.values() for name in known} | {"id"}
    named = {column.partition(".")[0] for column in columns.values()} | set(columns.values())
    return [name for name in names if folded(name) in ours or name in named]


def _plain_row(row: dict[str, Any], place: str) -> Row | Dropped:
    plain = {name: _plain(value) for name, value in row.items()}
    longest = max((len(value) for value in plain.values() if isinstance(value, str)), default=0)
    if longest > MAX_TEXT_BYTES:
        return Dropped(place, "too_large", f"a value of over {MAX_TEXT_BYTES >> 20} MiB")
    return plain


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value
