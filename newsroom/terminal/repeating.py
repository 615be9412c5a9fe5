"""Commands that repeat their work until they are stopped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from onestory.errors import BadInput
from onestory.times import parse_age

__all__ = ["parse_every", "stop_at_sigterm"]

MIN_EVERY = timedelta(minutes=1)


def parse_every(value: str) -> timedelta:
    """The pause of an option `--every`. Raises BadInput."""
    age = parse_age(value)
    if age is None or age < MIN_EVERY:
        raise BadInput(f"--every: {value!r} is not an age of a minute or more, as in 15m, 24h or 7d")
    return age


@contextmanager
def stop_at_sigterm() -> Iterator[threading.Event]:
    """An event that SIGTERM sets, so that work in progress is completed. SIGINT interrupts it."""
    stop = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
