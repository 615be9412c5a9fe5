"""Replacing the text of a version by a better extraction of the same page, under the same version number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, update

from onestory.store.articles.captures import ProcessedCapture, RemovedLine, page_facts, storable_text
from onestory.store.articles.dropped_texts import has_text
from onestory.store.articles.save import SaveResult, refresh_articles, save_removed_lines
from onestory.store.queries import chunks
from onestory.store.schema import articles, matches, removed_lines, stories, tombstones, versions

__all__ = [
    "ReplacementText",
    "VersionRow",
    "keep_better_set",
    "replace_facts",
    "replace_texts",
    "version_rows",
    "versions_by_warc_offset",
    "versions_of_host",
]


_CAREFUL_SIGNS = "‘’“”„«»–—…"


@dataclass(frozen=True, slots=True)
class ReplacementText:
    """The new content of a version."""

    number: int
    title: str | None
    text: str
    facts: Mapping[str, Any]
    removed: tuple[RemovedLine, ...]
    content_digest: str
    text_digest: bytes
    words: int
    signature: bytes
    signature_params: str
    extractor: str

    @classmethod
    def from_capture(cls, number: int, reading: ProcessedCapture) -> "ReplacementText":
        return cls(
            number,
            storable_text(reading.extracted.title),
            storable_text(reading.extracted.text) or "",
            page_facts(reading.extracted),
            reading.extracted.removed,
            reading.content_digest,
            reading.text_digest,
            reading.extracted.words,
            reading.signature,
            reading.signature_params,
            reading.extractor,
        )


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A stored version, with the outlet and URL of its article."""

    number: int
    article_id: str
    url: str
    outlet: str
    observed: datetime
    title: str | None
    text: str
    facts: dict[str, Any]
    content_digest: str
    words: int
    signature: bytes
    signature_params: str
    extractor: str


def _kept() -> Any:
    return select(
        versions.c.number,
        versions.c.article_id,
        articles.c.url,
        articles.c.outlet,
        versions.c.observed,
        versions.c.title,
        versions.c.text,
        versions.c.facts,
        versions.c.content_digest,
        versions.c.words,
        versions.c.signature,
        versions.c.signature_params,
        versions.c.extractor,
    ).join(articles, and_(articles.c.id == versions.c.article_id, versions.c.text_dropped.is_(None)))


def version_rows(connection: Connection, numbers: Collection[int]) -> list[VersionRow]:
    """Those of these versions that exist and have their text, by number."""
    rows = [row for part in chunks(numbers) for row in connection.execute(_kept().where(versions.c.number.in_(part)))]
    return sorted((VersionRow(*row) for row in rows), key=lambda kept: kept.number)


def versions_by_warc_offset(connection: Connection, warc_file: str, offsets: Collection[int]) -> dict[int, VersionRow]:
    """The versions made from these records of a WARC file, by offset."""
    found: dict[int, VersionRow] = {}
    for part in chunks(offsets):
        query = _kept().add_columns(versions.c.warc_offset)
        query = query.where(versions.c.warc_file == warc_file, versions.c.warc_offset.in_(part))
        found |= {row[-1]: VersionRow(*row[:-1]) for row in connection.execute(query)}
    return found


def versions_of_host(connection: Connection, host: str, *, after: int, limit: int) -> list[VersionRow]:
    """The next `limit` versions of a host (without www.) after a version number, in order."""
    query = _kept().where(articles.c.host.in_((host, f"www.{host}")), versions.c.number > after)
    return [VersionRow(*row) for row in connection.execute(query.order_by(versions.c.number).limit(limit))]


def replace_texts(connection: Connection, texts: Sequence[ReplacementText], *, now: datetime) -> list[int]:
    """Replace texts, and return the numbers of all versions to attach again, including versions of other articles.

    Matches of the old texts are deleted. A text is skipped if its version no longer exists, its new content was taken
    down, or another version of the article has the same content and time.
    """
    taken = [text for text in texts if _may_stand(connection, text)]
    numbers = [text.number for text in taken]
    for text in taken:
        _replace(connection, text, now=now)
    around = _forget_matches(connection, numbers)
    reopened = sorted({*numbers, *around})
    for part in chunks(reopened):
        connection.execute(update(versions).where(versions.c.number.in_(part)).values(attached=None))
    return reopened


def replace_facts(connection: Connection, texts: Sequence[ReplacementText], *, now: datetime) -> None:
    """Replace the page facts of versions whose title and text are unchanged."""
    for text in texts:
        _replace(connection, text, now=now)


