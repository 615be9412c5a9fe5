"""How tests wait: for progress, with a limit that only a hang reaches."""

import time
from collections.abc import Callable

__all__ = ["LONGEST_WAIT", "wait_until"]

# Seconds. A busy machine may take minutes for what takes moments otherwise.
LONGEST_WAIT = 300.0


def wait_until(predicate: Callable[[], object], timeout: float = LONGEST_WAIT) -> None:
    """Return as soon as the predicate is true. Fails the test after `timeout` seconds."""
    give_up = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > give_up:
            raise AssertionError(f"not so within {timeout} s: {getattr(predicate, '__name__', predicate)}")
        time.sleep(0.01)
