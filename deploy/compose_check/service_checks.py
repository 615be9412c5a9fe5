"""The services: locked down as docker-compose.yml says, open to who has the key, and stopped without harm."""

import json
import re
import secrets

from deploy.compose_check.stack import CheckError, Stack, wait_until

__all__ = [
    "answer_only_with_the_key",
    "are_locked_down",
    "become_healthy",
    "end_at_sigterm",
    "log_json_only",
    "take_a_new_admin_key",
]

BASIC = ("redis", "postgres", "crawler", "api")
# `getcap` of Caddy's file; the kernel refuses to run it without this one.
NET_BIND_SERVICE = 1 << 10


def become_healthy(stack: Stack) -> str:
    stack.up()
    return f"after {stack.wait_healthy(*BASIC):.0f} s"


def are_locked_down(stack: Stack) -> str:
    services = sorted({one["Service"] for one in stack.containers() if one["State"] == "running"} - {"site"})
    for service in services:
        _is_locked_down(stack, service)
    for service in ("redis", "postgres"):
        if any(line.split()[1] == "00000000" for line in stack.inside(service, "cat", "/proc/net/route").splitlines()):
            raise CheckError(f"{service} has a route to the outside")
    return ", ".join(services)


def _is_locked_down(stack: Stack, service: str) -> None:
    lines = stack.inside(service, "cat", "/proc/1/status").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    if "0" in status["Uid"].split():
        raise CheckError(f"{service} runs as root")
    allowed = NET_BIND_SERVICE if service == "proxy" else 0
    if any(int(status[kind], 16) & ~allowed for kind in ("CapPrm", "CapEff", "CapBnd", "CapInh")):
        raise CheckError(f"{service} has capabilities")
    if status["NoNewPrivs"].strip() != "1":
        raise CheckError(f"{service} may gain privileges")
    mounts = [line.split() for line in stack.inside(service, "cat", "/proc/1/mountinfo").splitlines()]
    if not all(re.match("ro(,|$)", mount[5]) for mount in mounts if mount[4] == "/"):
        raise CheckError(f"the root of {service} can be written")
    container = next(one["Name"] for one in stack.containers() if one["Service"] == service)
    limits = stack.inspected(container)["HostConfig"]
    if not limits["Memory"] or not limits["PidsLimit"]:
        raise CheckError(f"{service} has no limit for memory or processes")


def answer_only_with_the_key(stack: Stack) -> str:
    """Reads the first admin key from the log of `migrate`, as the documentation says."""
    keys = re.findall(r"onestory_[0-9a-f]+_[0-9a-f]+", "\n".join(stack.log_of("migrate")))
    if len(keys) != 1:
        raise CheckError(f"migrate shows {len(keys)} keys")
    stack.key = keys[0]
    found = stack.status_of("/v1/stories"), stack.status_of("/v1/stories", key=stack.key)
    if found != (401, 200):
        raise CheckError(f"status without and with the key: {found}, not 401 and 200")
    return "401 without, 200 with it"


def take_a_new_admin_key(stack: Stack) -> str:
    """A key file that is named later is put into force by `up` alone."""
    key = secrets.token_hex(24)
    stack.put_secret("admin_key", key)
    stack.env["ONESTORY_ADMIN_KEY_FILE"] = "./secrets/admin_key"
    stack.up()
    seconds = wait_until(lambda: stack.status_of("/v1/status", key=key) == 200, what="the new key opens the API")
    return f"after {seconds:.0f} s"


def log_json_only(stack: Stack) -> str:
    lines = [line for service in ("crawler", "api") for line in stack.log_of(service)]
    for line in lines:
        try:
            json.loads(line)
        except ValueError:
            raise CheckError(f"a line of the log is no JSON: {line}") from None
    return f"{len(lines)} lines"


def end_at_sigterm(stack: Stack) -> str:
    services = ("crawler", "api")
    stack.compose("stop", *services)
    codes = {one["Name"]: one["ExitCode"] for one in stack.containers() if one["Service"] in services}
    if set(codes.values()) != {0}:
        raise CheckError(f"exit codes at SIGTERM: {codes}")
    return f"{len(codes)} containers exit with 0"
