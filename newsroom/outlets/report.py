"""The report on an outlet: how much of it is wire, whose, and how fast it corrects."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from onestory.pipelines.versions.freshness import Freshness, FreshnessCache
from onestory.store.articles.outlet_report import (
    AgencyShare,
    CorrectedCopy,
    OutletTotals,
    agency_shares,
    corrected_copies,
    outlet_totals,
)
from onestory.store.stories.outlets import OutletRecord, load_outlet
from onestory.store.stories.records import StoryRecord, stories_by_id

__all__ = ["REPORT_DAYS", "OutletReport", "outlet_report"]

REPORT_DAYS = 90
MAX_AGENCIES = 20
# The copies whose originals changed last. More would say little else, and each story is compared as a whole.
MAX_CORRECTED = 100


@dataclass(frozen=True, slots=True)
class OutletReport:
    """An outlet since `since`. `corrected` copies followed a change of their original, after `median_delay`.

    `outdated` are stories of which it still runs the old text.
    """

    outlet: OutletRecord
    since: datetime
    totals: OutletTotals
    agencies: Sequence[AgencyShare]
    corrected: int
    median_delay: timedelta | None
    outdated: Sequence[StoryRecord]


def outlet_report(connection: Connection, name: str, standings: FreshnessCache, *, now: datetime) -> OutletReport:
    """Raises NotFound unless the outlet has a source or an article."""
    record = load_outlet(connection, name)
    since = now - timedelta(days=REPORT_DAYS)
    copies = corrected_copies(connection, record.name, since=since, limit=MAX_CORRECTED)
    found = stories_by_id(connection, sorted({copy.story_id for copy in copies}))
    freshness = {id_: standings.of(connection, story).standings for id_, story in found.items()}
    followed = sorted(_delays(copies, freshness))
    old = [copy.story_id for copy in copies if _freshness(copy, freshness) == "old"]
    return OutletReport(
        record,
        since,
        outlet_totals(connection, record.name, since=since),
        agency_shares(connection, record.name, since=since, limit=MAX_AGENCIES),
        len(followed),
        followed[(len(followed) - 1) // 2] if followed else None,
        [found[id_] for id_ in dict.fromkeys(old)],
    )


Freshnesses = Mapping[str, Mapping[str, Freshness]]


def _freshness(copy: CorrectedCopy, freshness: Freshnesses) -> Freshness | None:
    return freshness.get(copy.story_id, {}).get(copy.article_id)


def _delays(copies: Sequence[CorrectedCopy], freshness: Freshnesses) -> Iterator[timedelta]:
    """How long after the change each copy followed it."""
    for copy in copies:
        if copy.followed is not None and _freshness(copy, freshness) == "new":
            yield copy.followed - copy.corrected
