"""Write fetched pages as WARC 1.1 (ISO 28500:2017): one gzip member a record, files rotated by size.

A record is written with one call and is on disk before its offset is returned. A crash can tear only the last record of
a file: no file is reopened for writing, and the reader takes the records before it.
"""

import base64
import fcntl
import gzip
import hashlib
import os
import re
import socket
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

from onestory.errors import DiskFull, HomeUnusable, is_disk_full
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.outcome import Outcome
from onestory.private_files import FILE_MODE, make_private_folder
from onestory.store.articles.captures import Capture
from onestory.times import utc_now

__all__ = ["ArchivingSink", "WarcWriter"]


MAX_BYTES = 1 << 30

PREFIX = "ONESTORY"

# The body is kept decoded. These headers described its transfer and are kept under Common Crawl's names.
TRAVEL_HEADERS = ("content-encoding", "transfer-encoding", "content-length")


class WarcWriter:
    """Writes responses to `folder`; safe for several threads and processes at once."""

    def __init__(
        self,
        folder: Path,
        *,
        prefix: str = PREFIX,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.folder = folder
        self.prefix = prefix
        self.max_bytes = max_bytes
        self.clock = clock
        self._host = re.sub(r"[^\w.]", "_", socket.gethostname()) or "localhost"
        self._serial = 0
        self._lock = threading.Lock()
        self._file: int | None = None
        self._name = ""
        self._size = 0

    def write(self, capture: Capture) -> Capture:
        """Write the response of a page; return the capture with its file and offset.

        Raises DiskFull and HomeUnusable. A record that cannot be written whole leaves nothing behind.
        """
        record = _response(capture, at=capture.observed or self.clock())
        with self._lock, _translated(self.folder):
            while True:
                if self._file is None or self._size >= self.max_bytes:
                    self._begin()
                # A takedown rewrites files under this lock and deletes the old one; then a new one is started.
                with _locked(self._file) as still_there:
                    if still_there:
                        return replace(capture, warc_file=self._name, warc_offset=self._append(record))
                self._end()

    def close(self) -> None:
        with self._lock:
            self._end()

    def __enter__(self) -> "WarcWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        self._end()
        make_private_folder(self.folder)
        while self._file is None:
            stamp = self.clock().strftime("%Y%m%d%H%M%S")
            self._name = f"{self.prefix}-{stamp}-{self._serial:05d}-{self._host}.warc.gz"
            self._serial += 1
            try:
                # Never an existing file: another crawler may hold it, or died while writing it.
                self._file = os.open(self.folder / self._name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            except FileExistsError:
                continue
        self._size = 0
        self._append(_warcinfo(self._name, at=self.clock()))
        _sync_folder(self.folder)

    def _append(self, record: bytes) -> int:
        if self._file is None:
            raise RuntimeError("no file is open")
        offset, view = self._size, memoryview(record)
        try:
            while view:
                view = view[os.write(self._file, view) :]
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, offset)
            os.lseek(self._file, offset, os.SEEK_SET)
            raise
        self._size += len(record)
        return offset

    def _end(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _response(capture: Capture, *, at: datetime) -> bytes:
    body = capture.body or b""
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in _kept_headers(capture.headers))]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1", "replace")
    fields = {
        "WARC-Target-URI": re.sub(r"\s", "%20", capture.url),
        "WARC-Payload-Digest": _digest(body),
        "Content-Type": "application/http; msgtype=response",
    }
    return _record("response", fields, head + body, at=at)


def _kept_headers(headers: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, value in headers:
        plain = re.sub(r"[\r\n\x00]+", " ", value)
        yield (f"X-Crawler-{name}", plain) if name.lower() in TRAVEL_HEADERS else (name, plain)


def _warcinfo(name: str, *, at: datetime) -> bytes:
    told = f"software: Onestory/{version('onestory')}\r\nformat: WARC File Format 1.1\r\n"
    return _record("warcinfo", {"WARC-Filename": name, "Content-Type": "application/warc-fields"}, told.encode(), at=at)


def _record(kind: str, fields: dict[str, str], block: bytes, *, at: datetime) -> bytes:
    head = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{uuid.uuid4()}>",
        "WARC-Date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "WARC-Block-Digest": _digest(block),
        **fields,
        "Content-Length": str(len(block)),
    }
    text = "WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in head.items()) + "\r\n"
    return gzip.compress(text.encode() + block + b"\r\n\r\n", compresslevel=6, mtime=0)


def _digest(content: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()}"


@contextmanager
def _locked(file: int | None) -> Iterator[bool]:
    """Lock the file and return whether it still has a name."""
    if file is None:
        raise RuntimeError("no file is open")
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield os.fstat(file).st_nlink > 0
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _sync_folder(folder: Path) -> None:
    """Sync the folder, so that the new name survives a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"{folder} is full: what was fetched cannot be kept (ONESTORY_WARC_DIR)") from error
        raise HomeUnusable(f"ONESTORY_WARC_DIR: {folder} cannot be written: {error.strerror}") from error


class ArchivingSink:
    """Archives each page, then submits it with its file and offset; close it before the intake.

    A thread writes in the order of the captures, because writing waits for the disk.
    """

    def __init__(self, writer: WarcWriter, intake: Intake) -> None:
        self._writer = writer
        self._intake = intake
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="warc")

    def submit(self, capture: Capture) -> "Future[Outcome]":
        """Archive and submit a capture. The outcome may raise DiskFull and HomeUnusable."""
        outcome: Future[Outcome] = Future()
        self._thread.submit(self._keep, capture, outcome)
        return outcome

    def _keep(self, capture: Capture, outcome: "Future[Outcome]") -> None:
        try:
            taken = self._intake.submit(self._writer.write(capture) if capture.body is not None else capture)
            taken.add_done_callback(lambda done: _pass_on(done, outcome))
        except Exception as error:  # the caller that waits for the outcome gets the error
            outcome.set_exception(error)

    def close(self) -> None:
        """Wait for what is being written."""
        self._thread.shutdown()

    def __enter__(self) -> "ArchivingSink":
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
