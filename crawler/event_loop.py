"""Twisted's reactor on an asyncio event loop that can run more than once in a process.

Twisted's thread pool stays unused, because it could not be stopped before the process ends: names are resolved on the
loop's threads, and SQL has its own thread.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from scrapy.utils.reactor import install_reactor, is_asyncio_reactor_installed, is_reactor_installed

__all__ = ["interruptible", "run_in_loop"]

T = TypeVar("T")
_loops: list[asyncio.AbstractEventLoop] = []


def run_in_loop(main: Callable[[], Awaitable[T]]) -> T:
    """Run the coroutine in the reactor's loop, from the main thread or from one thread that always calls it."""
    loop = _loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(_awaited(main))


async def _awaited(main: Callable[[], Awaitable[T]]) -> T:
    return await main()


def _loop() -> asyncio.AbstractEventLoop:
    if not _loops:
        if is_reactor_installed() and not is_asyncio_reactor_installed():
            raise RuntimeError("another Twisted reactor is installed in this process")
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
        from twisted.internet import reactor  # noqa: PLC0415 - importing it earlier would install another one

        reactor.startRunning(installSignalHandlers=False)
        _loops.append(loop)
    return _loops[0]


@contextmanager
def interruptible(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> Iterator[None]:
    """Let SIGINT and SIGTERM call `stop`; a second signal has its usual effect."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in caught}

    def once() -> None:
        restore()
        stop()

    def restore() -> None:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)

    for number in caught:
        loop.add_signal_handler(number, once)
    try:
        yield
    finally:
        restore()
