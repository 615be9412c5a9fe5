"""The copies of dispatches: the articles of other outlets in the stories that dispatches belong to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select, tuple_

from onestory.store.queries import chunks, columns_of, rows_in
from onestory.store.schema import articles, dispatches, matches, outlets, versions
from onestory.store.wire.dispatches import DispatchRecord

__all__ = [
    "DispatchMatch",
    "DispatchVersion",
    "ProviderCount",
    "StoredDispatch",
    "UseFilter",
    "UsingCopy",
    "dispatch_versions",
    "dispatches_of_stories",
    "matches_with_dispatches",
    "provider_counts",
    "using_copies",
]


@dataclass(frozen=True, slots=True)
class UseFilter:
    """The uses of a report: of one provider or all, at one outlet or all, first seen from `since` up to `until`."""

    provider: str | None = None
    outlet: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class UsingCopy:
    """A copy in the story of a dispatch. `credit_words` are the words of its credit."""

    id: str
    story_id: str
    version: int
    outlet: str
    owner: str | None
    url: str
    title: str | None
    language: str
    first_seen: datetime
    published: datetime | None
    relation: str
    credit: str | None
    withdrawn: datetime | None
    text_digest: bytes
    credit_words: str | None


@dataclass(frozen=True, slots=True)
class StoredDispatch:
    """A dispatch whose text has arrived."""

    record: DispatchRecord
    story_id: str
    outlet: str
    title: str | None
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class DispatchVersion:
    """A version of a dispatch; `place` counts from 1, in the order in which they were issued."""

    number: int
    article_id: str
    place: int
    text_digest: bytes


@dataclass(frozen=True, slots=True)
class DispatchMatch:
    """What the current text of a copy has in common with a version of a dispatch. `relation` is the copy's."""

    copy: str
    dispatch: str
    number: int
    jaccard: float
    relation: str


@dataclass(frozen=True, slots=True)
class ProviderCount:
    """A provider, how many dispatches it has filed, and when the latest was issued."""

    provider: str
    dispatches: int
    latest: datetime | None


def provider_counts(connection: Connection) -> list[ProviderCount]:
    """The providers by name."""
    query = select(dispatches.c.provider, func.count(), func.max(dispatches.c.issued))
    grouped = query.group_by(dispatches.c.provider).order_by(dispatches.c.provider)
    return [ProviderCount(*row) for row in connection.execute(grouped)]


def using_copies(
    connection: Connection, wanted: UseFilter, *, after: tuple[datetime, str] | None, limit: int
) -> list[UsingCopy]:
    """The next copies after a time and id, the last to be seen first."""
    query = _copies().where(_is_use(wanted))
    if wanted.outlet is not None:
        query = query.where(articles.c.outlet == wanted.outlet)
    if wanted.since is not None:
        query = query.where(articles.c.first_seen >= wanted.since)
    if wanted.until is not None:
        query = query.where(articles.c.first_seen < wanted.until)
    if after is not None:
        query = query.where(tuple_(articles.c.first_seen, articles.c.id) < after)
    rows = connection.execute(query.order_by(articles.c.first_seen.desc(), articles.c.id.desc()).limit(limit))
    return [UsingCopy(*row) for row in rows]


def _copies() -> Select[Any]:
    return (
        select(
            articles.c.id,
            articles.c.story_id,
            articles.c.version,
            articles.c.outlet,
            outlets.c.owner,
            articles.c.url,
            articles.c.title,
            articles.c.language,
            articles.c.first_seen,
            articles.c.published,
            articles.c.relation,
            articles.c.credit,
            articles.c.withdrawn,
            versions.c.text_digest,
            versions.c.facts["credit_evidence"].as_string(),
        )
        .join(versions, versions.c.number == articles.c.version)
        .outerjoin(outlets, outlets.c.name == articles.c.outlet)
    )


def _is_use(wanted: UseFilter) -> ColumnElement[bool]:
    """Whether a dispatch of another outlet is in the story. A provider that runs its own dispatch is no client."""
    filed, own = articles.alias("filed"), dispatches.alias("own")
    ids = select(filed.c.story_id).join(dispatches, dispatches.c.article_id == filed.c.id)
    if wanted.provider is not None:
        ids = ids.where(dispatches.c.provider == wanted.provider)
    by_another = ids.where(filed.c.story_id == articles.c.story_id, filed.c.outlet != articles.c.outlet)
    is_page = ~exists().where(own.c.article_id == articles.c.id)
    # The first condition is implied by the second, and lets the database begin with the dispatches.
    return and_(articles.c.story_id.in_(ids), by_another.correlate(articles).exists(), is_page)


def dispatches_of_stories(
    connection: Connection, story_ids: Collection[str], *, provider: str | None = None
) -> dict[str, list[StoredDispatch]]:
    """The dispatches in each of these stories, in the order in which they were issued."""
    columns = columns_of(dispatches, DispatchRecord)
    query = select(articles.c.story_id, articles.c.outlet, articles.c.title, articles.c.first_seen, *columns)
    query = query.join(dispatches, dispatches.c.article_id == articles.c.id)
    if provider is not None:
        query = query.where(dispatches.c.provider == provider)
    found: dict[str, list[StoredDispatch]] = {}
    for row in rows_in(connection, query, articles.c.story_id, story_ids):
        filed = StoredDispatch(DispatchRecord(*row[4:]), row.story_id, row.outlet, row.title, row.first_seen)
        found.setdefault(row.story_id, []).append(filed)
    for group in found.values():
        group.sort(key=lambda one: (one.first_seen, one.record.article_id))
    return found


def dispatch_versions(connection: Connection, article_ids: Collection[str]) -> dict[str, list[DispatchVersion]]:
    """The versions of each of these dispatches, the first one first."""
    query = select(versions.c.article_id, versions.c.number, versions.c.text_digest, versions.c.observed)
    query = query.add_columns(versions.c.content_digest)
    rows = sorted(rows_in(connection, query, versions.c.article_id, article_ids), key=lambda row: tuple(row[3:]))
    found: dict[str, list[DispatchVersion]] = {}
    for row in rows:
        group = found.setdefault(row.article_id, [])
        group.append(DispatchVersion(row.number, row.article_id, len(group) + 1, row.text_digest))
    return found


def matches_with_dispatches(
    connection: Connection, copies: Collection[UsingCopy], dispatch_ids: Collection[str]
) -> list[DispatchMatch]:
    """The matches between the current texts of these copies and any version of these dispatches."""
    current = {copy.id: copy.version for copy in copies}
    filed = set(dispatch_ids)
    found: list[DispatchMatch] = []
    ends = (matches.c.a_article, matches.c.a, "a"), (matches.c.b_article, matches.c.b, "b")
    for (here, own, side), (there, number, _) in (ends, ends[::-1]):
        query = select(here, there, own, number, matches.c.evidence).where(matches.c.kind != "none")
        for part in chunks(sorted(filed)):
            for copy, dispatch, version, other, evidence in rows_in(
                connection, query.where(there.in_(part)), here, current
            ):
                if current[copy] == version:
                    relation = str(evidence.get(f"{side}_is") or "edited")
                    found.append(DispatchMatch(copy, dispatch, other, float(evidence.get("jaccard") or 0), relation))
    return found
