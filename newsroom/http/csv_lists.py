"""Lists as CSV (RFC 4180) and as XLSX, for spreadsheets: by `?format=`, or by Accept."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
import xlsxwriter
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
    "render_xlsx",
    "table_format",
]

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_SCHEMA = {
    "schema": {"type": "string", "examples": ["id,title\r\n5f0c6b7a9d2e4c1b8a3f7e60,Harbour bridge to close\r\n"]}
}
XLSX_SCHEMA = {"schema": {"type": "string", "format": "binary", "examples": ["PK"]}}
CSV_RESPONSE: dict[int | str, dict[str, Any]] = {200: {"content": {CSV_TYPE: CSV_SCHEMA, XLSX_TYPE: XLSX_SCHEMA}}}
DESCRIPTION = "csv, xlsx: the list as a table for spreadsheets; also selected by `Accept`."
ListFormat = Annotated[Literal["json", "csv", "xlsx"] | None, Query(alias="format", description=DESCRIPTION)]
ListFormatField = Annotated[
    Literal["json", "csv", "xlsx"] | None, Field(description=DESCRIPTION)
]  # of a model of parameters
# Spreadsheets run a cell that begins like this as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MAX_CELL = 32_767  # characters, by the specification
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # in XML 1.0
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads another charset


def table_format(request: Request, shown_as: str | None) -> Literal["csv", "xlsx"] | None:
    """The kind of table that the client wants, None for JSON."""
    if shown_as in {"csv", "xlsx"}:
        return "csv" if shown_as == "csv" else "xlsx"
    if shown_as is not None:
        return None
    kind = negotiate_media_type(request, ["application/json", CSV_TYPE, XLSX_TYPE])
    return {CSV_TYPE: "csv", XLSX_TYPE: "xlsx"}.get(kind)  # type: ignore[return-value]


def list_response(
    request: Request,
    shape: BaseModel,
    *,
    shown_as: str | None,
    rows: Sequence[BaseModel] | None = None,
    include: IncludedFields | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A list as JSON, CSV or XLSX. `rows` are the table's; by default the first member of the shape that is a list."""
    table = table_format(request, shown_as)
    if table is None:
        return json_response(request, shape, include=include, headers=headers)
    member = next(name for name in type(shape).model_fields if isinstance(getattr(shape, name), list))
    rows = getattr(shape, member) if rows is None else rows
    names = include[member]["__all__"] if isinstance(include, Mapping) else None
    name = request.url.path.rstrip("/").rsplit("/", 1)[-1]
    told = {**(headers or {}), "Content-Disposition": f'attachment; filename="{name}.{table}"', "Vary": "Accept"}
    if table == "xlsx":
        return etag_response(request, render_xlsx(rows, names), XLSX_TYPE, headers=told)
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


def render_xlsx(rows: Sequence[BaseModel], include: set[str] | None = None) -> bytes:
    """The same table as a workbook (ECMA-376). Every text is a text: no cell is a formula or a link."""
    flat = [dict(_flat(row.model_dump(mode="json", include=include))) for row in rows]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    out = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(out, plain) as book:
        # A fixed time: the same list has the same bytes, and the same ETag.
        book.set_properties({"created": EPOCH})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        cells: list[list[Any]] = [[*columns], *([row.get(name) for name in columns] for row in flat)]
        for at, values in enumerate(cells):
            for column, value in enumerate(values):
                _write(sheet, at, column, value)
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, list):
        value = _joined(value)
    if isinstance(value, str):
        sheet.write_string(row, column, ILLEGAL.sub("", value)[:MAX_CELL])
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif value is not None:
        sheet.write_number(row, column, value)


def _joined(values: list[Any]) -> str:
    is_plain = all(isinstance(one, str) for one in values)
    return "; ".join(values) if is_plain else orjson.dumps(values).decode()


def _flat(record: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in record.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = _joined(value)
    if isinstance(value, str):
        # A NUL ends the file for some readers.
        value = value.replace("\x00", "")
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    return value
