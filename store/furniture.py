"""What hosts repeat around their articles: the evidence for it, and what is in force. Hosts are named without www."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from store.schema import articles, furniture, removed_lines, versions
from store.stories import chunks

__all__ = ["FurnitureLine", "Shown", "bare_host", "hosts_with_articles", "in_force", "known_lines", "publish", "shown"]

# The newest articles of a host tell what it shows now.
WINDOW_ARTICLES = 1000
HOST_REASON = "host"


@dataclass(frozen=True, slots=True)
class Shown:
    """An article's lines, with those taken out as its host's; `signature` is opaque here."""

    story_id: str
    signature: bytes
    seen: datetime
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FurnitureLine:
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


def shown(connection: Connection, host: str) -> Iterator[Shown]:
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
        yield Shown(row.story_id, row.signature, row.first_seen, (*row.text.split("\n"), *gone.get(row.number, ())))


def _removed_as_furniture(connection: Connection, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for part in chunks(numbers):
        query = select(removed_lines.c.number, removed_lines.c.line)
        query = query.where(removed_lines.c.number.in_(part), removed_lines.c.reason == HOST_REASON)
        for number, line in connection.execute(query):
            found.setdefault(number, []).append(line)
    return found


def known_lines(connection: Connection, host: str) -> list[FurnitureLine]:
    """What was learned of a host: what is in force first, then by how many stories showed it."""
    names = [column for column in furniture.c if column.name != "host"]
    query = select(*names).where(furniture.c.host == host)
    order = (furniture.c.in_force.desc(), furniture.c.stories.desc(), furniture.c.fingerprint)
    return [FurnitureLine(*row) for row in connection.execute(query.order_by(*order))]


def publish(connection: Connection, host: str, lines: Sequence[FurnitureLine]) -> None:
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


def in_force(connection: Connection) -> dict[str, frozenset[int]]:
    """The fingerprints that are taken out of new articles, by host."""
    query = select(furniture.c.host, furniture.c.fingerprint).where(furniture.c.in_force)
    found: dict[str, set[int]] = {}
    for host, fingerprint in connection.execute(query):
        found.setdefault(host, set()).add(fingerprint)
    return {host: frozenset(fingerprints) for host, fingerprints in found.items()}
