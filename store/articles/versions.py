"""Reading versions, for verification, for the sweep and for rebuilding the index."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, or_, select, update

from onestory.store.articles.dropped_texts import has_text
from onestory.store.queries import chunks, existing_values, rows_in
from onestory.store.schema import articles, matches, versions

__all__ = [
    "NewestText",
    "Signed",
    "VersionText",
    "count_versions",
    "existing_versions",
    "first_with_same_text",
    "newest_texts",
    "reopen_after_sequence",
    "reopen_versions",
    "replace_signatures",
    "signatures_of",
    "text_digests_of",
    "unattached_versions",
    "update_sequences",
    "version_texts",
    "versions_after",
    "versions_of",
    "versions_with_text",
    "with_titles",
]

MAX_SAME_TEXT = 1000


@dataclass(frozen=True, slots=True)
class VersionText:
    """The fields of a version that verification needs. `signature` is opaque, made with `signature_params`.

    `title` is the version's own, `url` its article's.
    """

    number: int
    article_id: str
    text: str
    signature: bytes
    signature_params: str
    title: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A version without its text."""

    number: int
    article_id: str
    signature: bytes
    title: str | None
    url: str


@dataclass(frozen=True, slots=True)
class NewestText:
    """The current version of an article."""

    number: int
    article_id: str
    title: str | None
    text: str


VERSION_TEXT_COLUMNS = (
    versions.c.number,
    versions.c.article_id,
    versions.c.text,
    versions.c.signature,
    versions.c.signature_params,
    versions.c.title,
    articles.c.url,
)
WITH_ARTICLES = versions.join(articles, articles.c.id == versions.c.article_id)


def version_texts(connection: Connection, numbers: Collection[int]) -> list[VersionText]:
    """Those of these versions that exist, in no order."""
    return _texts(connection, (versions.c.number.in_(part) for part in chunks(numbers)))


def versions_of(connection: Connection, article_ids: Collection[str]) -> list[VersionText]:
    """All versions of these articles, in no order."""
    return _texts(connection, (versions.c.article_id.in_(part) for part in chunks(article_ids)))


def _texts(connection: Connection, chosen: Iterable[ColumnElement[bool]]) -> list[VersionText]:
    query = select(*VERSION_TEXT_COLUMNS).select_from(WITH_ARTICLES)
    return [VersionText(*row) for which in chosen for row in connection.execute(query.where(which))]


def signatures_of(connection: Connection, numbers: Collection[int]) -> list[Signed]:
    """Those of these versions that exist, in no order."""
    columns = (versions.c.number, versions.c.article_id, versions.c.signature, versions.c.title, articles.c.url)
    query = select(*columns).select_from(WITH_ARTICLES)
    return [
        Signed(*row) for part in chunks(numbers) for row in connection.execute(query.where(versions.c.number.in_(part)))
    ]


