"""What became of a capture."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one capture. A dropped one has its `reason`, the others the id of their article."""

    url: str
    kind: Literal["stored", "known", "dropped"]
    reason: str | None = None
    detail: str = ""
    article_id: str | None = None
