"""What a crawl has done so far, as numbers."""

from dataclasses import dataclass

__all__ = ["CrawlCounts"]


@dataclass(frozen=True, slots=True)
class CrawlCounts:
    """What a crawl has done so far. `waiting` pages are tried again; `moved` pages redirect.

    `looks` counts revisits; `changed` and `withdrawn` count their results.
    """

    requests: int = 0
    polls: int = 0
    polls_failed: int = 0
    pages_found: int = 0
    stored: int = 0
    known: int = 0
    dropped: int = 0
    moved: int = 0
    barred: int = 0
    refused: int = 0
    gone: int = 0
    failed: int = 0
    waiting: int = 0
    looks: int = 0
    changed: int = 0
    withdrawn: int = 0
