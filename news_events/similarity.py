"""How similar two stories are: the cosine of their vectors, less the more time lies between them.

Similarities are whole numbers from 0 to UNIT, so that sums of them never depend on an order.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

__all__ = ["ARCHIVED", "MIN_LINK", "OBSERVED", "SAME_OUTLET_SHARE", "UNIT", "TimeLoss"]

UNIT = 1 << 20
MIN_LINK = UNIT // 10  # weaker similarities count as none


@dataclass(frozen=True, slots=True)
class TimeLoss:
    """How a similarity falls with the time between two stories: not within `full_gap`, then by half in each
    `half_life`; stories further apart than `max_gap` are never compared.
    """

    full_gap: timedelta
    half_life: timedelta
    max_gap: timedelta

    def kept(self, gap_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share of a similarity that is left, 0 to 1."""
        loss = np.maximum(gap_seconds - self.full_gap.total_seconds(), 0) / self.half_life.total_seconds()
        return np.where(gap_seconds > self.max_gap.total_seconds(), 0.0, np.exp2(-loss))


# Of stories that were observed as they appeared: reports of one happening lie close together.
OBSERVED = TimeLoss(timedelta(days=1), timedelta(days=3), timedelta(days=7))
# Of pairs with an imported story. An archive is a sample, and its times are what pages state: often a day, or the time
# of a change. So a gap says less.
ARCHIVED = TimeLoss(timedelta(days=30), timedelta(days=90), timedelta(days=180))
# An outlet repeats its phrases and what its pages show around articles, and seldom reports one happening twice.
SAME_OUTLET_SHARE = 0.35
