"""Every error that Onestory raises on purpose, in one tree.

OnestoryError                    one plain line that names the thing and the remedy
├── BadInput                     what the user gave cannot be used
├── Dropped                      one article's bad data: that article is left out, the rest goes on
├── NotFound                     nothing by that id or URL
│   └── TakenDown                it was here, and was removed for good
├── HomeUnusable                 the data folder: read-only, of a newer schema, held by someone else
│   ├── SchemaTooNew
│   └── DiskFull
└── Unavailable                  a server that we need is not there; nothing is lost, waiting helps
    ├── DatabaseUnavailable
    └── IndexUnavailable
        └── IndexRefused         the index is there and must not be used as it is; waiting does not help

Bad data drops one article and counts `dropped/<reason>`; broken infrastructure propagates.
"""

import errno

__all__ = [
    "BadInput",
    "DatabaseUnavailable",
    "DiskFull",
    "Dropped",
    "HomeUnusable",
    "IndexUnavailable",
    "IndexUnusable",
    "NotFound",
    "OnestoryError",
    "SchemaTooNew",
    "TakenDown",
    "Unavailable",
    "is_disk_full",
]


class OnestoryError(Exception):
    """Base of all: `reason` is stable and may be counted or matched on; the message is for people."""

    reason = "error"


class BadInput(OnestoryError):
    reason = "bad_input"


class Dropped(OnestoryError):
    """One article that is not kept. `reason` is a stable word, `detail` is for people."""

    def __init__(self, url: str, reason: str, detail: str = "") -> None:
        super().__init__(url, reason, detail)
        self.url = url
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.url}: {self.detail or self.reason}"


class NotFound(OnestoryError):
    reason = "not_found"


class TakenDown(NotFound):
    reason = "taken_down"


class HomeUnusable(OnestoryError):
    reason = "home_unusable"


class SchemaTooNew(HomeUnusable):
    """The store was written by a newer Onestory."""

    reason = "schema_too_new"

    def __init__(self, found: str) -> None:
        super().__init__(f"the store has schema {found}, newer than this onestory knows: upgrade onestory")
        self.found = found


class DiskFull(HomeUnusable):
    reason = "disk_full"


def is_disk_full(error: OSError) -> bool:
    """Whether the operating system reports a full disk or an exhausted quota."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


class Unavailable(OnestoryError):
    reason = "unavailable"


class DatabaseUnavailable(Unavailable):
    reason = "database_unavailable"


class IndexUnavailable(Unavailable):
    reason = "index_unavailable"


class IndexUnusable(IndexUnavailable):
    reason = "index_refused"
