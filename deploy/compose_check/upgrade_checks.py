"""An upgrade to the next version, and a restore into empty volumes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.compose_check.crawl_checks import rows
from deploy.compose_check.profile_checks import newest_backup
from deploy.compose_check.stack import PROJECT, CheckError, Stack, docker, wait_until

__all__ = ["restores", "upgrades"]

PROFILES = ("alerts", "backup", "digest")


def upgrades(stack: Stack) -> str:
    """Start the next version on the same store. Compose recreates every Onestory container, and no article is lost."""
    before, old, new = rows(stack), stack.version(), stack.raise_version()
    stack.compose("build", "--quiet")
    started = time.monotonic()
    with outage(stack) as refused:
        stack.up(profiles=PROFILES)
        wait_until(lambda: stack.get("/v1/status")["version"] == new, what=f"the API is of version {new}")
    seconds = time.monotonic() - started
    stack.wait_healthy("crawler", "api")
    if rows(stack) != before:
        raise CheckError(f"{before} before the upgrade, {rows(stack)} after it")
    if left := _containers_of(stack, f"onestory:{old}"):
        raise CheckError(f"still of version {old}: {', '.join(left)}")
    return f"{new} answers {seconds:.0f} s after `up`; nobody answered for {sum(refused):.0f} s of them"


def _containers_of(stack: Stack, image: str) -> list[str]:
    return [one["Name"] for one in stack.containers() if one["Image"] == image and one["Service"] != "site"]


@contextmanager
def outage(stack: Stack) -> Iterator[list[float]]:
    """The seconds in which the API was not ready, in pieces; complete when the context ends."""
    refused: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            started = time.monotonic()
            answered = stack.is_ready()
            ended.wait(0.1)
            if not answered:
                refused.append(time.monotonic() - started)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield refused
    finally:
        ended.set()
        watcher.join()


def restores(stack: Stack) -> str:
    """As the documentation says: empty volumes, a restore, and the stack on top of it."""
    before, path = rows(stack), newest_backup(stack)
    stack.compose("--profile", "*", "down")
    docker("volume", "rm", *(f"{PROJECT}_{name}" for name in ("data", "postgres", "redis")))
    started = time.monotonic()
    stack.compose("up", "--detach", "--wait", "postgres")
    restore = ("onestory", "restore", path)
    stack.compose("--profile", "backup", "run", "--rm", "--no-deps", "--no-TTY", "backup", *restore)
    stack.up()
    stack.wait_ready()
    wait_until(lambda: rows(stack) == before, what=f"{before} again, not {rows(stack)}")
    return f"{path} serves again after {time.monotonic() - started:.0f} s"
