"""`onestory import`: files in, counts out."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from pipelines.archive import CutShort, captures
from pipelines.intake import Intake, Outcome
from store.errors import BadInput, Dropped

__all__ = ["Counts", "import_paths"]


@dataclass(slots=True)
class Counts:
    """What an import did: captures `read`, of which so many were stored, known already, dropped by reason."""

    read: int = 0
    stored: int = 0
    known: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 done, 1 done in part, 2 nothing could be done."""
        if not self.faults:
            return 0
        return 1 if self.read else 2

    def to_dict(self) -> dict[str, object]:
        return {
            "read": self.read,
            "stored": self.stored,
            "known": self.known,
            "dropped": dict(sorted(self.dropped.items())),
            "faults": self.faults,
        }


def import_paths(
    intake: Intake,
    paths: Sequence[str],
    *,
    progress: Callable[[Counts], None],
    explain: Callable[[str, str, str], None],
) -> Counts:
    """Submits every capture of every file. A file's fault is noted, and the next file is begun.

    `explain` hears of each drop: URL, reason, detail.
    """
    counts = Counts()

    def drop(url: str, reason: str, detail: str) -> None:
        counts.dropped[reason] += 1
        explain(url, reason, detail)

    def count(done: "Future[Outcome]") -> None:
        if done.cancelled() or done.exception() is not None:
            return
        outcome = done.result()
        if outcome.kind == "dropped":
            drop(outcome.url, outcome.reason or "unknown", outcome.detail)
        elif outcome.kind == "stored":
            counts.stored += 1
        else:
            counts.known += 1
        progress(counts)

    for path in paths:
        try:
            for capture in captures(path):
                counts.read += 1
                if isinstance(capture, Dropped):
                    drop(capture.url, capture.reason, capture.detail)
                else:
                    intake.submit(capture).add_done_callback(count)
        except (BadInput, CutShort) as fault:
            counts.faults.append(str(fault))
    return counts
