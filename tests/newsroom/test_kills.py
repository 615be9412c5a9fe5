"""A few kills of imports, crawls, servers and Redis: nothing acknowledged is lost, and each text is one story."""

import subprocess
import sys

from tests.test_repository import ROOT


def test_what_was_acknowledged_outlives_kills() -> None:
    command = [sys.executable, "-m", "benchmarks.kills", "--kills", "8", "--texts", "20", "--seed", "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 kills" in done.stdout
