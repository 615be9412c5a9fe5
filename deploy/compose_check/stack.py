"""The stack under check: a copy of the checkout, and the commands of Docker Compose on it."""

import json
import os
import re
import shutil
import subprocess
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["CheckError", "Stack", "copy_checkout", "docker", "wait_until"]

PROJECT = "onestory-check"
OVERRIDE = "deploy/compose_check/check.yml"
# The files that a release writes its version into.
VERSIONED = ("pyproject.toml", "Dockerfile", "docker-compose.yml")
# Compose 2.26 clears the line before it writes one, also into a file.
CONTROL = re.compile(r"\x1b\[\d*[A-Z]")


class CheckError(Exception):
    """What the stack promises does not hold."""


def docker(*arguments: str, folder: Path | None = None, env: dict[str, str] | None = None) -> str:
    """Standard output of a command of Docker. Raises CheckError with what it said if it fails."""
    command = ["docker", *arguments]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CheckError(f"docker {' '.join(arguments)} exits with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def wait_until(holds: Callable[[], bool], *, what: str, seconds: float = 180) -> float:
    """How many seconds it took until `holds`; until then no connection is no error. Raises CheckError in the end."""
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        try:
            if holds():
                return time.monotonic() - started
        except (OSError, CheckError):
            pass
        time.sleep(0.25)
    raise CheckError(f"after {seconds:.0f} seconds still not: {what}")


def copy_checkout(source: Path, target: Path) -> None:
    """The files that Git knows or would add, as they are now."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=source, check=True, capture_output=True, text=True).stdout
    for name in names.split("\0"):
        if name and (source / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name, follow_symlinks=False)


@dataclass(slots=True)
class Stack:
    """A copy of the checkout in `folder`, run as a Compose project of its own.

    `env` is what .env would hold, `key` an admin key, once there is one; `images` are those that were built.
    """

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    key: str = ""
    images: list[str] = field(default_factory=list)

    def compose(self, *arguments: str) -> str:
        files = {"COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_FILE": f"docker-compose.yml:{OVERRIDE}"}
        return docker("compose", *arguments, folder=self.folder, env={**os.environ, **files, **self.env})

    def up(self, *services: str, profiles: Iterable[str] = ()) -> None:
        """Start these services, or all that need no other profile: with two crawlers then."""
        chosen = [word for profile in profiles for word in ("--profile", profile)]
        scale = [] if services else ["--scale", "crawler=2"]
        self.compose(*chosen, "up", "--detach", "--quiet-pull", *scale, *services)

    def inside(self, service: str, *command: str) -> str:
        return self.compose("exec", "--no-TTY", service, *command)

    def log_of(self, service: str) -> list[str]:
        return [CONTROL.sub("", line) for line in self.compose("logs", "--no-log-prefix", service).splitlines()]

    def last_words(self) -> str:
        """The state of all containers, and the end of their logs."""
        everything = ("--profile", "*")
        return self.compose(*everything, "ps", "--all") + self.compose(
            *everything, "logs", "--no-color", "--tail", "15"
        )

    def remove(self) -> None:
        """Containers, networks and volumes of the project, and the images that were built."""
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "5", "--remove-orphans")
        for image in self.images:
            if docker("image", "ls", "--quiet", image).strip():
                docker("image", "rm", image)

    def containers(self) -> list[dict[str, Any]]:
        """What `docker compose ps` knows of each container, those that ended included."""
        return [json.loads(line) for line in self.compose("ps", "--all", "--format", "json").splitlines()]

    def inspected(self, container: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", container))[0]
        return found

    def wait_healthy(self, *services: str) -> float:
        """Seconds until all containers of these services are healthy."""
        return wait_until(
            lambda: (
                {c["Service"] for c in self.containers()} >= set(services)
                and all(c["Health"] == "healthy" for c in self.containers() if c["Service"] in services)
            ),
            what=f"{', '.join(services)} healthy",
        )

    def wait_ready(self) -> float:
        return wait_until(self.is_ready, what="the API is ready")

    def is_ready(self) -> bool:
        try:
            return self.status_of("/readyz") == 200
        except OSError:
            return False

    def status_of(self, path: str, *, key: str = "") -> int:
        try:
            with self._open(path, key) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def get(self, path: str) -> dict[str, Any]:
        """A JSON answer of the API, with the admin key."""
        with self._open(path, self.key) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def _open(self, path: str, key: str) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:8000{path}")
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        return urllib.request.urlopen(request, timeout=20)

    def put_secret(self, name: str, value: str) -> None:
        """Write a file into `secrets`, readable as the documentation says."""
        path = self.folder / "secrets" / name
        path.unlink(missing_ok=True)
        path.write_text(f"{value}\n")
        path.chmod(0o444)

    def raise_version(self) -> str:
        """Write another version into the files that name it, so that no image of a release is replaced. Returns it."""
        old = self.version()
        new = f"{old.partition('.dev')[0]}.dev{int(time.time())}"
        for name in VERSIONED:
            path = self.folder / name
            path.write_text(path.read_text().replace(old, new))
        self.images.append(f"onestory:{new}")
        return new

    def version(self) -> str:
        """The version that pyproject.toml names."""
        project = tomllib.loads((self.folder / "pyproject.toml").read_text())
        return str(project["project"]["version"])
