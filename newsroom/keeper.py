"""Keeps the index whole while a server runs, also when nothing is crawled that would notice its loss."""

from pipelines.background import Background
from pipelines.engine import open_engine
from store.config import Config

__all__ = ["Keeper"]

LOOK_SECONDS = 15.0


class Keeper(Background):
    """With an engine of its own: it looks at the index now and then, and has it rebuilt where it must be."""

    def __init__(self, config: Config) -> None:
        super().__init__("index", pause_seconds=LOOK_SECONDS)
        self._config = config

    def work(self) -> None:
        with open_engine(self._config) as engine:
            while not self.stopping.is_set():
                engine.registry.mend()
                self.note_success()
                self.stopping.wait(LOOK_SECONDS)
