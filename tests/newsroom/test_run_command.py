"""`onestory run`: everything in one command, and what stands in its way."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest

from tests.cli import ONESTORY, onestory
from tests.processes import child
from tests.waiting import LONGEST_WAIT, wait_until


@contextmanager
def running(*arguments: str, home: Path) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """A `run` that has said where it is; gives its address."""
    command = [ONESTORY, "run", "--port", "0", "--home", str(home), *arguments]
    env = {**os.environ, "ONESTORY_WORKERS": "1"}
    with child(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        yield process, _said_address(process)
        process.terminate()
        process.wait(LONGEST_WAIT)


def _said_address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if "Onestory is at " in line:
            return line.partition("Onestory is at ")[2].split()[0]
    raise AssertionError("it ended without a word of where it is")


def get(url: str) -> Any:
    with urlopen(url, timeout=LONGEST_WAIT) as response:
        return json.load(response)


def test_the_demo_shows_a_story_of_five_copies_and_stops_on_ctrl_c(home: Path) -> None:
    with running("--demo", home=home) as (process, address):
        wait_until(lambda: len(get(f"{address}/v1/stories?min_copies=5")["stories"]) == 2)
        ferry, reservoir = sorted(get(f"{address}/v1/stories?min_copies=5")["stories"], key=lambda one: one["copies"])
        assert (ferry["copies"], ferry["outlets"]) == (5, 5)
        copies = {one["outlet"]: one for one in get(f"{address}/v1/stories/{reservoir['id']}")["articles"]}
        assert (copies["Meridian Wire"]["relation"], copies["Vale Tribune"]["relation"]) == ("original", "excerpt")
        assert copies["Island Post"]["withdrawn"]
        [act] = get(f"{address}/v1/desk?since=24h")["actions"]
        assert (act["story"]["id"], act["old_ours"]) == (reservoir["id"], 1)
        apart = f"{address}/v1/stories?outlet=Coast+Today"
        wait_until(lambda: "The day in the north, in short" in {one["title"] for one in get(apart)["stories"]})
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_WAIT) == 0
    assert not (home / "onestory.db").exists()


def test_a_second_run_on_a_home_says_who_holds_it(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nurl = "http://127.0.0.1:9/feed"\nkind = "feed"\noutlet = "X"\n')
    monkeypatch.setenv("ONESTORY_SOURCES", str(tmp_path / "sources.toml"))
    with running(home=home) as (process, _):
        second = onestory("run", "--port", "0", home=home)
    assert second.returncode == 2
    assert f"process {process.pid}" in second.stderr


def test_without_a_network_it_comes_up_and_says_what_failed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = '[[source]]\nurl = "https://nowhere.invalid/feed"\nkind = "feed"\noutlet = "Nowhere"\n'
    (tmp_path / "sources.toml").write_text(source)
    monkeypatch.setenv("ONESTORY_SOURCES", str(tmp_path / "sources.toml"))
    with running(home=home) as (_, address):
        wait_until(lambda: get(f"{address}/v1/sources")["sources"][0]["status"] != "new")
        [found] = get(f"{address}/v1/sources")["sources"]
        assert "nowhere.invalid" in found["why"]


def test_a_port_in_use_is_named(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = onestory("run", "--port", str(port), home=home)
    assert done.returncode == 2
    assert f"port {port}" in done.stderr


def test_an_unknown_source_is_named(home: Path) -> None:
    done = onestory("crawl", "--once", "no-such-source", home=home)
    assert done.returncode == 2
    assert "no-such-source" in done.stderr


def test_sources_are_listed_before_anything_was_crawled(home: Path) -> None:
    done = onestory("sources", "list", "--json", home=home)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 40
    assert {row["status"] for row in rows} == {"new"}


def test_the_crawler_ends_when_its_run_was_killed(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.toml").write_text('[[source]]\nurl = "http://127.0.0.1:9/feed"\nkind = "feed"\noutlet = "X"\n')
    monkeypatch.setenv("ONESTORY_SOURCES", str(tmp_path / "sources.toml"))
    with running(home=home) as (process, _):
        [crawler] = [one for one in psutil.Process(process.pid).children() if _crawls(one)]
        process.kill()
        process.wait()
        wait_until(lambda: is_gone(crawler))


def is_gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _crawls(process: psutil.Process) -> bool:
    return "crawl" in process.cmdline()
