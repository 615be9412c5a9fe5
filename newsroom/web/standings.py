"""Which copies still run what their original has changed: counted once for each state of a story, and kept."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection

from pipelines.standing import Standing, history_of, standing_of
from store.records import Copy, StoryRecord, article, copies
from store.story_copies import our_outlets, texts_of_copies, versions_of
from store.story_events import WITHDRAWING

__all__ = ["Outdated", "Standings"]

MOST_KEPT = 1_000
MOST_VERSIONS = 6
# Of a story with more copies ours are compared, and the first of the others.
MOST_COPIES = 200


@dataclass(frozen=True, slots=True)
class Outdated:
    """What became of a change of the original. `reason` is "changed", "withdrawn" or "" for neither.

    `standings` are by article, of the others that were compared; `old_outlets` and `old_ours` count outlets, and
    `outlets` all others that have it.
    """

    reason: str = ""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    outlets: int = 0
    old_outlets: int = 0
    old_ours: int = 0

    @property
    def asks_to_act(self) -> bool:
        """Ours, or most, run what the original has taken back."""
        return self.old_ours > 0 or self.old_outlets * 2 > self.outlets


class Standings:
    """One for an app. A story's record has a new `updated` whenever one of its copies came, went or changed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, datetime], Outdated] = OrderedDict()
        self._lock = Lock()

    def of(self, connection: Connection, story: StoryRecord) -> Outdated:
        key = (story.id, story.updated)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = _compared(connection, story)
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def _compared(connection: Connection, story: StoryRecord) -> Outdated:
    if story.copies < 2:
        return Outdated()
    original = article(connection, story.original)
    is_withdrawn = original.copy.withdrawn is not None or original.facts.get("notice") in WITHDRAWING
    history = history_of(versions_of(connection, story.original, limit=MOST_VERSIONS))
    if history.is_plain and not is_withdrawn:
        return Outdated()
    members = copies(connection, story.id)
    ours = our_outlets(connection, {copy.outlet for copy in members})
    others = [copy for copy in members if copy.id != story.original and copy.withdrawn is None]
    others = sorted(others, key=lambda copy: copy.outlet not in ours)[:MOST_COPIES]
    if is_withdrawn:
        return _counted("withdrawn", others, ours, {copy.id: "old" for copy in others})
    texts = texts_of_copies(connection, [copy.id for copy in others])
    standings = {one: standing_of(history, read.title, read.text) for one, read in texts.items()}
    return _counted("changed", others, ours, standings)


def _counted(reason: str, others: Sequence[Copy], ours: set[str], standings: Mapping[str, Standing]) -> Outdated:
    old = {copy.outlet for copy in others if standings.get(copy.id) == "old"}
    return Outdated(reason, standings, len({copy.outlet for copy in others}), len(old), len(old & ours))
