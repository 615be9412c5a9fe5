"""docker-compose.yml: its commands as plain processes on a real Redis and PostgreSQL."""

import json
import os
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
from tests.newsroom.test_mail import postbox
from tests.processes import child
from tests.waiting import LONGEST_WAIT, wait_until

ROOT = Path(__file__).resolve().parents[2]
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
    del given["ONESTORY_REDIS_PASSWORD_FILE"]
    user, _, place = database_url.partition("@")
    if "ONESTORY_ADMIN_KEY_FILE" in given:
        (home.parent / "admin_key").touch()
        given |= {"ONESTORY_ADMIN_KEY_FILE": str(home.parent / "admin_key"), "ONESTORY_PUBLIC_URL": ""}
    if "ONESTORY_SMTP_URL_FILE" in given:
        (home.parent / "smtp_url").touch()
        given |= {"ONESTORY_SMTP_URL_FILE": str(home.parent / "smtp_url"), "ONESTORY_MAIL_FROM": ""}
    return given | {
        "ONESTORY_HOME": str(home),
        "ONESTORY_DATABASE_URL": f"{user}@{place}",
        "ONESTORY_DATABASE_PASSWORD_FILE": str(secret),
        "ONESTORY_REDIS_URL": redis_url,
        "ONESTORY_CONTACT": "https://desk.example/crawler",
        # As where `.env` says nothing.
        "ONESTORY_SOURCES": "",
        "ONESTORY_WARC_DIR": "",
        "ONESTORY_RETENTION": "",
        "ONESTORY_WORKERS": "1",
        **({"ONESTORY_RATE_LIMIT": ""} if "ONESTORY_RATE_LIMIT" in given else {}),
    }


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


def test_the_digest_reaches_an_editor(compose: dict[str, Any], home: Path, redis_url: str, postgres_url: str) -> None:
    home.parent.mkdir(exist_ok=True)
    migrate = environment(compose, "migrate", home, redis_url, postgres_url)
    assert onestory(*compose["services"]["migrate"]["command"][1:], env=migrate).returncode == 0
    env = environment(compose, "digest", home, redis_url, postgres_url)
    env |= {
        "ONESTORY_DIGEST_MAIL": "editor@desk.example",
        "ONESTORY_DIGEST_HOUR": "0",
        "ONESTORY_PUBLIC_URL": "",
        "TZ": "",
    }
    with postbox() as box:
        Path(env["ONESTORY_SMTP_URL_FILE"]).write_text(f"smtp://127.0.0.1:{box.port}\n")
        command = [ONESTORY, *compose["services"]["digest"]["command"][1:]]
        with child(command, env={**os.environ, **env}, stderr=subprocess.DEVNULL) as process:
            wait_until(lambda: box.mails or process.poll() is not None)
    assert [mail["To"] for mail in box.mails] == ["editor@desk.example"]
