"""Parts of a stage, done in processes; those that are complete are passed over."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime

from onestory.errors import HomeUnusable
from onestory.pipelines.batch.work_folder import WorkFolder

__all__ = ["Progress", "Setting", "do_parts"]

# Of a stage: its name, how much is done, and of how much, where that is known.
Progress = Callable[[str, float, float | None], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """What every part of a job is done with: `workers` processes, within `memory` bytes together.

    `keeps_store`: whether the rows of a store are kept, for an import of the stories.
    """

    folder: WorkFolder
    as_of: datetime
    workers: int
    memory: int
    keeps_store: bool = False

    @property
    def memory_each(self) -> int:
        """Of one process, beside what its code and models take."""
        return max(self.memory // (self.workers + 1) - (200 << 20), 32 << 20)


def do_parts(
    stage: str,
    do: Callable[[Setting, int], object],
    parts: Sequence[int],
    setting: Setting,
    *,
    name: Callable[[int], str],
    progress: Progress,
) -> None:
    """Do the parts that are not complete. `do` is a function of a module; `name` says which file a part makes."""
    todo = [part for part in parts if not setting.folder.has(name(part))]
    done = len(parts) - len(todo)
    progress(stage, done, len(parts))
    if setting.workers == 1 or len(todo) < 2:
        for part in todo:
            setting.folder.require_space(0)
            do(setting, part)
            done += 1
            progress(stage, done, len(parts))
        return
    _in_processes(stage, do, todo, setting, progress=lambda more: progress(stage, done + more, len(parts)))


def _in_processes(
    stage: str,
    do: Callable[[Setting, int], object],
    todo: Sequence[int],
    setting: Setting,
    *,
    progress: Callable[[int], None],
) -> None:
    pool = ProcessPoolExecutor(
        min(setting.workers, len(todo)), mp_context=multiprocessing.get_context("spawn"), initializer=_settle
    )
    try:
        waiting: set[Future[object]] = {pool.submit(do, setting, part) for part in todo}
        while waiting:
            complete, waiting = wait(waiting, timeout=5, return_when=FIRST_COMPLETED)
            setting.folder.require_space(0)
            for one in complete:
                one.result()
            progress(len(todo) - len(waiting))
    except BrokenProcessPool as error:
        raise HomeUnusable(
            f"a process of the stage {stage} was ended, most likely for want of memory: run the same command again, "
            "with fewer --workers or a smaller --memory"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _settle() -> None:
    """Leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