def first_with_same_text(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    """For each version, the first one ever stored with the same words, unless it is the version itself."""
    first = versions.alias("earlier")
    earliest = select(func.min(first.c.number)).where(first.c.text_digest == versions.c.text_digest).scalar_subquery()
    found: dict[int, int] = {}
    for part in chunks(numbers):
        rows = connection.execute(select(versions.c.number, earliest).where(versions.c.number.in_(part)))
        found |= {number: other for number, other in rows if number != other}
    return found


def text_digests_of(connection: Connection, numbers: Collection[int]) -> dict[int, bytes]:
    """The digest of the words, by version number, for the versions that exist."""
    query = select(versions.c.number, versions.c.text_digest)
    return dict(rows_in(connection, query, versions.c.number, numbers))


def existing_versions(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Those of these versions that exist."""
    return existing_values(connection, versions.c.number, numbers)


def with_titles(connection: Connection, given: Sequence[VersionText]) -> list[VersionText]:
    """The versions with their titles and addresses as they are stored, where these are missing."""
    query = select(versions.c.number, versions.c.title, articles.c.url).select_from(WITH_ARTICLES)
    result = {
        number: (title, url)
        for part in chunks([version.number for version in given if not version.url])
        for number, title, url in connection.execute(query.where(versions.c.number.in_(part)))
    }
    return [
        replace(version, title=result[version.number][0], url=result[version.number][1])
        if version.number in result
        else version
        for version in given
    ]


def unattached_versions(connection: Connection, *, limit: int) -> list[VersionText]:
    """The oldest versions that are stored and not yet attached to a story."""
    query = select(*VERSION_TEXT_COLUMNS).select_from(WITH_ARTICLES).where(versions.c.attached.is_(None))
    query = query.order_by(versions.c.number).limit(limit)
    return [VersionText(*row) for row in connection.execute(query)]


def versions_with_text(connection: Connection, digest: bytes) -> list[int]:
    """The numbers of all stored versions with exactly these words."""
    query = select(versions.c.number).where(versions.c.text_digest == digest).order_by(versions.c.number)
    return list(connection.execute(query.limit(MAX_SAME_TEXT)).scalars())


def versions_after(connection: Connection, *, after: int, limit: int) -> list[VersionText]:
    """The next `limit` versions after a number, in order."""
    query = select(*VERSION_TEXT_COLUMNS).select_from(WITH_ARTICLES).where(versions.c.number > after)
    query = query.order_by(versions.c.number).limit(limit)
    return [VersionText(*row) for row in connection.execute(query)]


def newest_texts(connection: Connection, *, before: int | None, limit: int) -> list[NewestText]:
    """The current texts of articles below version number `before`, newest first."""
    query = select(versions.c.number, versions.c.article_id, versions.c.title, versions.c.text)
    query = query.join(articles, and_(articles.c.id == versions.c.article_id, articles.c.version == versions.c.number))
    if before is not None:
        query = query.where(versions.c.number < before)
    return [NewestText(*row) for row in connection.execute(query.order_by(versions.c.number.desc()).limit(limit))]


def count_versions(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(versions)).scalar_one()


def reopen_after_sequence(connection: Connection, *, after_sequence: int) -> int:
    """Reopen versions registered after a sequence number, and return how many."""
    statement = update(versions).where(versions.c.attached > after_sequence).values(attached=None)
    return connection.execute(statement).rowcount


def reopen_versions(connection: Connection, numbers: Collection[int]) -> None:
    """Mark versions as not attached."""
    for part in chunks(numbers):
        connection.execute(update(versions).where(versions.c.number.in_(part)).values(attached=None))


def update_sequences(connection: Connection, sequences: Mapping[int, int]) -> None:
    """Update the sequence numbers of attached versions."""
    rows = [{"key": number, "to": sequence} for number, sequence in sequences.items()]
    if rows:
        statement = update(versions).where(versions.c.number == bindparam("key"), versions.c.attached.is_not(None))
        connection.execute(statement.values(attached=bindparam("to")), rows)


def replace_signatures(connection: Connection, signatures: Mapping[int, tuple[bytes, bytes]], *, params: str) -> None:
    """Replace signatures and digests of the words by those of other parameters, and forget what rests on the old ones.

    The versions are marked as not attached: the next sweep compares and evaluates them by the rules of today.
    """
    rows = [{"key": number, "bytes": signature, "same": digest} for number, (signature, digest) in signatures.items()]
    if rows:
        statement = update(versions).where(versions.c.number == bindparam("key"))
        values = {"signature": bindparam("bytes"), "text_digest": bindparam("same"), "signature_params": params}
        connection.execute(statement.values(values), rows)
        _forget_matches(connection, signatures)


def _forget_matches(connection: Connection, numbers: Collection[int]) -> None:
    # What matches a text that was dropped cannot be compared again.
    comparable = and_(has_text(matches.c.a), has_text(matches.c.b))
    for part in chunks(numbers):
        connection.execute(delete(matches).where(or_(matches.c.a.in_(part), matches.c.b.in_(part)), comparable))
    reopen_versions(connection, numbers)
