"""docker-compose.yml: what it promises, and its commands as plain processes on a real Redis and PostgreSQL."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from crawler import demo
from store.sources import SourceEntry
from tests.cli import ONESTORY, onestory
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent
OURS = ("migrate", "crawler", "api")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def environment(compose: dict[str, Any], service: str, home: Path, redis_url: str, database_url: str) -> dict[str, str]:
    """What the service would get, with the places of servers and secrets that are here."""
    given: dict[str, str] = dict(compose["services"][service]["environment"])
    secret = home.parent / "postgres_password"
    secret.write_text("not asked for on this socket\n")
    user, _, place = database_url.partition("@")
    return given | {
        "ONESTORY_HOME": str(home),
        "ONESTORY_DATABASE_URL": f"{user}@{place}",
        "ONESTORY_DATABASE_PASSWORD_FILE": str(secret),
        "ONESTORY_REDIS_URL": redis_url,
        "ONESTORY_CONTACT": "https://desk.example/crawler",
    }


def test_every_service_is_locked_down(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["user"] not in ("0", "root"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["logging"]["options"]["max-size"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert all(mount.split(":")[0] in compose["volumes"] for mount in service["volumes"]), name
        assert name == "migrate" or service["healthcheck"]["test"], name


def test_redis_keeps_what_it_is_told(compose: dict[str, Any]) -> None:
    command = " ".join(compose["services"]["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_crawlers_scale_and_a_contact_is_asked_for(compose: dict[str, Any]) -> None:
    crawler = compose["services"]["crawler"]
    assert "container_name" not in crawler
    assert "ports" not in crawler
    assert crawler["environment"]["ONESTORY_CONTACT"].startswith("${ONESTORY_CONTACT:?")


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            assert "PASSWORD" not in variable or variable.endswith("_FILE"), (name, variable)
            user, at, _ = value.partition("://")[2].partition("@")
            assert not (at and ":" in user), (name, variable)
    assert compose["secrets"]


@pytest.fixture
def served(
    compose: dict[str, Any], home: Path, redis_url: str, postgres_url: str, tmp_path: Path
) -> Iterator[tuple[str, dict[str, str]]]:
    """The three services as processes, in the order of compose; gives the API's address."""
    home.parent.mkdir(exist_ok=True)
    envs = {name: environment(compose, name, home, redis_url, postgres_url) for name in OURS}
    commands = {name: compose["services"][name]["command"] for name in OURS}
    assert [command[0] for command in commands.values()] == ["onestory"] * 3
    assert onestory(*commands["migrate"][1:], env=envs["migrate"]).returncode == 0
    with demo.serve() as site:
        (tmp_path / "sources.toml").write_text("".join(_toml(source) for source in site.sources))
        where = {"ONESTORY_SOURCES": str(tmp_path / "sources.toml"), "ONESTORY_ALLOW_PRIVATE": ".localhost"}
        once = ["--once", "--delay", "0", "--json"]
        crawl = [word.replace("0.0.0.0:9464", "0") for word in commands["crawler"][1:]]
        crawled = onestory(*crawl, *once, env=envs["crawler"] | where)
        assert crawled.returncode == 0, crawled.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [ONESTORY, *commands["api"][1:], "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **envs["api"]}, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{port}/readyz"), timeout=30)
            yield f"http://127.0.0.1:{port}", envs["api"]
        finally:
            process.terminate()


def _toml(source: SourceEntry) -> str:
    words = {"url": source.url, "kind": source.kind, "outlet": source.outlet}
    return "[[source]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in words.items())


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_the_services_work_together(served: tuple[str, dict[str, str]]) -> None:
    url, env = served
    with urlopen(f"{url}/v1/stories?min_copies=5", timeout=5) as response:
        listed = json.load(response)
    assert [story["copies"] for story in listed["stories"]] == [5]
    assert onestory("health", env=env).returncode == 0
