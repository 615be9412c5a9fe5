"""Rows of a dump as Arrow tables, and as Parquet."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["PARQUET_OPTIONS", "ParquetShard", "arrow_schema", "table_of", "with_times", "write_parquet"]

TYPES = {"string": pa.large_string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}
MOMENT = pa.timestamp("us", tz="UTC")
ROWS_A_GROUP = 5000
PARQUET_OPTIONS = {"compression": "zstd", "compression_level": 6, "row_group_size": ROWS_A_GROUP}


def arrow_schema(fields: Mapping[str, Any], *, times: bool = True) -> Any:
    """The Arrow schema of these fields; without `times`, moments are text as in JSON Lines.

    That of a file has short strings, which all readers know; tables on the way may hold more than these do.
    """
    return pa.schema([(name, _type(kind, times=times)) for name, kind in fields.items()])


def _type(kind: Any, *, times: bool) -> Any:
    if isinstance(kind, dict):
        return pa.struct([(name, _type(inner, times=times)) for name, inner in kind.items()])
    if isinstance(kind, list):
        return pa.list_(_type(kind[0], times=times))
    if kind == "timestamp":
        return MOMENT if times else TYPES["string"]
    return pa.string() if times and kind == "string" else TYPES[kind]


def table_of(rows: Iterable[Mapping[str, Any]], fields: Mapping[str, Any]) -> Any:
    """The rows, with moments as text."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=arrow_schema(fields, times=False))


def with_times(table: Any, fields: Mapping[str, Any]) -> Any:
    """The same table with moments in place of their text."""
    return table.cast(arrow_schema(fields))


class ParquetShard:
    """A Parquet file that rows are written to in batches."""

    def __init__(self, path: Path, fields: Mapping[str, Any]) -> None:
        self._fields = fields
        self._writer = pq.ParquetWriter(path, arrow_schema(fields), compression="zstd", compression_level=6)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._writer.write_table(with_times(table_of(rows, self._fields), self._fields))

    def close(self) -> None:
        self._writer.close()


def write_parquet(path: Path, table: Any, fields: Mapping[str, Any]) -> None:
    """A Parquet file, packed with zstd."""
    pq.write_table(with_times(table, fields), path, **PARQUET_OPTIONS)
