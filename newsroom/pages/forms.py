"""What a form of ours sends: plain fields, one line or several, of bounded size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from onestory.newsroom.http.csrf import MAX_FORM_FIELDS
from onestory.newsroom.http.request_guard import MAX_BODY_BYTES

__all__ = ["PostedForm", "read_form"]

FORM_MEDIA_TYPES = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class PostedForm:
    """The values of each field, in their order. No database takes a NUL, or half of a surrogate pair."""

    values: Mapping[str, Sequence[str]]

    def all(self, name: str) -> list[str]:
        return list(self.values.get(name, ()))

    def line(self, name: str, *, most: int) -> str:
        """One line, at most so many characters."""
        return " ".join("".join(self.all(name)[:1]).split())[:most].strip()

    def lines(self, name: str) -> list[str]:
        """The lines of a larger field that are not empty."""
        return [line.strip() for line in "".join(self.all(name)[:1]).splitlines() if line.strip()]


async def read_form(request: Request) -> PostedForm:
    """Raises HTTPException where there is no form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORM_MEDIA_TYPES:
        raise HTTPException(415, "This page takes the form that it shows; programs use the API.")
    form = await request.form(max_files=0, max_fields=MAX_FORM_FIELDS, max_part_size=MAX_BODY_BYTES)
    values: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            values.setdefault(name, []).append(value.replace("\x00", " ").encode("utf-8", "ignore").decode())
    return PostedForm(values)
