"""The one place where a test waits."""

import time
from collections.abc import Callable

__all__ = ["wait_until"]


def wait_until(predicate: Callable[[], object], timeout: float = 20.0) -> None:
    """Returns as soon as the predicate is true; after `timeout` seconds the test fails."""
    give_up = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > give_up:
            raise AssertionError(f"not so within {timeout} s: {getattr(predicate, '__name__', predicate)}")
        time.sleep(0.01)
