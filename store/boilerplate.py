"""What hosts repeat around their articles: the evidence for it, and what is in force. Hosts are named without www."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from onestory.store.articles.captures import RemovedLine
from onestory.store.queries import chunks
from onestory.store.schema import articles, furniture, removed_lines, versions

__all__ = [
    "REMOVED_LINES_RETENTION_DAYS",
    "ArticleLines",
    "BoilerplateLine",
    "active_fingerprints",
    "bare_host",
    "boilerplate_lines",
    "hosts_with_articles",
    "newest_article_lines",
    "prune_removed_lines",
    "publish_boilerplate",
    "removed_lines_of",
]


# The newest articles of a host tell what it shows now.
WINDOW_ARTICLES = 1000

BOILERPLATE_REASON = "host"


@dataclass(frozen=True, slots=True)
class ArticleLines:
    """An article's lines, with those taken out as its host's; `signature` is opaque here."""

    story_id: str
    signature: bytes
    seen: datetime
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BoilerplateLine:
    """A line that `stories` of a host's `stories_known` stories showed, and whether it is taken out since then."""

    fingerprint: int
    line: str
    stories: int
    stories_known: int
    last_seen: datetime
    in_force: bool
    since: datetime


def bare_host(host: str) -> str:
    return host.removeprefix("www.")


def hosts_with_articles(connection: Connection) -> list[str]:
    names = connection.execute(select(articles.c.host).distinct()).scalars()
    return sorted({bare_host(name) for name in names})


def newest_article_lines(connection: Connection, host: str) -> Iterator[ArticleLines]:
    """The host's newest articles, each with the text that is current."""
    query = (
        select(articles.c.story_id, versions.c.signature, articles.c.first_seen, versions.c.number, versions.c.text)
        .join(versions, versions.c.number == articles.c.version)
        .where(articles.c.host.in_((host, f"www.{host}")))
        .order_by(articles.c.first_seen.desc(), articles.c.id)
        .limit(WINDOW_ARTICLES)
    )
    rows = connection.execute(query).all()
    gone = _removed_as_furniture(connection, [row.number for row in rows])
    for row in rows:
        yield ArticleLines(
            row.story_id, row.signature, row.first_seen, (*row.text.split("\n"), *gone.get(row.number, ()))
        )


def _removed_as_furniture(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for part in chunks(numbers):
        query = select(removed_lines.c.number, removed_lines.c.line)
        query = query.where(removed_lines.c.number.in_(part), removed_lines.c.reason == BOILERPLATE_REASON)
        for number, line in connection.execute(query):
            found.setdefault(number, []).append(line)
    return found


def boilerplate_lines(connection: Connection, host: str) -> list[BoilerplateLine]:
    """What was learned of a host: what is in force first, then by how many stories showed it."""
    names = [column for column in furniture.c if column.name != "host"]
    query = select(*names).where(furniture.c.host == host)
    order = (furniture.c.in_force.desc(), furniture.c.stories.desc(), furniture.c.fingerprint)
    return [BoilerplateLine(*row) for row in connection.execute(query.order_by(*order))]


def publish_boilerplate(connection: Connection, host: str, lines: Sequence[BoilerplateLine]) -> None:
    """Puts these lines in place of what was known of the host."""
    connection.execute(delete(furniture).where(furniture.c.host == host))
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
        connection.execute(insert(furniture), rows)


def active_fingerprints(connection: Connection) -> dict[str, frozenset[int]]:
    """The fingerprints that are taken out of new articles, by host."""
    query = select(furniture.c.host, furniture.c.fingerprint).where(furniture.c.in_force)
    found: dict[str, set[int]] = {}
    for host, fingerprint in connection.execute(query):
        found.setdefault(host, set()).add(fingerprint)
    return {host: frozenset(fingerprints) for host, fingerprints in found.items()}


REMOVED_LINES_RETENTION_DAYS = 30


def removed_lines_of(connection: Connection, numbers: Collection[int]) -> dict[int, list[RemovedLine]]:
    """What was taken out of these versions, in the order of the page."""
    found: dict[int, list[RemovedLine]] = {}
    for part in chunks(numbers):
        query = select(removed_lines).where(removed_lines.c.number.in_(part)).order_by(removed_lines.c.id)
        for row in connection.execute(query):
            found.setdefault(row.number, []).append(RemovedLine(row.line, row.reason))
    return found


def prune_removed_lines(connection: Connection, *, now: datetime) -> int:
    """Forgets the lines that are older than KEPT_DAYS; how many these were."""
    statement = delete(removed_lines).where(removed_lines.c.at < now - timedelta(days=REMOVED_LINES_RETENTION_DAYS))
    return connection.execute(statement).rowcount
