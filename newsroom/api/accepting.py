"""Which of several media types a client wants (RFC 9110, 12.5.1)."""

from collections.abc import Sequence

from fastapi import Request

__all__ = ["wanted_type"]


def wanted_type(request: Request, offered: Sequence[str]) -> str:
    """The one that the client likes best, the first of equals; the first, too, when it likes none of them.

    A media range does not choose: a browser's `*/*` must get what it got before there were others.
    """
    likes = _likes(request.headers.get("accept", ""))
    return max(offered, key=lambda kind: likes.get(kind, 0.0)) if likes else offered[0]


def _likes(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in accept.split(","):
        kind, *parameters = [part.strip().lower() for part in one.split(";")]
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        found[kind] = _weight(weight)
    return found


def _weight(value: str) -> float:
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
