"""What one story's page tells of its copies beside their records: texts, versions, and whose outlets they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from store.one_of import one_of
from store.schema import articles, outlets, versions
from store.stories import chunks

__all__ = [
    "CopyText",
    "VersionChoice",
    "VersionText",
    "our_outlets",
    "texts_of_copies",
    "version_choices",
    "version_counts",
    "version_texts",
    "versions_of",
]


@dataclass(frozen=True, slots=True)
class CopyText:
    """A copy as it reads now. `digest` is the same for the same words."""

    article_id: str
    number: int
    title: str | None
    text: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class VersionText:
    """A version with the article and outlet that ran it."""

    number: int
    article_id: str
    story_id: str
    outlet: str
    language: str
    observed: datetime
    title: str | None
    text: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """A version that may be compared."""

    number: int
    article_id: str
    outlet: str
    observed: datetime
    is_current: bool


def texts_of_copies(connection: Connection, article_ids: Sequence[str]) -> dict[str, CopyText]:
    """By article, its current text."""
    columns = (versions.c.article_id, versions.c.number, versions.c.title, versions.c.text, versions.c.text_digest)
    query = select(*columns).join(articles, articles.c.version == versions.c.number)
    return {
        row.article_id: CopyText(*row)
        for part in chunks(article_ids)
        for row in connection.execute(query.where(one_of(connection, articles.c.id, part)))
    }


def version_counts(connection: Connection, article_ids: Sequence[str]) -> dict[str, int]:
    """By article, how many texts it has had."""
    query = select(versions.c.article_id, func.count()).group_by(versions.c.article_id)
    return {
        row[0]: row[1]
        for part in chunks(article_ids)
        for row in connection.execute(query.where(one_of(connection, versions.c.article_id, part)))
    }


def versions_of(connection: Connection, article_id: str, *, limit: int) -> list[tuple[str | None, str]]:
    """Headline and text of the last versions of an article, the newest first."""
    query = select(versions.c.title, versions.c.text).where(versions.c.article_id == article_id)
    rows = connection.execute(query.order_by(versions.c.observed.desc(), versions.c.content_digest.desc()).limit(limit))
    return [(row.title, row.text) for row in rows]


def version_texts(connection: Connection, numbers: Collection[int]) -> dict[int, VersionText]:
    """By number, those of these versions that are there."""
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
    ).join(articles, articles.c.id == versions.c.article_id)
    return {
        row.number: VersionText(*row)
        for part in chunks(numbers)
        for row in connection.execute(query.where(versions.c.number.in_(part)))
    }


def version_choices(connection: Connection, story_ids: Collection[str], *, limit: int) -> list[VersionChoice]:
    """Versions of the copies of these stories, at most so many, in no order."""
    query = select(
        versions.c.number,
        versions.c.article_id,
        articles.c.outlet,
        versions.c.observed,
        versions.c.number == articles.c.version,
    ).join(articles, articles.c.id == versions.c.article_id)
    rows = connection.execute(query.where(articles.c.story_id.in_(sorted(story_ids))).limit(limit))
    return [VersionChoice(*row) for row in rows]


def our_outlets(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of these outlets that are ours."""
    return {
        name
        for part in chunks(sorted(names))
        for name in connection.execute(select(outlets.c.name).where(outlets.c.ours, outlets.c.name.in_(part))).scalars()
    }
