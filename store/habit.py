"""When a source that answers is silent: much longer without a new entry than is its own habit."""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil

__all__ = ["LEAST_DAYS", "LEAST_PAUSES", "habit_of", "is_silent", "spoken"]

# Before it has lived through a week, nobody knows what a weekend is to a source.
LEAST_DAYS = 7
LEAST_PAUSES = 5
TIMES_HABIT = 2
SHORTEST = timedelta(days=1)
USUAL = 0.9


def habit_of(pauses: Sequence[int]) -> timedelta | None:
    """How long a source is used to be quiet; None where too little is known.

    `pauses` are the longest of each day on which something new came, in seconds. Nine of ten are no longer than the
    habit: nights and weekends belong to it, and one long holiday, or an earlier outage, does not.
    """
    if len(pauses) < LEAST_PAUSES:
        return None
    return timedelta(seconds=sorted(pauses)[ceil(len(pauses) * USUAL) - 1])


def is_silent(quiet: timedelta, pauses: Sequence[int], *, known_days: int) -> bool:
    """Quiet for twice its habit, and for a day at least. A source that is new, or that hardly ever speaks, never is."""
    habit = habit_of(pauses)
    if habit is None or known_days < LEAST_DAYS:
        return False
    return quiet >= max(SHORTEST, habit * TIMES_HABIT)


def spoken(length: timedelta) -> str:
    """For people: "40 minutes", "9 hours", "3 days"."""
    seconds = max(length.total_seconds(), 0.0)
    for name, unit in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 2 * unit:
            return f"{round(seconds / unit)} {name}s"
    return f"{max(round(seconds / 60), 1)} minutes"
