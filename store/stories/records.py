"""Story and article records: lists, and lookups by id or URL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, select

from onestory.errors import NotFound, TakenDown
from onestory.store.articles.moves import article_moved_to
from onestory.store.queries import chunks, existing_values, rows_in
from onestory.store.schema import articles, matches, outlets, stories, versions
from onestory.store.tombstones import article_digest, has_tombstone

__all__ = [
    "STORY_COLUMNS",
    "ArticleRecord",
    "CopyRecord",
    "MatchRecord",
    "StoryAbsorbed",
    "StoryRecord",
    "article_of_row",
    "article_query",
    "articles_of_stories",
    "copies_by_id",
    "copies_of_story",
    "copy_query",
    "current_matches",
    "existing_articles",
    "find_article_id",
    "load_article",
    "load_story",
    "matches_among",
    "resolve_story",
    "stories_by_id",
]


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """A story without its copies. `outlets` and `owners` count those that run it.

    `original` is the copy whose headline and text are shown, for the reason `original_reason`: see
    `onestory.pipelines.stories.original.Reason`. Two times are kept apart: `first_seen` is observed, at `first_outlet`;
    `published` is stated by the original, at `original_outlet`.
    """

    id: str
    title: str | None
    language: str | None
    credit: str | None
    original: str
    original_reason: str
    first_seen: datetime
    last_seen: datetime
    published: datetime | None
    first_outlet: str
    copies: int
    outlets: int
    owners: int
    updated: datetime
    original_outlet: str = ""


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """An article as a copy of its story.

    `withdrawn` is since when its page no longer shows it, and `withdrawn_reason` why: see
    `onestory.store.frontier.revisits`. `is_observed`: `first_seen` is the time of a fetch; else it was stored then.
    """

    id: str
    story_id: str
    relation: str
    url: str
    host: str
    outlet: str
    owner: str | None
    title: str | None
    language: str
    credit: str | None
    published: datetime | None
    first_seen: datetime
    updated: datetime
    words: int
    withdrawn: datetime | None = None
    withdrawn_reason: str | None = None
    is_observed: bool = True


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """An article with its current version. `facts` are its page's statements: see
    `onestory.store.articles.captures.page_facts`.
    """

    copy: CopyRecord
    source: str
    number: int
    text: str
    facts: dict[str, Any]
    observed: datetime
    content_digest: str
    extractor: str
    signature_params: str
    warc_file: str | None
    warc_offset: int | None


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """A match between the current versions of two articles; `a` and `b` are the numbers of these versions."""

    a: int
    b: int
    a_article: str
    b_article: str
    kind: str
    evidence: dict[str, Any]


class StoryAbsorbed(NotFound):
    """The story was absorbed by `survivor`. A split may bring the id back."""

    reason = "story_moved"

    def __init__(self, story_id: str, survivor: str) -> None:
        super().__init__(f"story {story_id} is now part of {survivor}")
        self.story_id = story_id
        self.survivor = survivor


ORIGINALS = articles.alias("originals")
ORIGINAL_OUTLET = (
    select(ORIGINALS.c.outlet).where(ORIGINALS.c.id == stories.c.original).correlate(stories).scalar_subquery()
)
STORY_COLUMNS: list[ColumnElement[Any]] = [
    ORIGINAL_OUTLET.label(field.name) if field.name == "original_outlet" else stories.c[field.name]
    for field in fields(StoryRecord)
]
COPY_COLUMNS = [(outlets if field.name == "owner" else articles).c[field.name] for field in fields(CopyRecord)]
MAX_STEPS = 1000
VERSION_COLUMNS: tuple[Column[Any], ...] = (
    articles.c.source,
    versions.c.number,
    versions.c.text,
    versions.c.facts,
    versions.c.observed,
    versions.c.content_digest,
    versions.c.extractor,
    versions.c.signature_params,
    versions.c.warc_file,
    versions.c.warc_offset,
)


def load_story(connection: Connection, story_id: str) -> StoryRecord:
    """Load a story. Raises StoryAbsorbed, TakenDown or NotFound."""
    row = connection.execute(
        select(*STORY_COLUMNS, stories.c.absorbed_into).where(stories.c.id == story_id)
    ).one_or_none()
    if row is None:
        raise _no(connection, "story", story_id)
    *record, survivor = row
    if survivor is not None:
        raise StoryAbsorbed(story_id, _last(connection, survivor))
    return StoryRecord(*record)


def stories_by_id(connection: Connection, story_ids: Sequence[str]) -> dict[str, StoryRecord]:
    """Those of these stories that exist and are not absorbed, by id."""
    query = select(*STORY_COLUMNS).where(stories.c.absorbed_into.is_(None))
    return {row[0]: StoryRecord(*row) for row in rows_in(connection, query, stories.c.id, story_ids)}


def resolve_story(connection: Connection, story_id: str) -> StoryRecord:
    """Load a story, or the one it was absorbed into. Raises NotFound."""
    try:
        return load_story(connection, story_id)
    except StoryAbsorbed as moved:
        return load_story(connection, moved.survivor)


def _last(connection: Connection, survivor: str) -> str:
    """The end of a chain of absorbed ids. A takedown can leave chains, as it removes first articles."""
    for _ in range(MAX_STEPS):
        query = select(stories.c.absorbed_into).where(stories.c.id == survivor)
        further = connection.execute(query).scalar_one_or_none()
        if further is None:
            break
        survivor = further
    return survivor


def _no(connection: Connection, what: str, identity: str) -> NotFound:
    if has_tombstone(connection, [article_digest(identity)]):
        return TakenDown(f"{what} {identity[:80]} was taken down")
    return NotFound(f"there is no {what} {identity[:80]!r}")


def copies_of_story(connection: Connection, story_id: str) -> list[CopyRecord]:
    """All copies of a story, in the order they were seen."""
    query = copy_query().where(articles.c.story_id == story_id)
    return [CopyRecord(*row) for row in connection.execute(query.order_by(articles.c.first_seen, articles.c.id))]


def copies_by_id(connection: Connection, article_ids: Sequence[str]) -> list[CopyRecord]:
    """These articles as copies, in no order."""
    return [CopyRecord(*row) for row in rows_in(connection, copy_query(), articles.c.id, article_ids)]


def copy_query() -> Select[Any]:
    """A query whose rows make `CopyRecord`."""
    return select(*COPY_COLUMNS).outerjoin(outlets, outlets.c.name == articles.c.outlet)


def article_query() -> Select[Any]:
    return (
        select(*COPY_COLUMNS, *VERSION_COLUMNS)
        .join(versions, versions.c.number == articles.c.version)
        .outerjoin(outlets, outlets.c.name == articles.c.outlet)
    )


def article_of_row(row: Row[Any]) -> ArticleRecord:
    return ArticleRecord(CopyRecord(*row[: len(COPY_COLUMNS)]), *row[len(COPY_COLUMNS) :])


def articles_of_stories(connection: Connection, story_ids: Sequence[str]) -> dict[str, list[ArticleRecord]]:
    """The copies of these stories with their texts, in the order they were seen."""
    found: dict[str, list[ArticleRecord]] = {one: [] for one in story_ids}
    for row in rows_in(connection, article_query(), articles.c.story_id, story_ids):
        record = article_of_row(row)
        found[record.copy.story_id].append(record)
    for records in found.values():
        records.sort(key=lambda record: (record.copy.first_seen, record.copy.id))
    return found


def load_article(connection: Connection, article_id: str) -> ArticleRecord:
    """Load an article. Raises NotFound or TakenDown."""
    row = connection.execute(article_query().where(articles.c.id == article_id)).one_or_none()
    if row is None:
        raise _no(connection, "article", article_id)
    return article_of_row(row)


def find_article_id(connection: Connection, url: str) -> str | None:
    """The article with this normal URL, or the one that moved to it."""
    found = connection.execute(select(articles.c.id).where(articles.c.url == url)).scalar_one_or_none()
    return found or article_moved_to(connection, url)


def existing_articles(connection: Connection, article_ids: Collection[str]) -> set[str]:
    """Those of these ids that belong to articles."""
    return existing_values(connection, articles.c.id, article_ids)


def matches_among(connection: Connection, article_ids: Sequence[str]) -> list[MatchRecord]:
    """The matches between the current versions of these articles, each pair once."""
    wanted = set(article_ids)
    found = []
    for part in chunks(wanted):
        query = current_matches().where(matches.c.a_article.in_(part))
        if len(part) == len(wanted):
            # Otherwise an original's matches with thousands of other articles would be read for one page.
            query = query.where(matches.c.b_article.in_(part))
        found += [MatchRecord(*row) for row in connection.execute(query) if row.b_article in wanted]
    return found


def current_matches() -> Select[Any]:
    """A query whose rows make `MatchRecord`: matches of current versions. What an article said before is no evidence
    of where it belongs now.
    """
    a, b = articles.alias("a_side"), articles.alias("b_side")
    return (
        select(*(matches.c[field.name] for field in fields(MatchRecord)))
        .join(a, (a.c.id == matches.c.a_article) & (a.c.version == matches.c.a))
        .join(b, (b.c.id == matches.c.b_article) & (b.c.version == matches.c.b))
        .where(matches.c.kind != "none")
        .order_by(matches.c.a, matches.c.b)
    )
