"""The weekly audit of a scheduled crawl: a sample of the stories is grouped again, in a process of its own."""

import logging
import os
import subprocess
from datetime import timedelta
from importlib.util import find_spec

from onestory.config import Config
from onestory.newsroom.supervisor import onestory_command
from onestory.periodic import PeriodicThread
from onestory.store.audits import read_last_audit
from onestory.store.database import Store
from onestory.times import utc_now

__all__ = ["WeeklyAudit"]

logger = logging.getLogger(__name__)

EVERY = timedelta(days=7)
CHECK_SECONDS = 3600.0
STOP_CHECK_SECONDS = 1.0
# Some ten seconds of one processor, and less memory than a crawler has.
SAMPLED_STORIES = 1_000
ARGUMENTS = ("audit", "--json", "--sample", str(SAMPLED_STORIES), "--workers", "1", "--memory", "512M")
NICENESS = 10
# Exit codes of the command.
IS_AS_BATCH, DIFFERS = 0, 1


class WeeklyAudit(PeriodicThread):
    """Checks every hour whether the latest audit is a week old, and runs one then.

    Without the extra `onestory[batch]` there is no audit. One that fails is repeated an hour later.
    """

    def __init__(self, config: Config) -> None:
        super().__init__("audit", pause_seconds=CHECK_SECONDS)
        self._config = config

    def work(self) -> None:
        if find_spec("pyarrow") is None:
            self.stopping.wait()
            return
        while not self.stopping.wait(CHECK_SECONDS):
            self.check()
            self.note_success()

    def check(self) -> bool:
        """Run an audit if one is due, and return whether one ran to its end. Raises DatabaseUnavailable."""
        if not self._is_due():
            return False
        command, env = onestory_command(self._config, ARGUMENTS)
        with subprocess.Popen(  # noqa: S603 - our own program
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
            return self._ends(process)

    def _is_due(self) -> bool:
        store = Store.open(self._config.database_url)
        try:
            with store.read() as connection:
                last = read_last_audit(connection)
        finally:
            store.close()
        return last is None or utc_now() - last.time >= EVERY

    def _ends(self, process: "subprocess.Popen[bytes]") -> bool:
        """Wait for the end of the audit, or end it when the crawl stops."""
        while not self.stopping.wait(STOP_CHECK_SECONDS):
            if process.poll() is not None:
                if process.returncode not in (IS_AS_BATCH, DIFFERS):
                    logger.warning(
                        "the weekly audit ended with %s: run `onestory audit` to see why", process.returncode
                    )
                    return False
                if process.returncode == DIFFERS:
                    logger.warning("the weekly audit found stories that a batch makes otherwise: run `onestory audit`")
                return True
        process.terminate()
        process.wait()
        return False
