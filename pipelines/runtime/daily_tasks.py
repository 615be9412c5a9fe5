"""Daily tasks of a crawl: learn boilerplate and prune removed lines."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from onestory.periodic import PeriodicThread
from onestory.pipelines.boilerplate.learning import is_due, learn_daily
from onestory.pipelines.runtime.engine import Engine
from onestory.pipelines.runtime.intake import Intake
from onestory.store.settings import BOILERPLATE_APPLIED, read_setting
from onestory.times import utc_now

__all__ = ["DailyTasks"]

logger = logging.getLogger(__name__)

LOOK_SECONDS = 60.0


class DailyTasks(PeriodicThread):
    """Runs the daily tasks with an engine of its own. The intake cleans with what any crawler has published."""

    def __init__(
        self,
        open_engine: Callable[[], AbstractContextManager[Engine]],
        intake: Intake,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__("upkeep", pause_seconds=0.0)
        self._open_engine = open_engine
        self._intake = intake
        self._clock = clock
        self._known: str | None = None

    def work(self) -> None:
        """Check every minute. A failure never keeps a page from being crawled."""
        while not self.stopping.wait(LOOK_SECONDS):
            self.look()
            self.note_success()

    def look(self) -> None:
        """Learn if it is due, and reload what was published meanwhile."""
        now = self._clock()
        if is_due(self._intake.store, now=now):
            with self._open_engine() as engine:
                learned = learn_daily(engine.store, engine.index_client, now=now)
            if learned is not None:
                logger.info("%d boilerplate lines active; %d texts cleaned", learned.lines, learned.texts)
        with self._intake.store.read() as connection:
            published = read_setting(connection, BOILERPLATE_APPLIED)
        if published != self._known:
            self._known = published
            self._intake.reload_furniture()
