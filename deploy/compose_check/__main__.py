"""Builds the image and runs docker-compose.yml for real: python -m deploy.compose_check

Works on a copy of the checkout, as a project of its own, on ports 8000, 80 and 443 of this machine. At the end all is
removed, unless --keep is given. Exits with 1 at the first promise that does not hold.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from deploy.compose_check import crawl_checks, image_checks, profile_checks, service_checks, upgrade_checks
from deploy.compose_check.news_site import sources
from deploy.compose_check.stack import CheckError, Stack, copy_checkout

ROOT = Path(__file__).resolve().parents[2]
OFFLINE_FROM = "the stack becomes healthy"
CHECKS: dict[str, Callable[[Stack], str]] = {
    "the image is built": image_checks.build,
    "it holds only what it needs": image_checks.holds_only_what_it_needs,
    "an edit builds own code alone": image_checks.rebuilds_only_own_code,
    OFFLINE_FROM: service_checks.become_healthy,
    "the first key opens the API": service_checks.answer_only_with_the_key,
    "a key named later does, too": service_checks.take_a_new_admin_key,
    "a crawl survives kill -9": crawl_checks.crawls_all_articles_through_kills,
    "profile alerts": profile_checks.alert,
    "profile backup": profile_checks.backup,
    "profile digest": profile_checks.digest,
    "profile monitoring": profile_checks.monitor,
    "profile tls": profile_checks.proxy,
    "services are locked down": service_checks.are_locked_down,
    "logs are JSON lines": service_checks.log_json_only,
    "an upgrade loses nothing": upgrade_checks.upgrades,
    "a backup is restored": upgrade_checks.restores,
    "crawlers and API end at SIGTERM": service_checks.end_at_sigterm,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave the stack running at the end")
    options = parser.parse_args()
    os.umask(0o022)
    folder = Path(tempfile.mkdtemp(prefix="compose-check-"))
    stack = prepare(folder)
    stack.remove()  # What an interrupted check has left.
    try:
        passed = run_checks(stack)
    finally:
        if options.keep:
            sys.stdout.write(f"kept: {folder}\n")
        else:
            stack.remove()
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{passed} passed, {len(CHECKS) - passed} failed or not run\n")
    return 0 if passed == len(CHECKS) else 1


def prepare(folder: Path) -> Stack:
    """A copy of the checkout, with the secrets made by the command of the documentation."""
    copy_checkout(ROOT, folder)
    folder.chmod(0o755)
    documentation = (folder / "docs" / "operations.md").read_text()
    command = re.findall(r"^\$ (install -d -m 700 secrets.*)$", documentation, re.MULTILINE)[0]
    subprocess.run(["sh", "-c", command], cwd=folder, check=True)
    shutil.copy(folder / ".env.example", folder / ".env")
    proxy_data = folder / "proxy-data"
    proxy_data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(proxy_data, 10002, 10002)
    else:
        proxy_data.chmod(0o777)
    (folder / "sources.toml").write_text(sources())
    stack = Stack(folder, {"ONESTORY_CONTACT": "https://desk.example/bot", "ONESTORY_SOURCES": "./sources.toml"})
    for name in ("metrics_key", "grafana_password"):
        stack.put_secret(name, "for-the-check")
    stack.raise_version()
    stack.env["ONESTORY_CHECK_IMAGE"] = image_checks.image_of(stack)
    return stack


def run_checks(stack: Stack) -> int:
    """How many hold, up to the first that does not."""
    if found := image_checks.stand_ins():
        sys.stdout.write(f"not the official images, but stand-ins: {', '.join(found)}\n")
    started = time.monotonic()
    for number, (name, check) in enumerate(CHECKS.items()):
        if name == OFFLINE_FROM:
            close_network()
        try:
            said = check(stack)
        except CheckError as error:
            sys.stdout.write(f"[{time.monotonic() - started:4.0f} s] FAILED {name}: {error}\n{stack.last_words()}\n")
            return number
        sys.stdout.write(f"[{time.monotonic() - started:4.0f} s] {name}: {said}\n")
        sys.stdout.flush()
    return len(CHECKS)


def close_network() -> None:
    """Beside an engine of its own: ends the process that leads out of its network."""
    if process := os.environ.get("ENGINE_NETWORK"):
        os.kill(int(process), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
