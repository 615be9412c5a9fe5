"""The errors that Onestory raises on purpose.

OnestoryError                    one plain line that names the problem and the remedy
├── BadInput                     input that cannot be used
├── Dropped                      bad data of one article, which is left out
├── NotFound                     no record with this id or URL
│   └── TakenDown                the record was removed for good
├── HomeUnusable                 the data folder is read-only, of a newer schema, or in use
│   ├── SchemaTooNew
│   └── DiskFull
└── Unavailable                  a server is unreachable; nothing is lost, and waiting helps
    ├── DatabaseUnavailable
    └── IndexUnavailable
        └── IndexUnusable        the index must not be used as it is; waiting does not help

Bad data drops one article and counts `dropped/<reason>`. Broken infrastructure propagates.
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
    """Base class of all errors. `reason` is a stable word for counting and matching; the message is for people."""

    reason = "error"


class BadInput(OnestoryError):
    reason = "bad_input"


class Dropped(OnestoryError):
    """One article that is not stored. `reason` is a stable word; `detail` is for people."""

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
    """The store was written by a newer version of Onestory."""

    reason = "schema_too_new"

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the store has schema {found}, which is newer than this version of onestory: upgrade onestory"
        )
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
