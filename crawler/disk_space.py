"""Room on the disk: fetching stops while there is still enough of it to stop in good order."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onestory.errors import DiskFull

__all__ = ["DiskSpace", "check_disk"]

logger = logging.getLogger(__name__)

# Of the disk: below it fetching stops. It goes on above a little more, so as not to do both by turns.
FREE_SHARE = 0.05
ENOUGH = 1.2


def check_disk(folder: Path, *, times: float = 1.0) -> None:
    """Raises DiskFull below so many times the share that has to be free."""
    # With servers elsewhere nothing may have made the folder yet; its disk is that of the folder above.
    place = next(one for one in (folder, *folder.parents) if one.exists())
    usage = shutil.disk_usage(place)
    if usage.free < usage.total * FREE_SHARE * times:
        free = f"{usage.free / usage.total:.1%} of the disk of {folder}"
        raise DiskFull(f"only {free} is free: fetching stopped, nothing is lost; make room there")


@dataclass(slots=True)
class DiskSpace:
    """Of one crawl. One that `waits` goes on by itself when there is room again, and says both once."""

    folders: Sequence[Path]
    waits: bool
    is_full: bool = False

    def look(self) -> bool:
        """Whether there is room. Raises DiskFull in a crawl that does not wait."""
        try:
            for folder in self.folders:
                check_disk(folder, times=ENOUGH if self.is_full else 1.0)
        except DiskFull as error:
            if not self.waits:
                raise
            if not self.is_full:
                logger.warning("%s, and it goes on by itself", error)
            self.is_full = True
            return False
        if self.is_full:
            logger.warning("there is room on the disk again: fetching goes on")
        self.is_full = False
        return True
