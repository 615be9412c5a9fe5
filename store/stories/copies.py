"""The copies of a story, page by page since there may be thousands, and facts about all of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select, tuple_

from onestory.errors import NotFound
from onestory.store.queries import chunks, rows_in
from onestory.store.schema import articles, matches, outlets, stories, versions
from onestory.store.stories.records import CopyRecord, MatchRecord, StoryRecord, copy_query, current_matches

__all__ = [
    "ComparableVersion",
    "CopyText",
    "CopyTimes",
    "VersionChoice",
    "comparable_versions",
    "copies_after_cursor",
    "copies_at_offset",
    "copy_times",
    "count_copies_at",
    "current_texts",
    "matches_of_copies",
    "own_outlets_among",
    "recent_titles_and_texts",
    "stories_first_stored",
    "version_choices",
    "version_counts",
]


@dataclass(frozen=True, slots=True)
class CopyTimes:
    """When a copy was first seen, and the time stated on its page.

    Without `is_observed` it was imported without the time of its fetch, and `first_seen` is when it was stored.
    """

    outlet: str
    first_seen: datetime
    published: datetime | None
    is_observed: bool = True


def copies_at_offset(
    connection: Connection, story: StoryRecord, *, ours: Collection[str], skip: int, limit: int
) -> list[CopyRecord]:
    """A page of copies: the operator's own first, then the original, then in the order they were seen."""
    order = (
        case((articles.c.outlet.in_(sorted(ours)), 0), else_=1),
        case((articles.c.id == story.original, 0), else_=1),
        articles.c.first_seen,
        articles.c.id,
    )
    query = copy_query().where(articles.c.story_id == story.id).order_by(*order)
    return [CopyRecord(*row) for row in connection.execute(query.offset(skip).limit(limit))]


def copies_after_cursor(
    connection: Connection, story_id: str, *, after: tuple[datetime, str] | None, limit: int
) -> list[CopyRecord]:
    """The next copies after a time and id, in the order they were seen."""
    query = copy_query().where(articles.c.story_id == story_id).order_by(articles.c.first_seen, articles.c.id)
    if after is not None:
        query = query.where(tuple_(articles.c.first_seen, articles.c.id) > after)
    return [CopyRecord(*row) for row in connection.execute(query.limit(limit))]


def stories_first_stored(connection: Connection, story_ids: Collection[str]) -> set[str]:
    """Those of these stories whose first copy was imported without the time of its fetch: it was stored then, not
    seen.
    """
    query = select(articles.c.story_id).join(stories, stories.c.id == articles.c.story_id)
    query = query.where(articles.c.first_seen == stories.c.first_seen, ~articles.c.is_observed)
    return {row[0] for row in rows_in(connection, query, articles.c.story_id, story_ids)}


def matches_of_copies(connection: Connection, story_id: str, article_ids: Collection[str]) -> list[MatchRecord]:
    """The matches of these copies with others of their story. Each pair is listed with one of its ends."""
    query = current_matches().join(articles, articles.c.id == matches.c.b_article)
    query = query.where(articles.c.story_id == story_id)
    return [MatchRecord(*row) for row in rows_in(connection, query, matches.c.a_article, article_ids)]


def count_copies_at(connection: Connection, story_id: str, outlets: Collection[str]) -> int:
    """The number of copies at these outlets."""
    at_outlets = articles.c.outlet.in_(sorted(outlets))
    query = select(func.count()).select_from(articles).where(articles.c.story_id == story_id, at_outlets)
    return connection.execute(query).scalar_one()


def copy_times(connection: Connection, story_id: str) -> Sequence[CopyTimes]:
    """The times of all copies, in no order."""
    query = select(articles.c.outlet, articles.c.first_seen, articles.c.published, articles.c.is_observed)
    return [CopyTimes(*row) for row in connection.execute(query.where(articles.c.story_id == story_id)).all()]


@dataclass(frozen=True, slots=True)
class CopyText:
    """The current text of a copy. `digest` is equal for equal words."""

    article_id: str
    number: int
    title: str | None
    text: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class ComparableVersion:
    """A version with its article and outlet."""

    number: int
    article_id: str
    story_id: str
    outlet: str
    language: str
    observed: datetime
    title: str | None
    text: str
    is_current: bool
    text_dropped: datetime | None


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """A version offered for comparison."""

    number: int
    article_id: str
    outlet: str
    observed: datetime
    is_current: bool


def current_texts(connection: Connection, article_ids: Sequence[str]) -> dict[str, CopyText]:
    """The current text of each article."""
    columns = (versions.c.article_id, versions.c.number, versions.c.title, versions.c.text, versions.c.text_digest)
    query = select(*columns).join(articles, articles.c.version == versions.c.number)
    return {row.article_id: CopyText(*row) for row in rows_in(connection, query, articles.c.id, article_ids)}


def version_counts(connection: Connection, article_ids: Sequence[str]) -> dict[str, int]:
    """The number of versions of each article."""
    query = select(versions.c.article_id, func.count()).group_by(versions.c.article_id)
    return {row[0]: row[1] for row in rows_in(connection, query, versions.c.article_id, article_ids)}


def recent_titles_and_texts(connection: Connection, article_id: str, *, limit: int) -> list[tuple[str | None, str]]:
    """Headline and text of the latest versions of an article, newest first, without those whose text was dropped."""
    query = select(versions.c.title, versions.c.text)
    query = query.where(versions.c.article_id == article_id, versions.c.text_dropped.is_(None))
    rows = connection.execute(query.order_by(versions.c.observed.desc(), versions.c.content_digest.desc()).limit(limit))
    return [(row.title, row.text) for row in rows]


def comparable_versions(connection: Connection, numbers: Collection[int]) -> dict[int, ComparableVersion]:
    """These versions by number. Raises NotFound for one that does not exist, or whose text is no longer kept."""
    query = select(
        versions.c.number,
        versions.c.article_id,
        articles.c.story_id,
        articles.c.outlet,
        articles.c.language,
        versions.c.observed,
        versions.c.title,
        versions.c.text,
        versions.c.number == articles.c.version,
        versions.c.text_dropped,
    ).join(articles, articles.c.id == versions.c.article_id)
    found = {row.number: ComparableVersion(*row) for row in rows_in(connection, query, versions.c.number, numbers)}
    for number in sorted(numbers):
        if number not in found:
            raise NotFound(f"there is no version {number}")
        if (dropped := found[number].text_dropped) is not None:
            raise NotFound(f"the text of version {number} is no longer kept: it was dropped on {dropped:%Y-%m-%d}")
    return found


def version_choices(connection: Connection, story_ids: Collection[str], *, limit: int) -> list[VersionChoice]:
    """Up to `limit` versions of the copies of these stories that have their text, in no order."""
    query = select(
        versions.c.number,
        versions.c.article_id,
        articles.c.outlet,
        versions.c.observed,
        versions.c.number == articles.c.version,
    ).join(articles, articles.c.id == versions.c.article_id)
    query = query.where(articles.c.story_id.in_(sorted(story_ids)), versions.c.text_dropped.is_(None))
    rows = connection.execute(query.limit(limit))
    return [VersionChoice(*row) for row in rows]


def own_outlets_among(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of these outlets that belong to the operator."""
    return {
        name
        for part in chunks(sorted(names))
        for name in connection.execute(select(outlets.c.name).where(outlets.c.ours, outlets.c.name.in_(part))).scalars()
    }
