"""An upgrade to the next version, and a restore into empty volumes."""

import time

from deploy.compose_check.crawl_checks import rows
from deploy.compose_check.profile_checks import newest_backup
from deploy.compose_check.stack import PROJECT, CheckError, Stack, docker, wait_until

__all__ = ["restores", "upgrades"]

# The files that a release writes its version into.
VERSIONED = ("pyproject.toml", "Dockerfile", "docker-compose.yml")
PROFILES = ("alerts", "backup", "digest")


def upgrades(stack: Stack) -> str:
    """The same store under the next version: every container of ours is made anew, with nothing lost."""
    before, old = rows(stack), stack.version()
    new = f"{old}.post1"
    for name in VERSIONED:
        path = stack.folder / name
        path.write_text(path.read_text().replace(old, new))
    stack.compose("build", "--quiet")
    started = time.monotonic()
    stack.up(profiles=PROFILES)
    wait_until(lambda: stack.get("/v1/status")["version"] == new, what=f"the API is of version {new}")
    seconds = time.monotonic() - started
    if left := [
        one["Name"] for one in stack.containers() if one["Image"] == f"onestory:{old}" and one["Service"] != "site"
    ]:
        raise CheckError(f"still of version {old}: {', '.join(left)}")
    stack.wait_healthy("crawler", "api")
    if rows(stack) != before:
        raise CheckError(f"{before} before the upgrade, {rows(stack)} after it")
    return f"the API answers as version {new} after {seconds:.0f} s"


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
