"""Files opened for reading, unpacked by their ending; what cannot be opened says so in one line."""

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from onestory.errors import BadInput
from onestory.pipelines.archive.zstd_frames import ZstdReader

__all__ = ["first_line", "opened"]


@contextmanager
def opened(path: str, *, unpacked: bool = True) -> Iterator[IO[bytes]]:
    """The bytes of a file, or of standard input for `-`. Raises BadInput."""
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed below; only opening it is in the try
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    with file, _unpacked(path, file) if unpacked else file as stream:
        yield stream


def _unpacked(path: str, file: BinaryIO) -> IO[bytes]:
    if path.lower().endswith(".zst"):
        return io.BufferedReader(ZstdReader(file), 1 << 20)
    if path.lower().endswith(".gz"):
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=file)), 1 << 20)
    return file


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return (str(error) or type(error).__name__).splitlines()[0][:200]
