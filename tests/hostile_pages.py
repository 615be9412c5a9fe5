"""Pages that do to a worker what no test can wait for in a real one; they must be importable there."""

import os
import signal
import time

__all__ = ["Deadly", "Spinning", "Sticking", "Swelling"]


class Sticking(bytes):
    """Reading it does not end."""

    def strip(self, chars: bytes | None = None) -> bytes:  # type: ignore[override]
        time.sleep(3600)
        return b""


class Spinning(bytes):
    """Reading it works for ever."""

    def strip(self, chars: bytes | None = None) -> bytes:  # type: ignore[override]
        while True:
            pass


class Deadly(bytes):
    """Reading it ends the process, as a fault in a parser or the kernel's hunt for memory does."""

    def strip(self, chars: bytes | None = None) -> bytes:  # type: ignore[override]
        os.kill(os.getpid(), signal.SIGKILL)
        return b""


class Swelling(bytes):
    """Reading it takes more memory than there is."""

    def strip(self, chars: bytes | None = None) -> bytes:  # type: ignore[override]
        return bytes(1 << 40)
