"""Where a copy stands after its original was changed: whether it still runs the old text.

Only the windows of words that the change took away or brought say anything. A copy that has neither, such as an
excerpt of another passage, is not concerned. Pure functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dedupe.characters import lowered
from dedupe.shingles import units_of
from dedupe.spelling import folded

__all__ = ["History", "Standing", "history_of", "standing_of"]

Standing = Literal["old", "new", "unconcerned"]

WINDOW_WORDS = 5
# A change that only added something leaves no old words to look for: who has nearly all of what was before, and
# nothing of what came, runs the old text.
MOST_OF_IT = 0.8

Windows = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Step:
    """From one earlier text to the current one: what went, what came, and all that there was."""

    gone: Windows
    come: Windows
    before: Windows


@dataclass(frozen=True, slots=True)
class History:
    """The earlier texts beside the current one; `titles` are headlines that only earlier versions had."""

    steps: tuple[_Step, ...]
    titles: frozenset[str]

    @property
    def is_plain(self) -> bool:
        """Whether nothing was changed."""
        return not self.steps and not self.titles


def history_of(versions: Sequence[tuple[str | None, str]]) -> History:
    """Of headlines and texts, the newest first."""
    if len(versions) < 2:
        return History((), frozenset())
    now = _windows(versions[0][1])
    steps = []
    for _, text in versions[1:]:
        before = _windows(text)
        if before != now:
            steps.append(_Step(before - now, now - before, before))
    titles = {title for title, _ in versions[1:] if title} - {versions[0][0]}
    return History(tuple(steps), frozenset(title for title in titles if title))


def standing_of(history: History, title: str | None, text: str) -> Standing:
    """A change of the headline alone is told by the headline."""
    if not history.steps:
        return "old" if title in history.titles else "unconcerned"
    windows = _windows(text)
    found = [_beside(step, windows) for step in history.steps]
    return "old" if "old" in found else "new" if "new" in found else "unconcerned"


def _beside(step: _Step, windows: Windows) -> Standing:
    gone, come = _share(step.gone, windows), _share(step.come, windows)
    if gone > come:
        return "old"
    if come:
        return "new"
    if not step.gone and _share(step.before, windows) >= MOST_OF_IT:
        return "old"
    return "unconcerned"


def _share(of: Windows, windows: Windows) -> float:
    return len(of & windows) / len(of) if of else 0.0


def _windows(text: str) -> Windows:
    words = units_of(lowered(folded(text)))
    if len(words) < WINDOW_WORDS:
        return frozenset([tuple(words)]) if words else frozenset()
    return frozenset(zip(*(words[start:] for start in range(WINDOW_WORDS)), strict=False))
