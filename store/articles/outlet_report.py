"""How an outlet runs the copy of others: how much of it is wire, whose, and how fast it corrects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from onestory.store.schema import articles, stories, versions

__all__ = ["AgencyShare", "CorrectedCopy", "OutletTotals", "agency_shares", "corrected_copies", "outlet_totals"]


@dataclass(frozen=True, slots=True)
class OutletTotals:
    """Articles first seen since a time. `credited` name an agency or another outlet.

    `copied` are copies of a story whose original is another outlet's, without a credit.
    """

    articles: int
    credited: int
    copied: int

    @property
    def own(self) -> int:
        return self.articles - self.credited - self.copied


@dataclass(frozen=True, slots=True)
class AgencyShare:
    """How many of an outlet's articles credit one agency or outlet."""

    credit: str
    articles: int


@dataclass(frozen=True, slots=True)
class CorrectedCopy:
    """A copy of an original that has changed since: when it did, and when the copy followed, if it did."""

    article_id: str
    story_id: str
    corrected: datetime
    followed: datetime | None


def outlet_totals(connection: Connection, name: str, *, since: datetime) -> OutletTotals:
    original = articles.alias("original")
    has_credit = and_(articles.c.credit.is_not(None), articles.c.credit != name)
    is_copy = and_(articles.c.id != stories.c.original, original.c.outlet != name)
    joined = articles.join(stories, stories.c.id == articles.c.story_id)
    query = select(
        func.count(),
        func.count().filter(has_credit),
        func.count().filter(is_copy, func.coalesce(articles.c.credit, name) == name),
    ).select_from(joined.outerjoin(original, original.c.id == stories.c.original))
    row = connection.execute(query.where(articles.c.outlet == name, articles.c.first_seen >= since)).one()
    return OutletTotals(*row)


def agency_shares(connection: Connection, name: str, *, since: datetime, limit: int) -> list[AgencyShare]:
    """The agencies and outlets that its articles credit, the most frequent first."""
    count = func.count().label("count")
    query = select(articles.c.credit, count).where(
        articles.c.outlet == name,
        articles.c.first_seen >= since,
        articles.c.credit.is_not(None),
        articles.c.credit != name,
    )
    grouped = query.group_by(articles.c.credit).order_by(count.desc(), articles.c.credit)
    return [AgencyShare(*row) for row in connection.execute(grouped.limit(limit))]


def corrected_copies(connection: Connection, name: str, *, since: datetime, limit: int) -> Sequence[CorrectedCopy]:
    """Its copies of other outlets' originals that changed after it ran them, the latest change first.

    `followed` is the first version of the copy that was observed after the change, whatever it says.
    """
    original = articles.alias("original")
    later = (
        select(func.min(versions.c.observed))
        .where(versions.c.article_id == articles.c.id, versions.c.observed >= original.c.updated)
        .correlate(articles, original)
        .scalar_subquery()
    )
    query = (
        select(articles.c.id, articles.c.story_id, original.c.updated, later)
        .select_from(
            articles.join(stories, stories.c.id == articles.c.story_id).join(
                original, original.c.id == stories.c.original
            )
        )
        .where(
            articles.c.outlet == name,
            articles.c.first_seen >= since,
            original.c.outlet != name,
            original.c.version != original.c.arrival,
            articles.c.first_seen < original.c.updated,
        )
        .order_by(original.c.updated.desc(), articles.c.id)
    )
    return [CorrectedCopy(*row) for row in connection.execute(query.limit(limit))]
