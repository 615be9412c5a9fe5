"""The spread of a story as a chart and as a table. All functions are pure."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from onestory.store.stories.copies import CopyTimes

__all__ = ["CHART_HEIGHT", "CHART_WIDTH", "ChartDot", "ChartRow", "SpreadChart", "spread_chart"]

CHART_WIDTH, CHART_HEIGHT = 640, 150
MAX_CHART_ROWS = 24
MAX_CHART_DOTS = 150
# The time span of a table row.
TABLE_STEPS = tuple(timedelta(minutes=minutes) for minutes in (10, 30, 60, 180, 360, 720, 1440, 2880, 10_080, 43_200))
# Stated times further away say nothing about the spread.
MAX_CLAIM_DISTANCE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class ChartDot:
    """A copy on a lane of the chart."""

    x: int
    outlet: str
    at: datetime
    is_ours: bool


@dataclass(frozen=True, slots=True)
class ChartRow:
    """A row of the table: the copies seen, and the copies published per page, up to `until`."""

    until: datetime
    seen: int
    claimed: int


@dataclass(frozen=True, slots=True)
class SpreadChart:
    """The chart. `seen` and `claimed` are rising lines; the lanes have a dot per copy."""

    seen: str
    claimed: str
    seen_dots: tuple[ChartDot, ...]
    claimed_dots: tuple[ChartDot, ...]
    begin: datetime
    end: datetime
    most: int
    rows: tuple[ChartRow, ...]


def spread_chart(members: Sequence[CopyTimes], ours: Collection[str]) -> SpreadChart | None:
    """The chart of a story, or None if it ran in one place only or came all at once."""
    seen = sorted((copy.first_seen, copy.outlet) for copy in members)
    claimed = sorted((then, copy.outlet) for copy in members if (then := _near_claim(copy)) is not None)
    times = [then for then, _ in (*seen, *claimed)]
    begin, end = min(times), max(times)
    if len(members) < 2 or begin == end:
        return None
    return SpreadChart(
        _line([then for then, _ in seen], begin, end, len(members)),
        _line([then for then, _ in claimed], begin, end, len(members)),
        _dots(seen, begin, end, ours),
        _dots(claimed, begin, end, ours),
        begin,
        end,
        len(members),
        _rows([then for then, _ in seen], [then for then, _ in claimed], begin, end),
    )


def _near_claim(copy: CopyTimes) -> datetime | None:
    if copy.published is None or abs(copy.first_seen - copy.published) > MAX_CLAIM_DISTANCE:
        return None
    return copy.published


def _x(then: datetime, begin: datetime, end: datetime, width: int) -> int:
    return round((then - begin) / (end - begin) * width)


def _line(times: Sequence[datetime], begin: datetime, end: datetime, most: int) -> str:
    corners = [(_x(then, begin, end, CHART_WIDTH), number) for number, then in enumerate(times, 1)]
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
        ChartDot(_x(then, begin, end, CHART_WIDTH), name, then, name in ours) for then, name in times[:MAX_CHART_DOTS]
    )


def _rows(
    seen: Sequence[datetime], claimed: Sequence[datetime], begin: datetime, end: datetime
) -> tuple[ChartRow, ...]:
    step = next(
        (step for step in TABLE_STEPS if (end - begin) / step <= MAX_CHART_ROWS), (end - begin) / MAX_CHART_ROWS
    )
    count = int((end - begin) / step) + 1
    edges = [min(begin + step * number, end) for number in range(1, count + 1)]
    return tuple(ChartRow(edge, bisect_right(seen, edge), bisect_right(claimed, edge)) for edge in edges)