def keep_better_set(
    connection: Connection, readings: Sequence[ProcessedCapture], saved: Sequence[SaveResult], *, now: datetime
) -> set[int]:
    """Of captures that have the same words keep the one that is set with more care, whichever arrived first.

    Curled quotes, dashes and paragraphs count. Returns the versions whose text was replaced, to be attached again; the
    words, and so their signatures and matches, are the same.
    """
    offered = [(one.same_as, reading) for one, reading in zip(saved, readings, strict=True) if one.same_as is not None]
    stored = {row.number: row for row in version_rows(connection, {number for number, _ in offered})}
    replaced: set[int] = set()
    for number, reading in offered:
        text = ReplacementText.from_capture(number, reading)
        row = stored.get(number)
        if row is None or row.content_digest == text.content_digest or not _may_stand(connection, text):
            continue
        if _care(text.title, text.text, text.content_digest) > _care(row.title, row.text, row.content_digest):
            _replace(connection, replace(text, facts=row.facts), now=now)
            place = {"warc_file": reading.capture.warc_file, "warc_offset": reading.capture.warc_offset}
            connection.execute(update(versions).where(versions.c.number == number).values(place | {"attached": None}))
            stored[number] = replace(row, title=text.title, text=text.text, content_digest=text.content_digest)
            replaced.add(number)
    return replaced


def _care(title: str | None, text: str, digest: str) -> tuple[int, int, str]:
    whole = f"{title or ''} {text}"
    return sum(map(whole.count, _CAREFUL_SIGNS)), text.count("\n"), digest


def _may_stand(connection: Connection, text: ReplacementText) -> bool:
    place = select(versions.c.article_id, versions.c.observed).where(versions.c.number == text.number)
    row = connection.execute(place).one_or_none()
    if row is None:
        return False
    barred = select(tombstones.c.digest).where(tombstones.c.digest == text.content_digest)
    same = select(versions.c.number).where(
        versions.c.article_id == row.article_id,
        versions.c.observed == row.observed,
        versions.c.content_digest == text.content_digest,
        versions.c.number != text.number,
    )
    return connection.execute(barred).first() is None and connection.execute(same).first() is None


def _replace(connection: Connection, text: ReplacementText, *, now: datetime) -> None:
    values = {
        "title": text.title,
        "text": text.text,
        "facts": dict(text.facts),
        "content_digest": text.content_digest,
        "text_digest": text.text_digest,
        "words": text.words,
        "signature": text.signature,
        "signature_params": text.signature_params,
        "extractor": text.extractor,
    }
    statement = update(versions).where(versions.c.number == text.number).values(values)
    article_id = connection.execute(statement.returning(versions.c.article_id)).scalar_one_or_none()
    if article_id is None:
        return
    connection.execute(delete(removed_lines).where(removed_lines.c.number == text.number))
    save_removed_lines(connection, {text.number: text.removed}, now=now)
    refresh_articles(connection, {article_id}, now=now)
    _retell_alone(connection, article_id, now=now)


def _retell_alone(connection: Connection, article_id: str, *, now: datetime) -> None:
    """Update the record of a story with a single article. Other stories are evaluated again."""
    row = connection.execute(select(articles).where(articles.c.id == article_id)).one()
    result = {
        "title": row.title,
        "language": row.language,
        "credit": row.credit,
        "published": row.published,
        "updated": now,
    }
    alone = or_(stories.c.copies == 1, stories.c.absorbed_into.is_not(None))
    connection.execute(update(stories).where(stories.c.id == article_id, alone).values(result))


def _forget_matches(connection: Connection, numbers: Sequence[int]) -> set[int]:
    """Delete the matches of these versions. Returns the versions at their other ends, with the current ones of their
    articles.
    """
    around: set[int] = set()
    touched: set[str] = set()
    for part in chunks(numbers):
        for mine, other, article in (
            (matches.c.a, matches.c.b, matches.c.b_article),
            (matches.c.b, matches.c.a, matches.c.a_article),
        ):
            # What matches a text that was dropped cannot be compared again.
            gone = delete(matches).where(mine.in_(part), has_text(other))
            rows = connection.execute(gone.returning(other, article)).all()
            around |= {row[0] for row in rows}
            touched |= {row[1] for row in rows}
    for ids in chunks(touched):
        around |= set(connection.execute(select(articles.c.version).where(articles.c.id.in_(ids))).scalars())
    return around
