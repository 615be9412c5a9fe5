"""Processes that tests leave behind: they end with the test, and with a test run that is killed."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.processes import marked
from tests.waiting import wait_until

# Starts a process in a session of its own, as a daemon would be, and says its number.
START = """
import subprocess, sys
place = dict(env={environment}, cwd={folder!r}, stdout=subprocess.DEVNULL)
left = subprocess.Popen(["sleep", "3600"], start_new_session=True, **place)
print(left.pid, flush=True)
"""
RUN = """
from tests.processes import run_folder
{start}
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""


def started(program: str) -> int:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1])
    return int(done.stdout)


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_process_ends_with_its_test() -> None:
    with marked():
        left = started(START.format(environment=None, folder=None))
        assert not is_gone(left)
    wait_until(lambda: is_gone(left))


def test_a_process_of_another_test_goes_on() -> None:
    with marked():
        left = started(START.format(environment=None, folder=None))
        with marked():
            pass
        assert not is_gone(left)


@pytest.mark.parametrize("environment", ["None", "{}"])
def test_a_process_ends_with_a_run_that_is_killed(environment: str) -> None:
    """Also one without the run's environment, by the folder it works in."""
    start = START.replace("{environment}", environment).replace("{folder!r}", "run_folder()")
    left = started(RUN.replace("{start}", start))
    wait_until(lambda: is_gone(left))
