"""A door before the intake: what comes in is kept as it was fetched, and then goes its way through the stages."""

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from pipelines.intake import Intake, Outcome
from pipelines.warc_writer import WarcWriter
from store.models import Capture

__all__ = ["KeepingDoor"]


class KeepingDoor:
    """Keeps each page, and hands it in with the place where it is kept; close it before the intake.

    Writing waits for the disk, so a thread does it, in the order of the captures.
    """

    def __init__(self, writer: WarcWriter, intake: Intake) -> None:
        self._writer = writer
        self._intake = intake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="warc")

    def submit(self, capture: Capture) -> "Future[Outcome]":
        """The intake's outcome. Raises, in the outcome, DiskFull and HomeUnusable."""
        outcome: Future[Outcome] = Future()
        self._thread.submit(self._keep, capture, outcome)
        return outcome

    def _keep(self, capture: Capture, outcome: "Future[Outcome]") -> None:
        try:
            taken = self._intake.submit(self._writer.write(capture) if capture.body is not None else capture)
            taken.add_done_callback(lambda done: _pass_on(done, outcome))
        except Exception as error:  # whoever waits for the outcome hears of it
            outcome.set_exception(error)

    def close(self) -> None:
        """Waits for what is being written."""
        self._thread.shutdown()

    def __enter__(self) -> "KeepingDoor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _pass_on(done: "Future[Outcome]", outcome: "Future[Outcome]") -> None:
    error = done.exception()
    if error is not None:
        outcome.set_exception(error)
    else:
        outcome.set_result(done.result())
