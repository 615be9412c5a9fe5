"""Arrays that grow by one value at a time."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["Column"]


class Column:
    """An array with room to grow."""

    def __init__(self, dtype: DTypeLike = np.float64) -> None:
        self._values: NDArray[Any] = np.zeros(0, dtype=dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, value: float) -> None:
        if self._count == len(self._values):
            more = np.zeros(max(1024, self._count), dtype=self._values.dtype)
            self._values = np.concatenate([self._values, more])
        self._values[self._count] = value
        self._count += 1

    @property
    def used(self) -> NDArray[Any]:
        return self._values[: self._count]

    def keep(self, chosen: NDArray[np.bool_]) -> None:
        """Drop the values that are not chosen."""
        self._values = self.used[chosen]
        self._count = len(self._values)
