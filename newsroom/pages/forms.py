"""Posted forms: plain text fields of limited size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from onestory.newsroom.access.csrf import MAX_FORM_FIELDS, MAX_FORM_FILES
from onestory.newsroom.http.body_budget import MAX_BODY_BYTES

__all__ = ["PostedForm", "read_form"]

FORM_MEDIA_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class PostedForm:
    """The values of each field, in order, without characters that no database stores, and uploaded files by field."""

    values: Mapping[str, Sequence[str]]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def all(self, name: str) -> list[str]:
        return list(self.values.get(name, ()))

    def line(self, name: str, *, most: int) -> str:
        """The value on one line, cut to `most` characters."""
        return " ".join("".join(self.all(name)[:1]).split())[:most].strip()

    def lines(self, name: str) -> list[str]:
        """The non-empty lines of a text area."""
        return [line.strip() for line in "".join(self.all(name)[:1]).splitlines() if line.strip()]


async def read_form(request: Request) -> PostedForm:
    """Read the form of a request. Raises HTTPException if it has none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORM_MEDIA_TYPES:
        raise HTTPException(415, "This page expects its own form; programs use the API.")
    form = await request.form(max_files=MAX_FORM_FILES, max_fields=MAX_FORM_FIELDS, max_part_size=MAX_BODY_BYTES)
    values: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = await value.read()
        else:
            values.setdefault(name, []).append(value.replace("\x00", " ").encode("utf-8", "ignore").decode())
    await form.close()
    return PostedForm(values, files)
