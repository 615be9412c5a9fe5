"""What a daily digest says: what ran widely, what changed, and what our own titles missed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from onestory.store.stories.front_page import changed_stories, resolve_stories
from onestory.store.stories.listing import StoryFilter
from onestory.store.stories.outlets import own_outlets
from onestory.store.stories.records import StoryRecord
from onestory.store.stories.sorted_listing import sorted_page
from onestory.text import plural, printable

__all__ = ["ChangedStory", "Digest", "digest_text", "gather_digest"]

SPAN = timedelta(days=1)
MAX_STORIES = 10
WIDE_OUTLETS = 3
TITLE_WIDTH = 120
CHANGE_WORDS = {"story.corrected": "corrected", "story.withdrawn": "taken down"}


@dataclass(frozen=True, slots=True)
class ChangedStory:
    """`what` happened in words: to the original, or to a copy."""

    story: StoryRecord
    what: str


@dataclass(frozen=True, slots=True)
class Digest:
    """The stories of the last 24 hours. `missed` is None where no outlet is marked as one of our own."""

    wide: Sequence[StoryRecord]
    changed: Sequence[ChangedStory]
    missed: Sequence[StoryRecord] | None


def gather_digest(connection: Connection, *, now: datetime) -> Digest:
    wide = StoryFilter(since=now - SPAN, min_outlets=WIDE_OUTLETS)
    missed = None
    if own_outlets(connection):
        missed = _widest(connection, replace(wide, ours=False), now=now)
    return Digest(_widest(connection, wide, now=now), _changed(connection, now=now), missed)


def _widest(connection: Connection, wanted: StoryFilter, *, now: datetime) -> Sequence[StoryRecord]:
    return sorted_page(connection, wanted, "outlets", limit=MAX_STORIES, now=now).stories


def _changed(connection: Connection, *, now: datetime) -> list[ChangedStory]:
    changes = changed_stories(connection, since=now - SPAN, limit=MAX_STORIES)
    records = resolve_stories(connection, {change.story_id for change in changes})
    return [
        ChangedStory(records[change.story_id], _what(change.kind, change.is_original, change.is_back))
        for change in changes
        if change.story_id in records
    ]


def _what(kind: str, is_original: bool, is_back: bool) -> str:
    whose = "original" if is_original else "a copy"
    return f"{whose} {'is back' if is_back else CHANGE_WORDS.get(kind, kind)}"


def digest_text(found: Digest, *, day: date, desk: str | None) -> tuple[str, str]:
    """The subject and the text of the mail. `desk` is the address of the pages, for links."""
    lead = f": {_title(found.wide[0])}" if found.wide else ""
    return f"Onestory, {day:%d %B %Y}{lead}", "\n".join(_lines(found, desk)) + "\n"


def _lines(found: Digest, desk: str | None) -> Iterator[str]:
    yield "Ran widely in the last 24 hours"
    yield from _stories(found.wide, desk)
    yield ""
    yield "Corrected or taken down"
    for one in found.changed:
        yield f"- {_title(one.story)} ({one.what})"
        yield from _link(one.story, desk)
    if not found.changed:
        yield "- nothing"
    if found.missed is not None:
        yield ""
        yield "Not in our titles"
        yield from _stories(found.missed, desk)


def _stories(stories: Sequence[StoryRecord], desk: str | None) -> Iterator[str]:
    for story in stories:
        outlets = plural(story.outlets, "outlet", "outlets")
        yield f"- {_title(story)} ({outlets}, first seen: {printable(story.first_outlet)})"
        yield from _link(story, desk)
    if not stories:
        yield "- nothing"


def _link(story: StoryRecord, desk: str | None) -> Iterator[str]:
    if desk:
        yield f"  {desk}/stories/{story.id}"


def _title(story: StoryRecord) -> str:
    return printable(story.title, width=TITLE_WIDTH) or "(no headline)"
