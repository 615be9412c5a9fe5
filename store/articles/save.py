"""Saving articles and their versions."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, or_, select, text, update

from onestory.store.articles.captures import (
    MAX_OUTLET_CHARS,
    ProcessedCapture,
    RemovedLine,
    article_row,
    canonical_article_id,
    storable_text,
    story_row,
    version_row,
)
from onestory.store.articles.ownership import HostOwners, host_owners
from onestory.store.articles.unrelated import in_force
from onestory.store.queries import insert_new
from onestory.store.schema import articles, removed_lines, stories, tombstones, versions
from onestory.store.search.full_text_index import mark_search_due
from onestory.store.tombstones import article_digest, host_digest
from onestory.urls import article_id_of_url, host_of

__all__ = [
    "SaveResult",
    "allocate_numbers",
    "decide_versions",
    "refresh_articles",
    "save_articles",
    "save_removed_lines",
]

# The last version in this order is current, unless it shares nothing with the one before: see `unrelated`. The order of
# arrival has no influence.
CURRENT_ORDER = (versions.c.observed, versions.c.content_digest)
# (observed, content digest, number, words) of each version of one article; equal words are no change to an editor.
VersionKey = tuple[datetime, str, int, bytes]
VersionKeys = list[VersionKey]
_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class SaveResult:
    """The result of saving one capture. `number` is the number of the new version, if there is one.

    `replaces` is the version that was current before, if the new version follows it. `same_as` is the version whose
    words a known capture has, where it has them in another form; `older` that version, where the capture is earlier.
    """

    kind: Literal["stored", "known", "removed"]
    article_id: str
    number: int | None = None
    replaces: int | None = None
    same_as: int | None = None
    older: int | None = None


def save_articles(connection: Connection, readings: Sequence[ProcessedCapture], *, now: datetime) -> list[SaveResult]:
    """Store what is new, each new article as a story of its own. Returns a result per capture, in order.

    A capture is known if the version current at its observed time, or the next one, has the same words: spacing, signs
    and typography make no version. A capture without a time (`observed` None) is known if the article ever had those
    words, so an import can be repeated.
    """
    ids = [article_id_of_url(reading.extracted.url) for reading in readings]
    barred = _barred(connection, readings, ids)
    numbers = allocate_numbers(connection, len(readings))
    histories = _histories(connection, ids)
    owners = host_owners(connection, {host_of(reading.extracted.url) for reading in readings})
    fresh = {
        identity: article_row(reading, identity, number, outlet=_outlet(reading, owners), now=now)
        for reading, identity, number in reversed(list(zip(readings, ids, numbers, strict=True)))
        if identity not in histories and not _is_barred(reading, identity, barred)
    }
    _add_articles(connection, fresh, now=now)
    if fresh and connection.dialect.name == "postgresql":
        histories = _histories_locked(connection, ids)
    answers, rows = decide_versions(readings, ids, numbers, histories, barred, now=now)
    if rows:
        connection.execute(insert(versions), [row for row, _ in rows])
    save_removed_lines(connection, {row["number"]: reading.extracted.removed for row, reading in rows}, now=now)
    current = {row["article_id"]: row["number"] for row, _ in rows}
    mark_search_due(connection, current.keys() & fresh.keys())
    refresh_articles(connection, {i for i, n in current.items() if i not in fresh or fresh[i]["version"] != n}, now=now)
    return answers


def decide_versions(
    readings: Sequence[ProcessedCapture],
    ids: Sequence[str],
    numbers: Sequence[int],
    histories: dict[str, VersionKeys],
    barred: Collection[str],
    *,
    now: datetime,
) -> tuple[list[SaveResult], list[tuple[dict[str, Any], ProcessedCapture]]]:
    """Which captures make versions beside these histories, and the rows of these versions.

    `ids` and `numbers` are those of the articles and versions; `barred` has the digests of tombstones. A history gets
    the new versions of its article.
    """
    answers: list[SaveResult] = []
    rows: list[tuple[dict[str, Any], ProcessedCapture]] = []
    for reading, identity, number in zip(readings, ids, numbers, strict=True):
        history = histories.setdefault(identity, [])
        if _is_barred(reading, identity, barred):
            answers.append(SaveResult("removed", identity))
        elif (known := _same_words(history, reading)) is not None:
            same_as = known[2] if known[1] != reading.content_digest else None
            answers.append(SaveResult("known", identity, same_as=same_as, older=_moved_back(history, known, reading)))
        else:
            row = version_row(reading, identity, number, now=now)
            last = max(history, default=None)
            history.append((row["observed"], row["content_digest"], number, _words_of(reading)))
            rows.append((row, reading))
            replaces = last[2] if last is not None and last < history[-1] else None
            answers.append(SaveResult("stored", identity, number, replaces))
    return answers, rows


def _moved_back(history: VersionKeys, known: VersionKey, reading: ProcessedCapture) -> int | None:
    """The number of the known version if the capture is earlier than it; the history then has it at that time."""
    observed = reading.capture.observed
    if observed is None or observed >= known[0]:
        return None
    history[history.index(known)] = (observed, *known[1:])
    return known[2]


def _same_words(history: VersionKeys, reading: ProcessedCapture) -> VersionKey | None:
    """The version that makes a capture known."""
    words, observed = _words_of(reading), reading.capture.observed
    ordered = sorted(history)
    if observed is not None:
        at_once = [one for one in ordered if one[0] == observed]
        before = [one for one in ordered if one[0] <= observed][-1:]
        after = [one for one in ordered if one[0] > observed][:1]
        ordered = [*at_once, *before, *after]
    return next((version for version in ordered if version[3] == words), None)


def _words_of(reading: ProcessedCapture) -> bytes:
    return _words(reading.extracted.title, reading.text_digest)


def _words(title: str | None, text_digest: bytes) -> bytes:
    return text_digest + _LETTERS.sub("", unicodedata.normalize("NFKC", title or "").lower()).encode("utf-8", "replace")


def _histories(connection: Connection, ids: Sequence[str]) -> dict[str, VersionKeys]:
    columns = ("article_id", "observed", "content_digest", "number", "title", "text_digest")
    query = select(*(versions.c[name] for name in columns)).where(versions.c.article_id.in_(set(ids)))
    found: dict[str, VersionKeys] = {}
    for identity, observed, digest, number, title, text_digest in connection.execute(query):
        found.setdefault(identity, []).append((observed, digest, number, _words(title, text_digest)))
    return found


def _histories_locked(connection: Connection, ids: Sequence[str]) -> dict[str, VersionKeys]:
    """The histories, with the article rows locked against other writers."""
    locked = select(articles.c.id).where(articles.c.id.in_(set(ids))).order_by(articles.c.id)
    connection.execute(locked.with_for_update()).all()
    return _histories(connection, ids)


def allocate_numbers(connection: Connection, count: int) -> list[int]:
    """Allocate numbers of versions, in order. SQLite has a single writer, so its last number is reliable."""
    if connection.dialect.name == "postgresql":
        query = text("SELECT nextval('versions_number_seq') FROM generate_series(1, :count)")
        return sorted(connection.execute(query, {"count": count}).scalars())
    last = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'versions'")).scalar() or 0
    return list(range(last + 1, last + 1 + count))


def _add_articles(connection: Connection, fresh: Mapping[str, dict[str, Any]], *, now: datetime) -> None:
    # In id order: two processes that add the same articles would otherwise deadlock.
    rows = [fresh[identity] for identity in sorted(fresh)]
    insert_new(connection, stories, [story_row(row, now=now) for row in rows])
    insert_new(connection, articles, rows)


def save_removed_lines(connection: Connection, lines: Mapping[int, Iterable[RemovedLine]], *, now: datetime) -> None:
    """Store the lines that were removed from versions, by version number."""
    rows = [
        {"number": number, "line": storable_text(gone.line), "reason": gone.reason, "at": now}
        for number, removed in lines.items()
        for gone in removed
    ]
    if rows:
        connection.execute(insert(removed_lines), rows)


def refresh_articles(connection: Connection, ids: Collection[str], *, now: datetime) -> None:
    """Copy the facts of the current version to its article."""
    mark_search_due(connection, ids)
    for identity in sorted(ids):
        query = select(versions).where(versions.c.article_id == identity)
        rows = connection.execute(query.order_by(*CURRENT_ORDER)).all()
        history = [row._mapping for row in rows]
        current = history[in_force(rows)]
        published = current["facts"].get("published")
        connection.execute(
            update(articles)
            .where(articles.c.id == identity)
            .values(
                version=current["number"],
                title=current["title"],
                language=current["facts"]["language"],
                credit=current["facts"].get("credit"),
                names=canonical_article_id(current["facts"].get("canonical_elsewhere")),
                words=current["words"],
                published=published and datetime.fromisoformat(published),
                first_seen=history[0]["observed"],
                updated=current["observed"],
            )
        )
        _date_alone(connection, identity, history[0]["observed"], now=now)


def _date_alone(connection: Connection, article_id: str, first_seen: datetime, *, now: datetime) -> None:
    """Date a story with a single article by it. Other stories are evaluated again."""
    alone = or_(stories.c.copies == 1, stories.c.absorbed_into.is_not(None))
    is_other = (stories.c.id == article_id) & (stories.c.first_seen != first_seen)
    dates = {"first_seen": first_seen, "last_seen": first_seen, "updated": now}
    connection.execute(update(stories).where(is_other, alone).values(dates))


def _outlet(reading: ProcessedCapture, owners: HostOwners) -> str:
    said = storable_text(reading.capture.outlet) or ""
    return owners.outlet_of(host_of(reading.extracted.url), said[:MAX_OUTLET_CHARS])


def _barred(connection: Connection, readings: Iterable[ProcessedCapture], ids: Iterable[str]) -> set[str]:
    """The digests of these captures that have a tombstone."""
    wanted = {article_digest(identity) for identity in ids} | {reading.content_digest for reading in readings}
    wanted |= {host_digest(host_of(reading.extracted.url)) for reading in readings}
    return set(connection.execute(select(tombstones.c.digest).where(tombstones.c.digest.in_(wanted))).scalars())


def _is_barred(reading: ProcessedCapture, identity: str, barred: Collection[str]) -> bool:
    digests = (article_digest(identity), reading.content_digest, host_digest(host_of(reading.extracted.url)))
    return any(digest in barred for digest in digests)
