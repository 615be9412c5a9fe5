"""Disk guard: fetching stops while there is still room to stop in good order."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from onestory.errors import DiskFull

__all__ = ["DiskSpace", "check_disk"]

logger = logging.getLogger(__name__)

# The free share below which fetching stops. It resumes at a slightly higher share, so that it does not flap.
FREE_SHARE = 0.05
ENOUGH = 1.2


def check_disk(folder: Path, *, times: float = 1.0) -> None:
    """Raise DiskFull if less than `times` the required share is free."""
    # The folder may not exist yet when all servers are remote; its parent is on the same disk.
    place = next(one for one in (folder, *folder.parents) if one.exists())
    usage = shutil.disk_usage(place)
    if usage.free < usage.total * FREE_SHARE * times:
        free = f"{usage.free / usage.total:.1%} of the disk of {folder}"
        raise DiskFull(f"only {free} is free: fetching stopped, nothing is lost; make room there")


@dataclass(slots=True)
class DiskSpace:
    """The disk guard of one crawl. With `waits`, fetching pauses and resumes by itself; each change is logged once."""

    folders: Sequence[Path]
    waits: bool
    is_full: bool = False

    def look(self) -> bool:
        """Check whether there is room. Raises DiskFull unless the crawl waits."""
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
