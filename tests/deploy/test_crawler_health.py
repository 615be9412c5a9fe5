"""The health of a crawler, as the probe of the containers asks for it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from onestory.crawler.metrics import MAX_STALL_SECONDS, CrawlMetrics, serving_metrics
from tests.cli import ONESTORY
from tests.processes import child
from tests.waiting import wait_until

SOURCE = '[[source]]\nurl = "http://10.0.0.1/feed"\noutlet = "Out of reach"\n'
PROBE = Path(__file__).resolve().parents[2] / "deploy" / "probe.py"


def probe(port: int, *, path: str = "/healthz") -> tuple[int, str]:
    command = [sys.executable, "-IS", str(PROBE), str(port), path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def seconds() -> list[float]:
    return [1000.0]


@pytest.fixture
def metrics(seconds: list[float]) -> CrawlMetrics:
    return CrawlMetrics(clock=lambda: seconds[0])


@pytest.fixture
def port(metrics: CrawlMetrics) -> Iterator[int]:
    with serving_metrics(metrics, ("127.0.0.1", 0)) as address:
        yield int(re.findall(r":(\d+)/", address)[0])


def test_a_crawler_that_starts_is_healthy_however_long_it_takes(
    metrics: CrawlMetrics, port: int, seconds: list[float]
) -> None:
    seconds[0] += 10 * MAX_STALL_SECONDS
    code, said = probe(port)
    assert (code, '"progress_seconds":null' in said) == (0, True)


def test_a_crawler_is_unhealthy_when_it_makes_no_progress(
    metrics: CrawlMetrics, port: int, seconds: list[float]
) -> None:
    metrics.note_progress()
    seconds[0] += MAX_STALL_SECONDS
    assert probe(port)[0] == 0
    seconds[0] += 1
    code, said = probe(port)
    assert (code, '"progress_seconds":121.0' in said, said.split()[1]) == (1, True, "503")
    metrics.note_progress()
    assert probe(port)[0] == 0


def test_a_crawler_that_waits_for_a_backend_says_for_which(
    metrics: CrawlMetrics, port: int, seconds: list[float]
) -> None:
    metrics.note_progress()
    metrics.note_wait("Redis does not answer; waiting for it")
    seconds[0] += MAX_STALL_SECONDS + 1
    metrics.note_progress()
    metrics.note_wait("Redis does not answer still; waiting for it")
    code, said = probe(port)
    assert (code, "Redis does not answer; waiting" in said) == (1, True)
    metrics.note_wait(None)
    assert probe(port)[0] == 0


def test_metrics_have_the_age_of_the_last_progress(metrics: CrawlMetrics, port: int, seconds: list[float]) -> None:
    metrics.note_progress()
    seconds[0] += 7
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    assert "onestory_crawl_progress_age_seconds 7.0" in lines
    assert "onestory_crawl_waiting 0.0" in lines


def test_nobody_on_the_port_is_unhealthy_and_so_is_a_page_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    assert probe(number)[0] == 1


def test_a_stopped_crawler_is_unhealthy_and_one_with_nothing_due_is_not(home: Path, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(SOURCE)
    env = {**os.environ, "ONESTORY_WORKERS": "1", "ONESTORY_SOURCES": str(tmp_path / "sources.toml")}
    command = [ONESTORY, "crawl", "--metrics", "0", "--home", str(home), "--delay", "0"]
    with child(command, env=env, stderr=subprocess.PIPE, text=True) as crawler:
        lines = lines_of(crawler)
        wait_until(lambda: crawler.poll() is not None or any("metrics are served" in line for line in lines))
        port = int(re.findall(r":(\d+)/metrics", "".join(lines))[0])
        wait_until(lambda: '"progress_seconds":null' not in probe(port)[1])
        assert probe(port)[0] == 0
        os.kill(crawler.pid, signal.SIGSTOP)
        assert probe(port)[0] == 1
        os.kill(crawler.pid, signal.SIGCONT)
        wait_until(lambda: probe(port)[0] == 0)


def test_a_crawler_that_redis_refuses_says_so_at_once_in_a_log_of_json_lines_only(home: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    (tmp_path / "sources.toml").write_text(SOURCE)
    env = {
        **os.environ,
        "ONESTORY_WORKERS": "1",
        "ONESTORY_SOURCES": str(tmp_path / "sources.toml"),
        "ONESTORY_LOG_JSON": "1",
        "ONESTORY_REDIS_URL": f"redis://127.0.0.1:{number}/0",
    }
    command = [ONESTORY, "crawl", "--metrics", "0", "--home", str(home)]
    with child(command, env=env, stderr=subprocess.PIPE, text=True) as crawler:
        lines = lines_of(crawler)
        wait_until(lambda: crawler.poll() is not None or any("Redis does not answer" in line for line in lines))
    said = [json.loads(line)["message"] for line in lines]
    assert said[-1].endswith("waiting for it")
    assert any("metrics are served" in message for message in said)


def lines_of(process: "subprocess.Popen[str]") -> list[str]:
    """The lines that the process has written to standard error so far; the list grows."""
    lines: list[str] = []
    threading.Thread(target=lambda: lines.extend(process.stderr or ()), daemon=True).start()
    return lines
