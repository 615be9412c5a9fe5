"""What a list shows of a story besides its record: the lead of its original, and the outlets that run it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from onestory.store.queries import rows_in
from onestory.store.schema import articles, outlets, versions
from onestory.store.stories.records import StoryRecord
from onestory.text import first_sentence

__all__ = ["StorySummary", "summaries_of"]

READ_CHARS = 800


@dataclass(frozen=True, slots=True)
class StorySummary:
    """`lead` is the first sentence of the original. `outlets` are all that run the story: the operator's own first,
    then that of the original, then in the order they were seen. `is_corrected`: it has an earlier version.
    """

    lead: str = ""
    outlets: tuple[str, ...] = ()
    ours: frozenset[str] = frozenset()
    is_corrected: bool = False


def summaries_of(connection: Connection, stories: Sequence[StoryRecord]) -> dict[str, StorySummary]:
    """A summary for each of these stories, for one page of them."""
    leads = _leads(connection, [story.original for story in stories])
    named = _outlets(connection, [story.id for story in stories])
    found: dict[str, StorySummary] = {}
    for story in stories:
        lead, is_corrected = leads.get(story.original, ("", False))
        ranked = sorted(
            named.get(story.id, ()), key=lambda one: (not one[2], one[1] != story.original_outlet, one[0], one[1])
        )
        ours = frozenset(name for _, name, is_ours in ranked if is_ours)
        found[story.id] = StorySummary(lead, tuple(name for _, name, _ in ranked), ours, is_corrected)
    return found


def _leads(connection: Connection, article_ids: Sequence[str]) -> Mapping[str, tuple[str, bool]]:
    beginning = func.substr(versions.c.text, 1, READ_CHARS)
    query = select(articles.c.id, beginning, articles.c.version != articles.c.arrival)
    query = query.join(versions, versions.c.number == articles.c.version)
    rows = rows_in(connection, query, articles.c.id, article_ids)
    return {identity: (first_sentence(text), bool(is_corrected)) for identity, text, is_corrected in rows}


def _outlets(connection: Connection, story_ids: Sequence[str]) -> dict[str, list[tuple[str, str, bool]]]:
    """For each story, its outlets with when they were first seen, and whether they are the operator's."""
    seen = func.min(articles.c.first_seen)
    ours = func.coalesce(outlets.c.ours, False)
    query = select(articles.c.story_id, articles.c.outlet, seen, ours)
    query = query.outerjoin(outlets, outlets.c.name == articles.c.outlet)
    query = query.group_by(articles.c.story_id, articles.c.outlet, ours)
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for story_id, outlet, moment, is_ours in rows_in(connection, query, articles.c.story_id, story_ids):
        found.setdefault(story_id, []).append((str(moment), outlet, bool(is_ours)))
    return found
