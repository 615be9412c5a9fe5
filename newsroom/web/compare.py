"""Two copies, or two versions of one, side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from newsroom.api.callers import READ
from newsroom.api.desk import desk_of
from newsroom.web.render import page
from pipelines.changes import Change, Changes, changes_of
from store.errors import BadInput, NotFound
from store.models import Removed
from store.records import story_now
from store.removed import lines_of
from store.story_copies import VersionChoice, VersionText, version_choices, version_texts

__all__ = ["Paragraph", "Piece", "router", "sides"]

router = APIRouter(include_in_schema=False, dependencies=[READ])

MOST_CHOICES = 300
MOST_NUMBER = 2**31 - 1
MOST_FURNITURE = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; `kind` is kept, added, removed or moved."""

    kind: str
    text: str


Paragraph = Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two, paragraph by paragraph, with the furniture that was taken out of its page."""

    version: VersionText
    paragraphs: Sequence[Paragraph]
    furniture: Sequence[Removed]


@router.get("/compare")
def compare_page(request: Request) -> Response:
    """`a` and `b` are numbers of versions. Raises BadInput, NotFound."""
    a, b = (_number(request, name) for name in ("a", "b"))
    with desk_of(request).store.read() as connection:
        found = version_texts(connection, {a, b})
        left, right = (_version(found, number) for number in (a, b))
        removed = lines_of(connection, {a, b})
        record = story_now(connection, right.story_id)
        choices = _choices(connection, left, right)
    changes = changes_of(left.text, right.text)
    before, after = sides(left.text, right.text, changes)
    return page(
        request,
        "compare.html",
        here=None,
        story=record,
        left=Side(left, before, removed.get(a, [])[:MOST_FURNITURE]),
        right=Side(right, after, removed.get(b, [])[:MOST_FURNITURE]),
        changes=changes,
        choices=choices,
    )


def _number(request: Request, name: str) -> int:
    told = request.query_params.get(name, "").strip()
    if not (told.isascii() and told.isdigit() and len(told) < 11 and 0 < int(told) <= MOST_NUMBER):
        raise BadInput("two versions are compared by their numbers: choose two copies on the page of a story")
    return int(told)


def _version(found: dict[int, VersionText], number: int) -> VersionText:
    if number not in found:
        raise NotFound(f"there is no version {number}")
    return found[number]


def _choices(connection: Connection, left: VersionText, right: VersionText) -> list[tuple[str, list[VersionChoice]]]:
    """What else may be chosen, outlet by outlet: the versions of all copies of the two stories."""
    found = version_choices(connection, {left.story_id, right.story_id}, limit=MOST_CHOICES)
    found.sort(key=lambda one: (one.outlet.casefold(), one.article_id, one.observed, one.number))
    return [(outlet, list(of_outlet)) for outlet, of_outlet in groupby(found, key=lambda one: one.outlet)]


def sides(before: str, after: str, changes: Changes) -> tuple[list[Paragraph], list[Paragraph]]:
    """Both texts as paragraphs of pieces; joined, the pieces of a side are its text again, without line ends."""
    return (
        _paragraphs(before, _spans(changes.spans, is_before=True)),
        _paragraphs(after, _spans(changes.spans, is_before=False)),
    )


Marked = tuple[int, int, str]


def _spans(changes: Sequence[Change], *, is_before: bool) -> list[Marked]:
    chosen = ((change.before if is_before else change.after, change.kind) for change in changes)
    return sorted((span[0], span[1], kind) for span, kind in chosen if span is not None)


def _paragraphs(text: str, marked: Sequence[Marked]) -> list[Paragraph]:
    found: list[Paragraph] = []
    at = 0
    for line in text.split("\n"):
        pieces = list(_pieces(text, at, at + len(line), marked))
        if any(piece.text.strip() for piece in pieces):
            found.append(pieces)
        at += len(line) + 1
    return found


def _pieces(text: str, start: int, end: int, marked: Sequence[Marked]) -> Iterator[Piece]:
    """What lies between marked stretches, spaces and the like, belongs to none of them."""
    at = start
    for first, last, kind in marked:
        if first >= end or last <= start:
            continue
        if max(first, start) > at:
            yield Piece("kept", text[at : max(first, start)])
        yield Piece(kind, text[max(first, start) : min(last, end)])
        at = min(last, end)
    if at < end:
        yield Piece("kept", text[at:end])
