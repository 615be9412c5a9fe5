"""Token buckets, one for each client."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["MOST_CLIENTS", "WINDOW_SECONDS", "Buckets"]

WINDOW_SECONDS = 60
MOST_CLIENTS = 10_000


@dataclass(slots=True)
class Buckets:
    """`per_minute` is what a client may do at once, and again in each minute.

    The least lately seen of very many clients is forgotten, and may begin anew.
    """

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _tokens: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)  # tokens, as of when

    def __len__(self) -> int:
        return len(self._tokens)

    def left(self, client: str) -> float:
        """The tokens that it has now."""
        return self._left(client, self.clock())

    def take(self, client: str) -> float:
        """The tokens left after this one; below zero: there was none, and none was taken."""
        now = self.clock()
        left = self._left(client, now) - 1
        self._tokens[client] = (left if left >= 0 else left + 1, now)
        self._tokens.move_to_end(client)
        if len(self._tokens) > MOST_CLIENTS:
            self._tokens.popitem(last=False)
        return left

    def _left(self, client: str, now: float) -> float:
        tokens, since = self._tokens.get(client, (float(self.per_minute), now))
        return min(float(self.per_minute), tokens + (now - since) * self.per_minute / WINDOW_SECONDS)
