"""Removing articles from the database for good. Only tombstones remain."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, text, update

from onestory.errors import BadInput, DatabaseUnavailable
from onestory.store.database import Store
from onestory.store.editorial.decisions import delete_articles_from_decisions
from onestory.store.events.event_log import add_event, delete_events_of_stories
from onestory.store.news_events.decisions import delete_stories_from_event_decisions
from onestory.store.news_events.members import delete_members
from onestory.store.queries import chunks
from onestory.store.schema import (
    articles,
    boilerplate,
    dispatches,
    matches,
    moves,
    pages,
    removed_lines,
    stories,
    versions,
    withdrawals,
)
from onestory.store.search.full_text_index import optimize_index
from onestory.store.sources.health import disable_sources_of_host
from onestory.store.tombstones import TombstoneKind, add_tombstones, article_digest, host_digest
from onestory.store.webhooks.outbox import delete_messages_of_stories
from onestory.urls import article_id_of_url, bare_host, normalize_url

__all__ = [
    "TakedownTargets",
    "articles_of_host",
    "bury_targets",
    "emit_takedown_events",
    "erase_targets",
    "other_copies",
    "relocate_warc_records",
    "takedown_targets",
    "vacuum_database",
]

CHECKPOINT_SECONDS = 30
VACUUMED_TABLES = (
    "articles, versions, matches, stories, removed_lines, boilerplate, pages, decisions, decision_articles, "
    "withdrawals, moves, "
    "watch_articles, watch_stories, watch_pages, events, webhook_messages, search_words, search_due, "
    "news_events, news_event_stories, news_event_links, news_event_decisions, news_event_decision_stories, "
    "news_event_embeddings"
)


@dataclass(frozen=True, slots=True)
class TakedownTargets:
    """The targets of a takedown: articles, all URLs they were fetched from, and the host if all of it goes."""

    articles: frozenset[str]
    urls: frozenset[str]
    host: str | None = None


def articles_of_host(connection: Connection, host: str) -> set[str]:
    """The ids of all articles of a host, with and without www."""
    return set(connection.execute(select(articles.c.id).where(_on_host(articles.c.host, host))).scalars())


def takedown_targets(
    connection: Connection, article_ids: Collection[str], *, host: str | None = None
) -> TakedownTargets:
    urls: set[str] = set()
    for part in chunks(article_ids):
        urls |= set(connection.execute(select(articles.c.url).where(articles.c.id.in_(part))).scalars())
        urls |= set(connection.execute(select(pages.c.url).where(pages.c.article_id.in_(part))).scalars())
        urls |= set(connection.execute(select(moves.c.url).where(moves.c.article_id.in_(part))).scalars())
        facts_of_pages = connection.execute(select(versions.c.facts).where(versions.c.article_id.in_(part))).scalars()
        urls |= {_normal(facts["fetched_url"]) for facts in facts_of_pages if facts.get("fetched_url")}
    return TakedownTargets(frozenset(article_ids), frozenset(urls), host)


def _normal(url: str) -> str:
    try:
        return normalize_url(url)
    except BadInput:
        return url


def other_copies(connection: Connection, article_ids: Collection[str]) -> dict[str, list[str]]:
    """The remaining articles of each affected story, in order of arrival. Empty for stories removed entirely."""
    found: dict[str, dict[str, None]] = {}
    for part in chunks(article_ids):
        homes = select(articles.c.story_id).where(articles.c.id.in_(part))
        query = select(articles.c.story_id, articles.c.id).where(articles.c.story_id.in_(homes))
        for home, one in connection.execute(query.order_by(articles.c.arrival, articles.c.id)):
            left = found.setdefault(home, {})
            if one not in article_ids:
                left[one] = None
    return {home: list(left) for home, left in found.items()}


def bury_targets(connection: Connection, gone: TakedownTargets, *, reason: str, now: datetime) -> None:
    """Leave tombstones for the ids, the host, and contents of no other article. Disables the host's sources."""
    digests: dict[str, TombstoneKind] = {article_digest(one): "article" for one in gone.articles}
    digests |= {article_digest(article_id_of_url(url)): "article" for url in gone.urls}
    if gone.host is not None:
        digests[host_digest(gone.host)] = "host"
    for part in chunks(gone.articles):
        own = select(versions.c.content_digest).where(versions.c.article_id.in_(part))
        for digest in set(connection.execute(own).scalars()):
            holders = select(versions.c.article_id).where(versions.c.content_digest == digest)
            if set(connection.execute(holders).scalars()) <= gone.articles:
                digests[digest] = "content"
    add_tombstones(connection, digests, reason=reason, now=now)
    if gone.host is not None:
        disable_sources_of_host(connection, gone.host, why=f"{gone.host} was taken down: {reason}"[:500], now=now)


def emit_takedown_events(connection: Connection, article_ids: Collection[str], *, now: datetime) -> None:
    """Emit an event for each story that loses its last article."""
    for home, others in other_copies(connection, article_ids).items():
        if not others:
            add_event(connection, "story.withdrawn", now=now, story_id=home, data={"taken_down": True})


