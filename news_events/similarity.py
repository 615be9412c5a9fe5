"""How similar two stories are: the cosine of their vectors, less the more time lies between them.

Similarities are whole numbers from 0 to UNIT, so that sums of them never depend on an order.
"""

from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_GAP", "MIN_LINK", "SAME_OUTLET_SHARE", "UNIT", "after_time"]

UNIT = 1 << 20
MIN_LINK = UNIT // 10  # weaker similarities count as none
# Reports of one happening lie close together. After a day without loss a similarity halves every three days; stories
# further apart than MAX_GAP are never compared.
FULL_GAP = timedelta(days=1)
HALF_LIFE = timedelta(days=3)
MAX_GAP = timedelta(days=7)
# An outlet repeats its phrases and what its pages show around articles, and seldom reports one happening twice.
SAME_OUTLET_SHARE = 0.35


def after_time(gap_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of a similarity that is left when so many seconds lie between two stories, 0 to 1."""
    loss = np.maximum(gap_seconds - FULL_GAP.total_seconds(), 0) / HALF_LIFE.total_seconds()
    return np.where(gap_seconds > MAX_GAP.total_seconds(), 0.0, np.exp2(-loss))
