"""The record of dispatches: which version of each is the latest, and whether it may be used."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from onestory.dispatch_urls import dispatch_url
from onestory.store.articles.captures import Filing
from onestory.store.events.withdrawals import mark_article_returned, mark_article_withdrawn
from onestory.store.queries import columns_of, dialect_insert, existing_values, lock_stories, rows_in
from onestory.store.schema import articles, dispatches, tombstones
from onestory.store.tombstones import article_digest
from onestory.urls import article_id_of_url, normalize_url

__all__ = ["DispatchRecord", "apply_statuses", "dispatch_id", "dispatches_by_id", "record_filings", "version_number"]

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
# Of two statements that are otherwise equal, the one that restricts more counts.
SEVERITY = ("usable", "withheld", "canceled")
WITHDRAWN_AS = {"withheld": "withheld", "canceled": "killed"}


@dataclass(frozen=True, slots=True)
class DispatchRecord:
    """A dispatch with what its provider stated last. `article_id` may be that of an article that never arrived."""

    article_id: str
    provider: str
    uri: str
    version: str | None
    issued: datetime | None
    status: str
    note: str | None
    received: datetime


def dispatch_id(filing: Filing) -> str:
    """The id of the article that a dispatch is. Raises BadInput if its `uri` is too long."""
    return article_id_of_url(normalize_url(dispatch_url(filing.provider, filing.uri)))


def version_number(version: str | None) -> int:
    """The number that a version states, 0 for none."""
    return int(version) if version and version.isascii() and version.isdigit() and len(version) < 10 else 0


def record_filings(connection: Connection, filings: Iterable[Filing], *, now: datetime) -> set[str]:
    """Record what providers state of their dispatches, the latest statement of each; return the ids.

    The order in which the versions arrive has no influence. Nothing is recorded of what was taken down.
    """
    latest: dict[str, Filing] = {}
    for filing in filings:
        identity = dispatch_id(filing)
        latest[identity] = max(latest.get(identity, filing), filing, key=_place)
    digests = {article_digest(identity): identity for identity in latest}
    for digest in existing_values(connection, tombstones.c.digest, digests):
        del latest[digests[digest]]
    known = dispatches_by_id(connection, latest)
    rows: list[dict[str, Any]] = []
    for identity, filing in sorted(latest.items()):
        if identity not in known or _place(filing) > _place(known[identity]):
            stated = {field.name: getattr(filing, field.name) for field in fields(Filing)}
            received = known[identity].received if identity in known else now
            rows.append({"article_id": identity, **stated, "received": received})
    if rows:
        statement = dialect_insert(connection, dispatches)
        kept = {name: statement.excluded[name] for name in ("version", "issued", "status", "note")}
        connection.execute(statement.on_conflict_do_update(index_elements=["article_id"], set_=kept), rows)
    return set(latest)


def _place(stated: Filing | DispatchRecord) -> tuple[datetime, int, int]:
    return stated.issued or LONG_AGO, version_number(stated.version), SEVERITY.index(stated.status)


def dispatches_by_id(connection: Connection, article_ids: Collection[str]) -> dict[str, DispatchRecord]:
    """Those of these articles that are dispatches."""
    query = select(*columns_of(dispatches, DispatchRecord))
    return {
        row.article_id: DispatchRecord(*row) for row in rows_in(connection, query, dispatches.c.article_id, article_ids)
    }


def apply_statuses(connection: Connection, article_ids: Collection[str] | None = None, *, now: datetime) -> int:
    """Mark the articles of these dispatches as withdrawn or returned, as stated; return how many changed.

    Without ids, of all dispatches. A dispatch whose text has not arrived waits for it.
    """
    lock_stories(connection, {row.story_id for row in _misstated(connection, article_ids)})
    # Read again: what was seen before the locks may have been settled by another process.
    found = _misstated(connection, article_ids)
    for row in sorted(found, key=lambda row: row.id):
        if row.status == "usable":
            mark_article_returned(connection, row.id, now=now)
        else:
            reason = WITHDRAWN_AS[row.status]
            mark_article_withdrawn(connection, row.id, since=row.issued or now, reason=reason, now=now)
    return len(found)


def _misstated(connection: Connection, article_ids: Collection[str] | None) -> list[Any]:
    """The dispatches whose articles are withdrawn and should not be, or the reverse."""
    query = select(articles.c.id, articles.c.story_id, dispatches.c.status, dispatches.c.issued)
    query = query.join(dispatches, dispatches.c.article_id == articles.c.id)
    query = query.where((dispatches.c.status == "usable") == articles.c.withdrawn.is_not(None))
    if article_ids is None:
        return list(connection.execute(query))
    return list(rows_in(connection, query, articles.c.id, article_ids))