def erase_targets(connection: Connection, gone: TakedownTargets) -> None:
    """Delete everything about these articles. The caller evaluates their remaining stories in the same transaction."""
    left = other_copies(connection, gone.articles)
    _delete_boilerplate(connection, gone.articles)
    # Events of the remaining story may name a removed article, too.
    for ids in chunks({*gone.articles, *left}):
        delete_events_of_stories(connection, ids)
        delete_messages_of_stories(connection, ids)
    delete_articles_from_decisions(connection, gone.articles)
    delete_stories_from_event_decisions(connection, gone.articles)
    # The vector of a story may be that of a removed text.
    delete_members(connection, {*gone.articles, *left})
    for part in chunks(gone.articles):
        numbers = select(versions.c.number).where(versions.c.article_id.in_(part))
        connection.execute(delete(matches).where(or_(matches.c.a.in_(numbers), matches.c.b.in_(numbers))))
        connection.execute(delete(removed_lines).where(removed_lines.c.number.in_(numbers)))
        connection.execute(delete(versions).where(versions.c.article_id.in_(part)))
        connection.execute(delete(moves).where(moves.c.article_id.in_(part)))
        connection.execute(delete(withdrawals).where(withdrawals.c.article_id.in_(part)))
        connection.execute(delete(dispatches).where(dispatches.c.article_id.in_(part)))
        connection.execute(delete(articles).where(articles.c.id.in_(part)))
        connection.execute(delete(pages).where(pages.c.article_id.in_(part)))
    for urls in chunks(gone.urls):
        connection.execute(delete(pages).where(or_(pages.c.url.in_(urls), pages.c.location.in_(urls))))
    if gone.host is not None:
        _forget_host(connection, gone.host)
    _release(connection, gone.articles, left)


def _delete_boilerplate(connection: Connection, article_ids: Collection[str]) -> None:
    """Delete boilerplate lines that occur in these articles. Lines of other articles are learned again."""
    for part in chunks(article_ids):
        query = select(articles.c.host, versions.c.number, versions.c.text)
        query = query.join(articles, articles.c.id == versions.c.article_id).where(articles.c.id.in_(part))
        for host, number, body in connection.execute(query).all():
            cut = select(removed_lines.c.line).where(removed_lines.c.number == number)
            lines = {*body.split("\n"), *connection.execute(cut).scalars()}
            for some in chunks(lines):
                named = boilerplate.c.host == bare_host(host)
                connection.execute(delete(boilerplate).where(named, boilerplate.c.line.in_(some)))


def _forget_host(connection: Connection, host: str) -> None:
    connection.execute(delete(boilerplate).where(boilerplate.c.host == bare_host(host)))
    connection.execute(delete(pages).where(_on_host(pages.c.host, host)))


def _on_host(column: Any, host: str) -> ColumnElement[bool]:
    bare = bare_host(host)
    return or_(column.in_((bare, f"www.{bare}")), column.like(f"{bare}:%"), column.like(f"www.{bare}:%"))


def _release(connection: Connection, gone: Collection[str], left: Mapping[str, Sequence[str]]) -> None:
    """Reduce the story rows of these articles to redirects, or delete them if there is no target."""
    blank = dict.fromkeys(("title", "language", "credit", "representative", "original", "original_reason"))
    for part in chunks(gone):
        connection.execute(update(stories).where(stories.c.id.in_(part)).values(**blank, first_outlet=None))
    for home, others in left.items():
        if home in gone and others:
            connection.execute(update(stories).where(stories.c.id == home).values(absorbed_into=others[0]))
    _drop_empty(connection, [home for home, others in left.items() if not others])


def _drop_empty(connection: Connection, homes: Iterable[str]) -> None:
    """Delete stories without articles, and the ids that led to them."""
    empty = list(homes)
    while empty:
        leading: list[str] = []
        for part in chunks(empty):
            leading += connection.execute(select(stories.c.id).where(stories.c.absorbed_into.in_(part))).scalars()
            unused = ~exists().where(articles.c.story_id == stories.c.id)
            connection.execute(delete(stories).where(stories.c.id.in_(part), unused))
        empty = leading


def relocate_warc_records(connection: Connection, old: str, new: str, offsets: Mapping[int, int]) -> None:
    """Record that the records of a WARC file moved to another file and other offsets."""
    for offset, moved in sorted(offsets.items()):
        where = (versions.c.warc_file == old, versions.c.warc_offset == offset)
        connection.execute(update(versions).where(*where).values(warc_file=new, warc_offset=moved))


def vacuum_database(store: Store) -> None:
    """Remove deleted data from the database files.

    SQLite: rewrites every page and empties the log. PostgreSQL: vacuums dead rows; its log and backups are the
    operator's. Raises DatabaseUnavailable while another process reads an older snapshot.
    """
    with store.without_transaction() as connection:
        if store.dialect == "postgresql":
            connection.execute(text(f"VACUUM {VACUUMED_TABLES}"))
            return
        optimize_index(connection)
        connection.exec_driver_sql("VACUUM")
        until = time.monotonic() + CHECKPOINT_SECONDS
        while connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
            if time.monotonic() > until:
                raise DatabaseUnavailable("another process reads the store: run the takedown again when it is done")
            time.sleep(0.05)
