"""The tools: each reads, none writes. Errors of the caller are told in one line."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, TypeVar

import anyio.to_thread
from pydantic import Field
from sqlalchemy import Connection

from onestory.errors import BadInput, NotFound
from onestory.newsroom.http.context import ApiContext
from onestory.newsroom.lookup.api import LookupResponse, look_up_text
from onestory.newsroom.mcp.answers import (
    CoverageOfWatch,
    FoundStories,
    LookedUp,
    OldText,
    OpenedStory,
    Passage,
    Totals,
    Watches,
    WatchSummary,
    copy_of,
    summary_of,
)
from onestory.newsroom.search.api import search_page
from onestory.newsroom.stories.api import story_list_page
from onestory.newsroom.stories.filters import SearchQuery, SortedQuery
from onestory.pipelines.stories.original import REASONS
from onestory.pipelines.versions.freshness import FreshnessCache
from onestory.store.articles.earlier_versions import copies_of_earlier_versions
from onestory.store.stories.copies import copies_after_cursor
from onestory.store.stories.front_page import activity_since
from onestory.store.stories.records import StoryRecord, copies_by_id, load_article, resolve_story
from onestory.store.watches.report import watch_report
from onestory.store.watches.watches import WatchRecord, watch_records
from onestory.times import parse_time

__all__ = ["Tools"]

MAX_STORIES = 50
MAX_COPIES = 100
MAX_TEXT = 20_000
MAX_LOOKUP = 100_000
MAX_WATCHES = 200
STORY_ID = re.compile("[0-9a-f]{24}")
REACH = "This says what is stored, not that a text never ran elsewhere."

Id = Annotated[str, Field(description="The id of a story or of one of its articles: 24 hex digits.")]
Limit = Annotated[int, Field(ge=1, le=MAX_STORIES, description="Maximum number of stories.")]
Since = Annotated[str, Field(max_length=40, description="A time such as 2026-11-23T06:30Z, or an age such as 24h.")]
T = TypeVar("T")


@dataclass(slots=True)
class Tools:
    """The tools over one store."""

    desk: ApiContext
    standings: FreshnessCache = field(default_factory=FreshnessCache)

    async def look_up_text(
        self, text: Annotated[str, Field(min_length=1, max_length=MAX_LOOKUP, description="The text, or a passage.")]
    ) -> LookedUp:
        """Which stored stories ran this text, or a part of it, and where it was seen first. Nothing is kept of it."""
        result: LookupResponse = await look_up_text(self.desk, text)
        found = [
            Passage(quoted_headline=one.title, **{name: getattr(one, name) for name in PASSAGE}) for one in result.found
        ]
        return LookedUp(
            found=found, words=result.words, passage_words=result.passage_words, index=str(result.index), note=REACH
        )

    async def find_stories(
        self,
        words: Annotated[
            str, Field(max_length=500, description='Words, "phrases" and -words in headline or text; empty for all.')
        ] = "",
        since: Since = "7d",
        limit: Limit = 10,
    ) -> FoundStories:
        """Stories by the words of their copies, or the newest ones. Each story is one text, however often it ran."""

        def work() -> FoundStories:
            if words.strip():
                page, _ = search_page(self.desk, SearchQuery(q=words, since=since, limit=limit))
                stories, more = [hit.story for hit in page.hits], page.next is not None
            else:
                stories, cursor = story_list_page(self.desk, SortedQuery(since=since, limit=limit))
                more = cursor is not None
            return FoundStories(stories=[summary_of(one) for one in stories], more=more)

        return await anyio.to_thread.run_sync(work)

    async def get_story(self, story_id: Id) -> OpenedStory:
        """A story with its lineage: the original and why, every copy with relation, times and credit, and the text."""
        return await self._read(lambda connection: self._opened(connection, _story(connection, story_id)))

    def _opened(self, connection: Connection, story: StoryRecord) -> OpenedStory:
        copies = copies_after_cursor(connection, story.id, after=None, limit=MAX_COPIES)
        earlier = copies_of_earlier_versions(connection, story.original, [copy.id for copy in copies])
        standings = self.standings.of(connection, story).standings
        original = load_article(connection, story.original)
        return OpenedStory(
            story=summary_of(story),
            original_reason=REASONS.get(story.original_reason, story.original_reason),
            copies=[copy_of(copy, earlier, standings) for copy in copies],
            copies_left_out=max(0, story.copies - len(copies)),
            quoted_text=_marked(original.text[:MAX_TEXT], original.copy.outlet),
            text_is_cut=len(original.text) > MAX_TEXT,
        )

    async def who_runs_the_old_text(self, story_id: Id) -> OldText:
        """Which copies of a story still run the text from before the original was corrected or taken down."""
        return await self._read(lambda connection: self._old(connection, _story(connection, story_id)))

    def _old(self, connection: Connection, story: StoryRecord) -> OldText:
        outdated = self.standings.of(connection, story)
        ids = [one for one, freshness in outdated.standings.items() if freshness == "old"][:MAX_COPIES]
        return OldText(
            story=summary_of(story),
            change=outdated.reason or "none",
            old=[copy_of(copy, {}, outdated.standings) for copy in copies_by_id(connection, ids)],
            outlets_with_old_text=outdated.old_outlets,
            outlets_compared=outdated.outlets,
        )

    async def list_watches(self) -> Watches:
        """The watches of the editors, newest first, with the ids that coverage_of_watch takes."""

        def work(connection: Connection) -> Watches:
            return Watches(watches=[_watch(one) for one in watch_records(connection)[:MAX_WATCHES]])

        return await self._read(work)

    async def coverage_of_watch(
        self, watch_id: Annotated[int, Field(ge=1, le=2**31 - 1)], limit: Limit = 20
    ) -> CoverageOfWatch:
        """How many stories and copies a watch found, and the newest of them."""

        def work(connection: Connection) -> CoverageOfWatch:
            report = watch_report(connection, watch_id, limit=limit)
            return CoverageOfWatch(
                watch=_watch(report.watch),
                story_count=report.story_count,
                copy_count=report.copy_count,
                stories=[summary_of(one.story) for one in report.stories],
            )

        return await self._read(work)

    async def counts(self, since: Since = "24h") -> Totals:
        """How many stories spread, were corrected or withdrawn since a time, and how many sources fail."""
        moment = self._moment(since)

        def work(connection: Connection) -> Totals:
            found = activity_since(connection, moment)
            return Totals(
                since=moment,
                widespread_stories=found.widespread,
                corrected_stories=found.corrected,
                withdrawn_stories=found.withdrawn,
                sources=found.sources.polled,
                failing_sources=found.sources.total,
            )

        return await self._read(work)

    def _moment(self, since: str) -> datetime:
        try:
            return parse_time(since, now=self.desk.clock())
        except ValueError as error:
            raise BadInput(f"since: {error}") from error

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self.desk.store.read() as connection:
                return work(connection)

        return await anyio.to_thread.run_sync(run)


PASSAGE = tuple(name for name in Passage.model_fields if name != "quoted_headline")


def _story(connection: Connection, typed: str) -> StoryRecord:
    """The story of an id, or of an article. Raises BadInput or NotFound."""
    wanted = typed.strip().lower()
    if not STORY_ID.fullmatch(wanted):
        raise BadInput("the id of a story has 24 hex digits: find_stories lists them")
    try:
        return resolve_story(connection, wanted)
    except NotFound:
        found = copies_by_id(connection, [wanted])
        if not found:
            raise
        return resolve_story(connection, found[0].story_id)


def _watch(record: WatchRecord) -> WatchSummary:
    return WatchSummary(
        id=record.id, name=record.name, phrases=list(record.phrases), created=record.created, ended=record.ended
    )


def _marked(text: str, outlet: str) -> str:
    """The text between marks that it cannot contain."""
    quiet = text.replace("<<<", "‹‹‹").replace(">>>", "›››")
    name = outlet.replace("<", "‹").replace(">", "›").replace("\n", " ")
    return f"<<<untrusted text of {name}, from the web>>>\n{quiet}\n<<<end of the untrusted text>>>"
