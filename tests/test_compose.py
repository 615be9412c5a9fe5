"""docker-compose.yml: what it promises, and its commands as plain processes on a real Redis and PostgreSQL."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml

from onestory.crawler import demo
from onestory.store.sources.polls import SourceEntry
from tests.cli import ONESTORY, onestory
from tests.processes import child
from tests.waiting import LONGEST_WAIT, wait_until

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
    if "ONESTORY_ADMIN_KEY_FILE" in given:
        (home.parent / "admin_key").touch()
        given |= {"ONESTORY_ADMIN_KEY_FILE": str(home.parent / "admin_key"), "ONESTORY_PUBLIC_URL": ""}
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
            assert not re.search("PASSWORD|_KEY", variable) or variable.endswith("_FILE"), (name, variable)
            user, at, _ = value.partition("://")[2].partition("@")
            assert not (at and ":" in user), (name, variable)
    assert compose["secrets"]


def test_who_is_reached_from_afar_has_the_admin_key_and_the_crawler_has_not(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        has_key = name != "crawler"
        assert ("ONESTORY_ADMIN_KEY_FILE" in service["environment"]) == has_key
        assert ("admin_key" in service["secrets"]) == has_key
        assert ("--with-admin-key" in service["command"]) == (name == "migrate")
    assert compose["secrets"]["admin_key"]["file"] == "${ONESTORY_ADMIN_KEY_FILE:-/dev/null}"


@pytest.fixture
def served(
    compose: dict[str, Any], home: Path, redis_url: str, postgres_url: str, tmp_path: Path
) -> Iterator[tuple[str, dict[str, str], str]]:
    """The three services as processes, in the order of compose; gives the API's address, and the first admin key."""
    home.parent.mkdir(exist_ok=True)
    envs = {name: environment(compose, name, home, redis_url, postgres_url) for name in OURS}
    commands = {name: compose["services"][name]["command"] for name in OURS}
    assert [command[0] for command in commands.values()] == ["onestory"] * 3
    migrated = onestory(*commands["migrate"][1:], env=envs["migrate"])
    assert migrated.returncode == 0
    key = migrated.stdout.rpartition("shown only this once: ")[2].strip()
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
    with child(command, env={**os.environ, **envs["api"]}, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: process.poll() is not None or _answers(f"http://127.0.0.1:{port}/readyz"))
        yield f"http://127.0.0.1:{port}", envs["api"], key


def _toml(source: SourceEntry) -> str:
    words = {"url": source.url, "kind": source.kind, "outlet": source.outlet}
    return "[[source]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in words.items())


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=LONGEST_WAIT) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_the_services_work_together(served: tuple[str, dict[str, str], str]) -> None:
    url, env, key = served
    asked = f"{url}/v1/stories?min_copies=5"
    with pytest.raises(HTTPError, match="401"):
        urlopen(asked, timeout=LONGEST_WAIT)
    with urlopen(Request(asked, headers={"Authorization": f"Bearer {key}"}), timeout=LONGEST_WAIT) as response:
        listed = json.load(response)
    assert [story["copies"] for story in listed["stories"]] == [5]
    assert onestory("health", env=env).returncode == 0
    again = onestory("migrate", "--with-admin-key", env=env)
    assert "onestory_" not in again.stdout


def test_a_key_that_is_brought_along_is_the_first_one(
    compose: dict[str, Any], home: Path, redis_url: str, postgres_url: str
) -> None:
    home.parent.mkdir(exist_ok=True)
    env = environment(compose, "migrate", home, redis_url, postgres_url)
    Path(env["ONESTORY_ADMIN_KEY_FILE"]).write_text("0123456789abcdef0123456789abcdef\n")
    migrated = onestory(*compose["services"]["migrate"]["command"][1:], env=env)
    assert (migrated.returncode, migrated.stdout.count("\n")) == (0, 1)
    [key] = [json.loads(line) for line in onestory("keys", "list", "--json", env=env).stdout.splitlines()]
    assert (key["scope"], key["from_environment"]) == ("admin", True)
