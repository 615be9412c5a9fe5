"""The server as a process: it says where it is, answers, and leaves nothing behind."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.processes import child
from tests.waiting import LONGEST_WAIT

SERVE = """
import sys
from pathlib import Path
from onestory.newsroom.server.server import run_server
from onestory.config import Config
run_server(Config.read({}, home=Path(sys.argv[1])), port=0, started=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_and_its_embedded_redis(home: Path, stop: signal.Signals) -> None:
    command = [sys.executable, "-c", SERVE, str(home)]
    with child(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        base = process.stdout.readline().strip()
        assert base.startswith("http://127.0.0.1:")
        assert httpx.get(f"{base}/readyz", trust_env=False, timeout=LONGEST_WAIT).status_code == 200
        assert "No stories yet" in httpx.get(base, trust_env=False, timeout=LONGEST_WAIT).text
        process.send_signal(stop)
        said, _ = process.communicate(timeout=LONGEST_WAIT)
    assert (process.returncode, said) == (0, "stopped\n")
    assert not (home / "redis" / "redis.sock").exists()
