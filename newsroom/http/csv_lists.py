"""Lists as CSV (RFC 4180), for spreadsheets: by `?format=csv`, or by Accept."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from onestory.newsroom.http.responses import IncludedFields, etag_response, json_response, negotiate_media_type

__all__ = [
    "CSV_RESPONSE",
    "CSV_SCHEMA",
    "CSV_TYPE",
    "ListFormat",
    "ListFormatField",
    "list_response",
    "render_csv",
    "wants_csv",
]

CSV_TYPE = "text/csv"
CSV_SCHEMA = {"schema": {"type": "string"}}
CSV_RESPONSE: dict[int | str, dict[str, Any]] = {200: {"content": {CSV_TYPE: CSV_SCHEMA}}}
DESCRIPTION = "csv: the list as a table for spreadsheets; also selected by `Accept: text/csv`."
ListFormat = Annotated[Literal["json", "csv"] | None, Query(alias="format", description=DESCRIPTION)]
ListFormatField = Annotated[Literal["json", "csv"] | None, Field(description=DESCRIPTION)]  # of a model of parameters
# Spreadsheets run a cell that begins like this as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads another charset


def wants_csv(request: Request, shown_as: str | None) -> bool:
    if shown_as is not None:
        return shown_as == "csv"
    return negotiate_media_type(request, ["application/json", CSV_TYPE]) == CSV_TYPE


def list_response(
    request: Request,
    shape: BaseModel,
    *,
    shown_as: str | None,
    rows: Sequence[BaseModel] | None = None,
    include: IncludedFields | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A list as JSON or CSV. `rows` are the table's; by default the first member of the shape that is a list."""
    if not wants_csv(request, shown_as):
        return json_response(request, shape, include=include, headers=headers)
    member = next(name for name in type(shape).model_fields if isinstance(getattr(shape, name), list))
    rows = getattr(shape, member) if rows is None else rows
    names = include[member]["__all__"] if isinstance(include, Mapping) else None
    name = request.url.path.rstrip("/").rsplit("/", 1)[-1]
    told = {**(headers or {}), "Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return etag_response(request, render_csv(rows, names), f"{CSV_TYPE}; charset=utf-8", headers=told)


def render_csv(rows: Sequence[BaseModel], include: set[str] | None = None) -> bytes:
    """One row for each record, with the members of nested records as `member.member`. Empty lists have no header."""
    flat = [dict(_flat(row.model_dump(mode="json", include=include))) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    if columns:
        writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in flat)
    return (BYTE_ORDER_MARK + out.getvalue()).encode()


def _flat(record: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in record.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        is_plain = all(isinstance(one, str) for one in value)
        value = "; ".join(value) if is_plain else orjson.dumps(value).decode()
    if isinstance(value, str):
        # A NUL ends the file for some readers.
        value = value.replace("\x00", "")
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return value
