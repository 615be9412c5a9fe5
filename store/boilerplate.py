"""Boilerplate of hosts: the evidence, and the active lines. Hosts are named without www.

The space of one owner on a shared host has lines of its own, under the name `host/owner`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from onestory.store.articles.captures import RemovedLine
from onestory.store.queries import chunks
from onestory.store.schema import articles, boilerplate, removed_lines, versions
from onestory.store.settings import read_retention
from onestory.urls import bare_host

__all__ = [
    "ArticleLines",
    "BoilerplateLine",
    "active_fingerprints",
    "boilerplate_lines",
    "hosts_with_articles",
    "learned_owners",
    "newest_article_lines",
    "newest_version",
    "prune_removed_lines",
    "publish_boilerplate",
    "removed_lines_of",
]


# The newest articles of a host show its current boilerplate.
WINDOW_ARTICLES = 1000

BOILERPLATE_REASON = "host"


@dataclass(frozen=True, slots=True)
class ArticleLines:
    """The lines of an article, including those removed as boilerplate. `signature` is opaque to the store."""

    url: str
    title: str | None
    story_id: str
    signature: bytes
    seen: datetime
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoilerplateLine:
    """A line found in `stories` of the `stories_known` stories of a host. `in_force` means that it is removed from
    texts.
    """

    fingerprint: int
    line: str
    stories: int
    stories_known: int
    last_seen: datetime
    in_force: bool
    since: datetime


def learned_owners(connection: Connection, host: str) -> list[str]:
    """The owners of spaces on this host for which lines are known (`onestory.urls.path_owner`)."""
    under = f"{host}/"
    names = connection.execute(select(boilerplate.c.host).where(boilerplate.c.host.startswith(under, autoescape=True)))
    return sorted({name.removeprefix(under) for name in names.scalars()})


def newest_version(connection: Connection) -> int:
    """The highest number of a version; 0 in an empty store."""
    return connection.scalar(select(func.max(versions.c.number))) or 0


def hosts_with_articles(connection: Connection, *, after: int = 0) -> list[str]:
    """The hosts of articles with versions of higher numbers than `after`."""
    query = select(articles.c.host).distinct()
    if after:
        query = query.join(versions, versions.c.article_id == articles.c.id).where(versions.c.number > after)
    return sorted({bare_host(name) for name in connection.execute(query).scalars()})


def newest_article_lines(connection: Connection, host: str) -> Iterator[ArticleLines]:
    """The newest articles of a host with their current texts."""
    query = (
        select(
            articles.c.url,
            articles.c.title,
            articles.c.story_id,
            versions.c.signature,
            articles.c.first_seen,
            versions.c.number,
            versions.c.text,
        )
        .join(versions, versions.c.number == articles.c.version)
        .where(articles.c.host.in_((host, f"www.{host}")))
        .order_by(articles.c.first_seen.desc(), articles.c.id)
        .limit(WINDOW_ARTICLES)
    )
    rows = connection.execute(query).all()
    gone = _removed_as_boilerplate(connection, [row.number for row in rows])
    for row in rows:
        lines = (*row.text.split("\n"), *gone.get(row.number, ()))
        yield ArticleLines(row.url, row.title, row.story_id, row.signature, row.first_seen, lines)


def _removed_as_boilerplate(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for part in chunks(numbers):
        query = select(removed_lines.c.number, removed_lines.c.line)
        query = query.where(removed_lines.c.number.in_(part), removed_lines.c.reason == BOILERPLATE_REASON)
        for number, line in connection.execute(query):
            found.setdefault(number, []).append(line)
    return found


def boilerplate_lines(connection: Connection, host: str) -> list[BoilerplateLine]:
    """The lines learned for a host: active ones first, then by the number of stories."""
    names = [column for column in boilerplate.c if column.name != "host"]
    query = select(*names).where(boilerplate.c.host == host)
    order = (boilerplate.c.in_force.desc(), boilerplate.c.stories.desc(), boilerplate.c.fingerprint)
    return [BoilerplateLine(*row) for row in connection.execute(query.order_by(*order))]


def publish_boilerplate(connection: Connection, host: str, lines: Sequence[BoilerplateLine]) -> None:
    """Replace the lines known for a host."""
    connection.execute(delete(boilerplate).where(boilerplate.c.host == host))
    rows = [
        {
            "host": host,
            "fingerprint": line.fingerprint,
            "line": line.line,
            "stories": line.stories,
            "stories_known": line.stories_known,
            "last_seen": line.last_seen,
            "in_force": line.in_force,
            "since": line.since,
        }
        for line in lines
    ]
    if rows:
        connection.execute(insert(boilerplate), rows)


def active_fingerprints(connection: Connection) -> dict[str, frozenset[int]]:
    """The fingerprints of active boilerplate lines, by host."""
    query = select(boilerplate.c.host, boilerplate.c.fingerprint).where(boilerplate.c.in_force)
    found: dict[str, set[int]] = {}
    for host, fingerprint in connection.execute(query):
        found.setdefault(host, set()).add(fingerprint)
    return {host: frozenset(fingerprints) for host, fingerprints in found.items()}


def removed_lines_of(connection: Connection, numbers: Collection[int]) -> dict[int, list[RemovedLine]]:
    """The lines removed from these versions, in page order."""
    found: dict[int, list[RemovedLine]] = {}
    for part in chunks(numbers):
        query = select(removed_lines).where(removed_lines.c.number.in_(part)).order_by(removed_lines.c.id)
        for row in connection.execute(query):
            found.setdefault(row.number, []).append(RemovedLine(row.line, row.reason))
    return found


def prune_removed_lines(connection: Connection, *, now: datetime) -> int:
    """Delete removed lines past their retention, and return how many."""
    before = now - timedelta(days=read_retention(connection).removed_lines_days)
    statement = delete(removed_lines).where(removed_lines.c.at < before)
    return connection.execute(statement).rowcount
