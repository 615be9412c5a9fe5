"""A clock that a test drives: it runs N times as fast, is put forward, and is shared by processes through a file."""

import struct
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from sqlalchemy import Connection

__all__ = ["DrivenClock", "moment"]

# Seconds of this clock, the machine's monotonic second that they were true at, and the speed since.
STATE = struct.Struct("ddd")
# After so long a sleeper looks whether the clock was put forward, or runs at another speed.
LONGEST_PAUSE_SECONDS = 0.25
START = datetime(2026, 3, 2, tzinfo=UTC)


def moment(second: float) -> datetime:
    """That second of the clock's life, as a time."""
    return START + timedelta(seconds=second)


class DrivenClock:
    """A `onestory.crawler.clock.Clock`. Who opens the same file has the same time, also as the database's.

    It may be slowed down, sped up and put forward while others wait on it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def started(cls, *, speed: float = 1.0, folder: Path | None = None) -> "DrivenClock":
        """At the first second of a Monday."""
        clock = cls(Path(tempfile.mkdtemp(dir=folder)) / "clock")
        clock._keep(0.0, speed)
        return clock

    @property
    def speed(self) -> float:
        return self._state()[2]

    def elapsed(self) -> float:
        seconds, then, speed = self._state()
        return seconds + (monotonic() - then) * speed

    def now(self) -> datetime:
        return moment(self.elapsed())

    def on(self, connection: Connection) -> datetime:
        return self.now()

    def real(self, seconds: float) -> float:
        return min(seconds / self.speed, LONGEST_PAUSE_SECONDS)

    def put_forward(self, **amount: float) -> None:
        """By so many days, hours, …"""
        self._keep(self.elapsed() + timedelta(**amount).total_seconds(), self.speed)

    def run_at(self, speed: float) -> None:
        self._keep(self.elapsed(), speed)

    def _keep(self, seconds: float, speed: float) -> None:
        """In one write, so that nobody reads half of it."""
        with self.path.open("r+b" if self.path.exists() else "wb", buffering=0) as file:
            file.write(STATE.pack(seconds, monotonic(), speed))

    def _state(self) -> tuple[float, float, float]:
        seconds, then, speed = STATE.unpack(self.path.read_bytes())
        return seconds, then, speed
