"""The history of an article: versions, what each changed, and withdrawals."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from onestory.store.queries import columns_of, rows_in
from onestory.store.schema import articles, versions, withdrawals

__all__ = [
    "VersionDiff",
    "VersionRecord",
    "WithdrawalRecord",
    "save_version_diffs",
    "titles_and_texts",
    "version_records",
    "withdrawals_of",
]


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """The changes from one version, `of`, to the next: word counts, and whether the headline changed.

    `is_unrelated`: they share nothing, and the later one is not in force until another confirms it.
    """

    of: int
    title_changed: bool
    kept: int
    added: int
    removed: int
    moved: int
    is_unrelated: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A version of an article's text. `changes` is a `VersionDiff` as a mapping. `text_dropped`: since when the text is
    no longer kept.
    """

    number: int
    observed: datetime
    title: str | None
    words: int
    content_digest: str
    changes: dict[str, Any] | None
    is_current: bool
    text_dropped: datetime | None = None


@dataclass(frozen=True, slots=True)
class WithdrawalRecord:
    """A period in which an article was unavailable. `returned` is None while it lasts.

    `withdrawn` is the first revisit that did not find the article, `confirmed` the one that settled it.
    """

    withdrawn: datetime
    confirmed: datetime
    reason: str
    http_status: int | None
    location: str | None
    returned: datetime | None


def version_records(connection: Connection, article_id: str) -> list[VersionRecord]:
    """All versions of an article, oldest first."""
    query = (
        select(versions.c.number, versions.c.observed, versions.c.title, versions.c.words, versions.c.content_digest)
        .add_columns(versions.c.changes, versions.c.number == articles.c.version, versions.c.text_dropped)
        .join(articles, articles.c.id == versions.c.article_id)
        .where(versions.c.article_id == article_id)
        .order_by(versions.c.observed, versions.c.content_digest)
    )
    return [VersionRecord(*row) for row in connection.execute(query)]


def withdrawals_of(connection: Connection, article_id: str) -> list[WithdrawalRecord]:
    """The withdrawals of an article, oldest first."""
    columns = columns_of(withdrawals, WithdrawalRecord)
    query = select(*columns).where(withdrawals.c.article_id == article_id)
    return [WithdrawalRecord(*row) for row in connection.execute(query.order_by(withdrawals.c.id))]


def titles_and_texts(connection: Connection, numbers: Collection[int]) -> dict[int, tuple[str | None, str]]:
    """Headline and text by version number, for the versions that exist."""
    columns = (versions.c.number, versions.c.title, versions.c.text)
    return {
        number: (title, text)
        for number, title, text in rows_in(connection, select(*columns), versions.c.number, numbers)
    }


def save_version_diffs(connection: Connection, changes: Mapping[int, VersionDiff]) -> None:
    """Store with each version what it changed."""
    rows: Sequence[dict[str, Any]] = [{"key": number, "became": result.to_dict()} for number, result in changes.items()]
    if rows:
        statement = update(versions).where(versions.c.number == bindparam("key"))
        connection.execute(statement.values(changes=bindparam("became", type_=versions.c.changes.type)), rows)
