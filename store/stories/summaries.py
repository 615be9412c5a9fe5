"""What a list shows of a story besides its record: the lead of its original, and the outlets that run it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from onestory.store.articles.outlet_sizes import outlet_sizes
from onestory.store.queries import rows_in
from onestory.store.schema import articles, outlets, versions
from onestory.store.stories.records import StoryRecord
from onestory.text import first_sentence

__all__ = ["StorySummary", "summaries_of"]

READ_CHARS = 800


@dataclass(frozen=True, slots=True)
class StorySummary:
    """`lead` is the first sentence of the original. `outlets` are all that run the story: the operator's own first,
    then that of the original, then in the order they were seen. `is_corrected`: it has an earlier version. `last_hour`
    counts copies seen in it.
    """

    lead: str = ""
    outlets: tuple[str, ...] = ()
    ours: frozenset[str] = frozenset()
    is_corrected: bool = False
    last_hour: int = 0


@dataclass(frozen=True, slots=True)
class _OutletOfStory:
    outlet: str
    first_seen: str
    is_ours: bool
    last_hour: int

    def rank(self, original: str, sizes: Mapping[str, int]) -> tuple[bool, bool, int, str, str]:
        return (
            not self.is_ours,
            self.outlet != original,
            -sizes.get(self.outlet, 0),
            self.first_seen,
            self.outlet,
        )


def summaries_of(connection: Connection, stories: Sequence[StoryRecord], *, now: datetime) -> dict[str, StorySummary]:
    """A summary for each of these stories, for one page of them."""
    leads = _leads(connection, [story.original for story in stories])
    named = _outlets(connection, [story.id for story in stories], now - timedelta(hours=1))
    sizes = outlet_sizes(connection)
    found: dict[str, StorySummary] = {}
    for story in stories:
        lead, is_corrected = leads.get(story.original, ("", False))
        ranked = sorted(named.get(story.id, ()), key=lambda one: one.rank(story.original_outlet, sizes))
        found[story.id] = StorySummary(
            lead,
            tuple(one.outlet for one in ranked),
            frozenset(one.outlet for one in ranked if one.is_ours),
            is_corrected,
            sum(one.last_hour for one in ranked),
        )
    return found


def _leads(connection: Connection, article_ids: Sequence[str]) -> Mapping[str, tuple[str, bool]]:
    beginning = func.substr(versions.c.text, 1, READ_CHARS)
    query = select(articles.c.id, beginning, articles.c.version != articles.c.arrival)
    query = query.join(versions, versions.c.number == articles.c.version)
    rows = rows_in(connection, query, articles.c.id, article_ids)
    return {identity: (first_sentence(text), bool(is_corrected)) for identity, text, is_corrected in rows}


def _outlets(connection: Connection, story_ids: Sequence[str], hour_ago: datetime) -> dict[str, list[_OutletOfStory]]:
    seen = func.min(articles.c.first_seen)
    ours = func.coalesce(outlets.c.ours, False)
    fresh = func.count().filter(articles.c.first_seen >= hour_ago)
    query = select(articles.c.story_id, articles.c.outlet, seen, ours, fresh)
    query = query.outerjoin(outlets, outlets.c.name == articles.c.outlet)
    query = query.group_by(articles.c.story_id, articles.c.outlet, ours)
    found: dict[str, list[_OutletOfStory]] = {}
    for story_id, outlet, moment, is_ours, count in rows_in(connection, query, articles.c.story_id, story_ids):
        found.setdefault(story_id, []).append(_OutletOfStory(outlet, str(moment), bool(is_ours), count))
    return found
