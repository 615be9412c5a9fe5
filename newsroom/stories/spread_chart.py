"""The spread of a story as a chart and as a table. All functions are pure."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median_low

from onestory.store.stories.copies import CopyTimes

__all__ = ["CHART_HEIGHT", "CHART_WIDTH", "ChartDot", "ChartRow", "ChartTick", "SpreadChart", "spread_chart"]

CHART_WIDTH, CHART_HEIGHT = 640, 150
MAX_CHART_ROWS = 24
MAX_CHART_DOTS = 150
MAX_TICKS = 5
# The time span of a table row, and the distance of two ticks.
STEPS = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 5760, 10_080, 20_160, 43_200, 129_600)
)
MIN_TABLE_STEP = timedelta(minutes=10)
# Stated times further away say nothing about the spread: from the time first seen, or of imported copies from the
# middle one of the stated times.
MAX_CLAIM_DISTANCE = timedelta(days=2)
MAX_IMPORTED_DISTANCE = timedelta(days=14)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ChartDot:
    """A copy on a lane of the chart. `x` is in percent of the width."""

    x: float
    outlet: str
    at: datetime
    is_ours: bool


@dataclass(frozen=True, slots=True)
class ChartTick:
    """A labelled time on the axis. `x` is in percent of the width."""

    x: float
    at: datetime


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A row of the table: the copies seen, and the copies published per page, up to `until`."""

    until: datetime
    seen: int
    claimed: int


@dataclass(frozen=True, slots=True)
class SpreadChart:
    """The chart. `seen` and `claimed` are rising lines; the lanes have a dot per copy.

    Copies that were imported without the time of their fetch (`imported` of them) are in `claimed` only.
    """

    seen: str
    claimed: str
    seen_dots: tuple[ChartDot, ...]
    claimed_dots: tuple[ChartDot, ...]
    ticks: tuple[ChartTick, ...]
    begin: datetime
    end: datetime
    most: int
    imported: int
    rows: tuple[ChartRow, ...]


def spread_chart(members: Sequence[CopyTimes], ours: Collection[str]) -> SpreadChart | None:
    """The chart of a story, or None if fewer than two copies have a time that says when they ran, or all have one."""
    seen = sorted((copy.first_seen, copy.outlet) for copy in members if copy.is_observed)
    claimed = sorted(_stated(members))
    times = [then for then, _ in (*seen, *claimed)]
    if len(members) < 2 or not times or min(times) == max(times):
        return None
    begin, end = min(times), max(times)
    return SpreadChart(
        _line([then for then, _ in seen], begin, end, len(members)),
        _line([then for then, _ in claimed], begin, end, len(members)),
        _dots(seen, begin, end, ours),
        _dots(claimed, begin, end, ours),
        _ticks(begin, end),
        begin,
        end,
        len(members),
        len(members) - len(seen),
        _rows([then for then, _ in seen], [then for then, _ in claimed], begin, end),
    )


def _stated(members: Sequence[CopyTimes]) -> list[tuple[datetime, str]]:
    """The stated times that may be of this spread, with the outlets."""
    imported = [copy.published for copy in members if copy.published is not None and not copy.is_observed]
    middle = median_low(imported) if imported else None
    return [
        (copy.published, copy.outlet)
        for copy in members
        if copy.published is not None
        and (
            abs(copy.first_seen - copy.published) <= MAX_CLAIM_DISTANCE
            if copy.is_observed or middle is None
            else abs(copy.published - middle) <= MAX_IMPORTED_DISTANCE
        )
    ]


def _share(then: datetime, begin: datetime, end: datetime) -> float:
    return (then - begin) / (end - begin)


def _line(times: Sequence[datetime], begin: datetime, end: datetime, most: int) -> str:
    corners = [(round(_share(then, begin, end) * CHART_WIDTH), number) for number, then in enumerate(times, 1)]
    return _stairs(corners, most, CHART_WIDTH, CHART_HEIGHT) if corners else ""


def _stairs(corners: Sequence[tuple[int, int]], most: int, width: int, height: int) -> str:
    """The points of a line that rises at each corner and continues to the right edge. Of equal x the last counts."""
    points: list[tuple[int, int]] = []
    y = height
    for x, total in dict(corners).items():
        points.append((x, y))
        y = height - round(total / most * height)
        points.append((x, y))
    points.append((width, y))
    return " ".join(f"{x},{y}" for x, y in points)


def _dots(
    times: Sequence[tuple[datetime, str]], begin: datetime, end: datetime, ours: Collection[str]
) -> tuple[ChartDot, ...]:
    return tuple(
        ChartDot(round(_share(then, begin, end) * 100, 2), name, then, name in ours)
        for then, name in times[:MAX_CHART_DOTS]
    )


def _ticks(begin: datetime, end: datetime) -> tuple[ChartTick, ...]:
    """Round times between the ends, at most `MAX_TICKS`; both ends if no round time is between them."""
    step = next((step for step in STEPS if (end - begin) / step <= MAX_TICKS), (end - begin) / MAX_TICKS)
    first = EPOCH + -(-(begin - EPOCH) // step) * step
    at = [first + step * number for number in range(MAX_TICKS + 1) if first + step * number <= end]
    return tuple(ChartTick(round(_share(then, begin, end) * 100, 2), then) for then in (at[:MAX_TICKS] or (begin, end)))


def _rows(
    seen: Sequence[datetime], claimed: Sequence[datetime], begin: datetime, end: datetime
) -> tuple[ChartRow, ...]:
    steps = (step for step in STEPS if step >= MIN_TABLE_STEP and (end - begin) / step <= MAX_CHART_ROWS)
    step = next(steps, (end - begin) / MAX_CHART_ROWS)
    count = int((end - begin) / step) + 1
    edges = [min(begin + step * number, end) for number in range(1, count + 1)]
    return tuple(ChartRow(edge, bisect_right(seen, edge), bisect_right(claimed, edge)) for edge in edges)
