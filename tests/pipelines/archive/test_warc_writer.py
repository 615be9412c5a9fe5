"""What a crawl keeps: read back by our own reader, and by others'."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from onestory.errors import HomeUnusable
from onestory.pipelines.archive.reader import TruncatedArchive, read_captures
from onestory.pipelines.archive.warc_writer import WarcWriter
from onestory.store.articles.captures import Capture

NAME = re.compile(r"ONESTORY-\d{14}-\d{5}-[\w.]+\.warc\.gz")
SEEN = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def page(number: int, *, body: bytes = b"<html><p>The ferry was late.</p></html>") -> Capture:
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"), ("X-Odd", "a\r\nb"))
    return Capture(url=f"https://herald.example/{number}", observed=SEEN, body=body, headers=headers)


def kept_in(folder: Path) -> list[Capture]:
    found = [one for path in sorted(folder.iterdir()) for one in read_captures(str(path))]
    return [one for one in found if isinstance(one, Capture)]


def urls_before_the_cut(path: Path) -> list[str]:
    found = []
    with suppress(TruncatedArchive):
        for one in read_captures(str(path)):
            found.append(one.url)  # noqa: PERF401 - what came before the fault is the point
    return found


def test_what_is_kept_is_read_back_as_it_was_fetched(tmp_path: Path) -> None:
    with WarcWriter(tmp_path) as writer:
        told = [writer.write(page(number)) for number in range(3)]
    found = kept_in(tmp_path)
    assert [(one.url, one.observed, one.body) for one in found] == [(one.url, SEEN, one.body) for one in told]
    assert [(one.warc_file, one.warc_offset) for one in found] == [(one.warc_file, one.warc_offset) for one in told]
    assert ("X-Crawler-Content-Encoding", "gzip") in found[0].headers


def test_others_find_sound_records_with_right_digests(tmp_path: Path) -> None:
    with WarcWriter(tmp_path) as writer:
        writer.write(page(1))
    [path] = tmp_path.iterdir()
    with path.open("rb") as stream:
        records = ArchiveIterator(stream, check_digests="raise")
        kinds = [
            (record.rec_type, record.content_stream().read() and record.rec_headers["WARC-Date"]) for record in records
        ]
    assert [kind for kind, _ in kinds] == ["warcinfo", "response"]
    assert kinds[1][1] == "2026-03-01T12:30:15.123456Z"


def test_files_are_named_by_prefix_time_serial_and_host_and_rotated_by_size(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, max_bytes=2000) as writer:
        for number in range(20):
            writer.write(page(number, body=os.urandom(500)))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) > 3
    assert all(NAME.fullmatch(name) for name in names)
    assert len(kept_in(tmp_path)) == 20


def test_two_writers_never_share_a_file(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, clock=lambda: SEEN) as one, WarcWriter(tmp_path, clock=lambda: SEEN) as other:
        assert one.write(page(1)).warc_file != other.write(page(2)).warc_file


def test_many_threads_write_whole_records(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, max_bytes=20_000) as writer, ThreadPoolExecutor(8) as threads:
        told = list(threads.map(lambda number: writer.write(page(number)), range(200)))
    assert {(one.url, one.warc_file, one.warc_offset) for one in kept_in(tmp_path)} == {
        (one.url, one.warc_file, one.warc_offset) for one in told
    }


def test_a_torn_last_record_costs_that_record_alone(tmp_path: Path) -> None:
    with WarcWriter(tmp_path) as writer:
        for number in range(3):
            writer.write(page(number))
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-30])
    found = urls_before_the_cut(path)
    assert found == ["https://herald.example/0", "https://herald.example/1"]


def test_a_writer_that_is_killed_leaves_every_record_that_it_had_told_of(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from onestory.pipelines.archive.warc_writer import WarcWriter; "
        "from onestory.store.articles.captures import Capture\n"
        "writer = WarcWriter(Path(sys.argv[1]))\n"
        "for n in range(10**6):\n"
        "    print(writer.write(Capture(f'https://a.example/{n}', None, body=b'<p>x</p>')).url, flush=True)"
    )
    root = Path(__file__).parents[3]
    process = subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    told = [process.stdout.readline().decode().strip() for _ in range(50)]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    [path] = tmp_path.iterdir()
    assert urls_before_the_cut(path)[:50] == told


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="ONESTORY_WARC_DIR"), WarcWriter(tmp_path / "file") as writer:
        writer.write(page(1))


def test_a_disk_that_fills_up_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = WarcWriter(tmp_path)
    writer.write(page(1))
    real, left = os.write, [100]

    def full(descriptor: int, content: bytes) -> int:
        if not left:
            raise OSError(28, "No space left on device")
        return real(descriptor, bytes(content)[: left.pop()])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(HomeUnusable, match="is full"):
        writer.write(page(2))
    monkeypatch.undo()
    writer.write(replace(page(3), observed=None))
    writer.close()
    assert [one.url[-1] for one in kept_in(tmp_path)] == ["1", "3"]
