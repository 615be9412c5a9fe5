"""What the front page keeps between requests."""

import time
from dataclasses import dataclass, field
from threading import Lock

from newsroom.api.desk import Desk
from newsroom.web.standings import Standings
from store.facets import languages

__all__ = ["Remembered"]

LANGUAGES_SECONDS = 60.0


@dataclass(slots=True)
class Remembered:
    """What is kept between requests: the languages to choose from, as that reads the whole table, and standings."""

    languages: list[str] = field(default_factory=list)
    until: float = 0.0
    standings: Standings = field(default_factory=Standings)
    _turn: Lock = field(default_factory=Lock)

    def of(self, desk: Desk) -> list[str]:
        # One reads them anew, meanwhile the others have those of before.
        if time.monotonic() >= self.until and self._turn.acquire(blocking=not self.languages):
            try:
                self._renew(desk)
            finally:
                self._turn.release()
        return self.languages

    def _renew(self, desk: Desk) -> None:
        if time.monotonic() < self.until:
            return
        with desk.store.read() as connection:
            self.languages = languages(connection)
        # An empty store fills up: ask again at once.
        self.until = time.monotonic() + LANGUAGES_SECONDS if self.languages else 0.0
