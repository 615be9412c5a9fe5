"""Freshness of copies: whether a copy still runs the old text after its original changed.

Only the word windows that the change removed or added count. A copy with neither, such as an excerpt of another
passage, is not affected. The functions are pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from onestory.cache import LruCache
from onestory.dedupe.characters import folded, lowered
from onestory.dedupe.shingles import units_of
from onestory.store.events.story_events import WITHDRAWAL_NOTICES
from onestory.store.stories.copies import current_texts, recent_titles_and_texts
from onestory.store.stories.outlets import own_outlets
from onestory.store.stories.records import CopyRecord, StoryRecord, copies_of_story, load_article

__all__ = ["Freshness", "FreshnessCache", "OutdatedCopies", "TextHistory", "freshness_of", "history_of"]


Freshness = Literal["old", "new", "unconcerned"]


WINDOW_WORDS = 5

# A change that only added something leaves no old words to look for: who has nearly all of what was before, and
# nothing of what came, runs the old text.
MOST_OF_IT = 0.8


Windows = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Step:
    """From one earlier text to the current one: windows removed, windows added, and all earlier windows."""

    gone: Windows
    come: Windows
    before: Windows


@dataclass(frozen=True, slots=True)
class TextHistory:
    """The earlier texts compared with the current one; `titles` are headlines that only earlier versions had."""

    steps: tuple[_Step, ...]
    titles: frozenset[str]

    @property
    def is_plain(self) -> bool:
        """Whether there was no change."""
        return not self.steps and not self.titles


def history_of(versions: Sequence[tuple[str | None, str]]) -> TextHistory:
    """Build the history from headlines and texts, newest first."""
    if len(versions) < 2:
        return TextHistory((), frozenset())
    now = _windows(versions[0][1])
    steps = []
    for _, text in versions[1:]:
        before = _windows(text)
        if before != now:
            steps.append(_Step(before - now, now - before, before))
    titles = {title for title, _ in versions[1:] if title} - {versions[0][0]}
    return TextHistory(tuple(steps), frozenset(title for title in titles if title))


def freshness_of(history: TextHistory, title: str | None, text: str) -> Freshness:
    """Compare a copy with the history. If only the headline changed, the headline decides."""
    if not history.steps:
        return "old" if title in history.titles else "unconcerned"
    windows = _windows(text)
    found = [_beside(step, windows) for step in history.steps]
    return "old" if "old" in found else "new" if "new" in found else "unconcerned"


def _beside(step: _Step, windows: Windows) -> Freshness:
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


MAX_CACHED_FRESHNESS = 1_000

MAX_COMPARED_VERSIONS = 6

# Of a story with more copies ours are compared, and the first of the others.
MAX_COMPARED_COPIES = 200


@dataclass(frozen=True, slots=True)
class OutdatedCopies:
    """Which copies are outdated. `reason` is "changed", "withdrawn" or "" for neither.

    `standings` are by article, of the others that were compared; `old_outlets` and `old_ours` count outlets, and
    `outlets` all others that have it.
    """

    reason: str = ""
    standings: Mapping[str, Freshness] = field(default_factory=dict)
    outlets: int = 0
    old_outlets: int = 0
    old_ours: int = 0

    @property
    def needs_action(self) -> bool:
        """Whether to act: one of our outlets, or most outlets, run what the original took back."""
        return self.old_ours > 0 or self.old_outlets * 2 > self.outlets


class FreshnessCache:
    """The freshness of stories, cached by `updated`, which changes whenever a copy comes, goes or changes.

    Which outlets are the operator's own may change at any time, in any process, so it is read each time.
    """

    def __init__(self) -> None:
        self._cache: LruCache[tuple[str, datetime, frozenset[str]], OutdatedCopies] = LruCache(MAX_CACHED_FRESHNESS)

    def of(self, connection: Connection, story: StoryRecord) -> OutdatedCopies:
        return self.of_all(connection, [story])[story.id]

    def of_all(self, connection: Connection, stories: Collection[StoryRecord]) -> dict[str, OutdatedCopies]:
        """The freshness of each of these stories, by id."""
        own = frozenset(own_outlets(connection))
        return {story.id: self._of(connection, story, own) for story in stories}

    def _of(self, connection: Connection, story: StoryRecord, own: frozenset[str]) -> OutdatedCopies:
        if story.copies < 2:
            return OutdatedCopies()
        return self._cache.get_or_compute((story.id, story.updated, own), lambda: _compared(connection, story, own))


def _compared(connection: Connection, story: StoryRecord, own: frozenset[str]) -> OutdatedCopies:
    original = load_article(connection, story.original)
    is_withdrawn = original.copy.withdrawn is not None or original.facts.get("notice") in WITHDRAWAL_NOTICES
    history = history_of(recent_titles_and_texts(connection, story.original, limit=MAX_COMPARED_VERSIONS))
    if history.is_plain and not is_withdrawn:
        return OutdatedCopies()
    members = copies_of_story(connection, story.id)
    ours = own & {copy.outlet for copy in members}
    others = [copy for copy in members if copy.id != story.original and copy.withdrawn is None]
    others = sorted(others, key=lambda copy: copy.outlet not in ours)[:MAX_COMPARED_COPIES]
    if is_withdrawn:
        return _counted("withdrawn", others, ours, {copy.id: "old" for copy in others})
    texts = current_texts(connection, [copy.id for copy in others])
    standings = {one: freshness_of(history, read.title, read.text) for one, read in texts.items()}
    return _counted("changed", others, ours, standings)


def _counted(
    reason: str, others: Sequence[CopyRecord], ours: frozenset[str], standings: Mapping[str, Freshness]
) -> OutdatedCopies:
    old = {copy.outlet for copy in others if standings.get(copy.id) == "old"}
    return OutdatedCopies(reason, standings, len({copy.outlet for copy in others}), len(old), len(old & ours))
