"""The folder in which a batch works: finished parts stay, so that a job goes on where it was ended."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from onestory.errors import BadInput, DiskFull, HomeUnusable, is_disk_full
from onestory.file_lock import FileLock
from onestory.pipelines.batch.inputs import InputFile
from onestory.private_files import make_private_folder

__all__ = ["BatchJob", "WorkFolder", "disk_errors", "open_arrow"]

FORMAT = 2
RESERVE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class BatchJob:
    """What a job does. A job that was ended is resumed by one that does the same.

    `as_of` is the time of rows that state none; `program` what texts were extracted and signed with, `output` what is
    made of them.
    """

    inputs: tuple[InputFile, ...]
    columns: dict[str, str]
    against: tuple[InputFile, ...]
    program: str
    output: str
    as_of: datetime

    def is_same(self, told: dict[str, Any]) -> bool:
        """Whether a job that was stored does the same, at whatever time."""
        ours = orjson.loads(orjson.dumps(self))
        return {**ours, "as_of": None, "format": FORMAT} == {**told, "as_of": None}


@dataclass(frozen=True, slots=True)
class WorkFolder:
    """Parts of a job, each a file that appears when it is complete."""

    path: Path

    @classmethod
    @contextmanager
    def opened(cls, path: Path, job: BatchJob) -> Iterator[tuple["WorkFolder", BatchJob]]:
        """The folder for this job alone, and the job as it was begun. Raises BadInput if another job is in it."""
        with disk_errors(path):
            make_private_folder(path)
            with FileLock(path / "lock") as lock:
                if not lock.try_hold():
                    raise BadInput(f"another process works in {path}: wait for it, or choose another folder")
                folder = cls(path)
                yield folder, folder._begun(job)

    def _begun(self, job: BatchJob) -> BatchJob:
        place = self.path / "job.json"
        if not place.exists():
            self.write_bytes("job.json", orjson.dumps(asdict(job) | {"format": FORMAT}))
            return job
        told = orjson.loads(place.read_bytes())
        if not job.is_same(told):
            raise BadInput(
                f"{self.path} holds the unfinished work of another job, with other files or options: "
                "give the same ones to finish it, or remove the folder to start over"
            )
        return replace(job, as_of=datetime.fromisoformat(told["as_of"]))

    def has(self, name: str) -> bool:
        return (self.path / name).exists()

    def names(self, stage: str) -> list[str]:
        """The complete parts of a stage, such as `captures/00000-00000.arrow`, in order."""
        folder = self.path / stage
        return sorted(f"{stage}/{path.name}" for path in folder.glob("*") if not path.name.endswith(".partial"))

    def write(self, name: str, write: Callable[[Path], object]) -> None:
        """Make a part, which appears when it is complete."""
        place = self.path / name
        partial = place.with_name(f"{place.name}.{os.getpid()}.partial")
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(partial)
            partial.rename(place)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def write_bytes(self, name: str, content: bytes) -> None:
        self.write(name, lambda path: path.write_bytes(content))

    def write_array(self, name: str, array: Any) -> None:
        """An array of numpy, as `.npy`."""

        def save(path: Path) -> None:
            with path.open("wb") as file:
                np.save(file, array)

        self.write(name, save)

    def array(self, name: str) -> Any:
        """An array, mapped into memory."""
        return np.load(self.path / name, mmap_mode="r" if self._has_rows(name) else None)

    def _has_rows(self, name: str) -> bool:
        # An empty array cannot be mapped.
        return np.load(self.path / name, mmap_mode=None).size > 0 if self._is_small(name) else True

    def _is_small(self, name: str) -> bool:
        return (self.path / name).stat().st_size < 4096

    def write_arrow(self, name: str, table: Any) -> None:
        """An Arrow file of one record batch."""

        def save(path: Path) -> None:
            whole = table.combine_chunks()
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
                writer.write_table(whole)

        self.write(name, save)

    def bytes_used(self) -> int:
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

    def require_space(self, more_bytes: int) -> None:
        """Raises DiskFull while there is still some room for others."""
        free = shutil.disk_usage(self.path).free
        if free < RESERVE_BYTES:
            raise DiskFull(
                f"the disk of {self.path} is nearly full: this job has {_size(self.bytes_used())} there "
                f"and needs about {_size(max(more_bytes, RESERVE_BYTES))} more; free that much, or choose another "
                "folder with --tmp, and run the same command again to continue"
            )


def open_arrow(path: Path) -> Any:
    """The table of an Arrow file, mapped into memory."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Full disks and unwritable folders as our own errors."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                f"the disk of {path} is full: free some space, and run the same command again to continue"
            ) from error
        raise HomeUnusable(f"{path} cannot be used: {error.strerror or error}") from error


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
