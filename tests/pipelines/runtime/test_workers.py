"""Workers that get stuck, die or swell: their page is lost, and nothing else."""

import resource
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from onestory.errors import Dropped
from onestory.pipelines.runtime import workers as module
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.workers import FIRST_PAGE, WORKER_BYTES, Workers
from onestory.store.articles.captures import Capture, ProcessedCapture
from tests.hostile_pages import Deadly, Spinning, Sticking, Swelling
from tests.news_texts import wire_article
from tests.waiting import wait_until

SEEN = datetime(2026, 3, 1, tzinfo=UTC)


def capture(number: int, body: bytes | None = None) -> Capture:
    html = f"<html><body><article><p>{wire_article(number)}</p></article></body></html>".encode()
    return Capture(f"https://herald.example/{number}", SEEN, body=body or html)


def own_workers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [one for one in children if any("spawn_main" in part for part in command_line(one))]


def command_line(process: psutil.Process) -> list[str]:
    """Empty for one that has ended and was not waited for yet."""
    try:
        return list(process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return []


def test_the_page_that_a_worker_starts_with_passes_every_stage() -> None:
    assert isinstance(read_captures_in_worker([FIRST_PAGE])[0], ProcessedCapture)


@pytest.mark.parametrize("page", [Sticking(b"<html>"), Spinning(b"<html>")])
def test_a_page_without_an_end_is_dropped_and_the_others_are_read(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_STUCK_SECONDS", 10)
    monkeypatch.setattr(module, "STUCK_SECONDS", 10)
    monkeypatch.setattr(module, "PAGE_SECONDS", 1)
    with Workers(1) as workers:
        answers = workers.read([capture(1), capture(2, page), capture(3)]).result(timeout=100)
        kinds = [one.reason if isinstance(one, Dropped) else one.extracted.url[-1] for one in answers]
        assert kinds == ["1", "timeout", "3"]
        # The next one is read, by a worker in the place of the stuck one.
        assert isinstance(workers.read([capture(4)]).result(timeout=100)[0], ProcessedCapture)


@pytest.mark.parametrize(("page", "reason"), [(Deadly(b"<html>"), "crashed"), (Swelling(b"<html>"), "too_large")])
def test_a_page_that_ends_its_worker_or_swells_is_lost_alone(page: bytes, reason: str) -> None:
    with Workers(1) as workers:
        answers = workers.read([capture(1), capture(2, page), capture(3)]).result(timeout=100)
        kinds = [one.reason if isinstance(one, Dropped) else one.extracted.url[-1] for one in answers]
        assert kinds == ["1", reason, "3"]
        assert isinstance(workers.read([capture(4)]).result(timeout=100)[0], ProcessedCapture)


def test_the_memory_of_a_worker_is_bounded() -> None:
    with Workers(1) as workers:
        workers.read([capture(0)]).result()
        [worker] = own_workers()
        limits = Path(f"/proc/{worker.pid}/limits").read_text()
        used = worker.memory_info().vms
    [line] = [line for line in limits.splitlines() if line.startswith("Max address space")]
    limit = int(line.split()[3])
    assert used < limit <= used + WORKER_BYTES
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != limit


def test_a_worker_that_is_killed_while_it_has_nothing_to_do_is_replaced() -> None:
    with Workers(1) as workers:
        workers.read([capture(0)]).result(timeout=100)
        [idle] = own_workers()
        idle.kill()
        # To wait for it here would take its end from the pool, whose child it is.
        wait_until(lambda: not command_line(idle))
        assert url_read(workers.read([capture(1)])) == ["1"]


def test_workers_that_are_killed_lose_nothing_of_what_waits() -> None:
    with Workers(1) as workers:
        workers.read([capture(0)]).result(timeout=100)
        answers = [workers.read([capture(number)]) for number in range(1, 9)]
        [busy] = own_workers()
        busy.kill()
        assert [url_read(answer) for answer in answers] == [[str(number)] for number in range(1, 9)]


def url_read(answer: "Future[list[ProcessedCapture | Dropped]]") -> list[str]:
    """What the last letter of each URL is, and how a page was dropped."""
    read = answer.result(timeout=100)
    return [one.reason if isinstance(one, Dropped) else one.extracted.url[-1] for one in read]
