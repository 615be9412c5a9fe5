"""Time zones as pages write them: offsets, abbreviations, and names of the IANA database."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["zone_after"]

# Hours from UTC. An abbreviation with several meanings has the one that news sites use it with.
_HOURS: dict[str, float] = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2, "eet": 2,
    "eest": 3, "msk": 3, "мск": 3, "trt": 3, "eat": 3, "cat": 2, "sast": 2, "wat": 1, "gst": 4, "pkt": 5, "ist": 5.5,
    "wib": 7, "ict": 7, "wita": 8, "sgt": 8, "hkt": 8, "pht": 8, "myt": 8, "awst": 8, "wit": 9, "jst": 9, "kst": 9,
    "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "brt": -3, "art": -3, "adt": -3,
    "clt": -4, "ast": -4, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
    "ut": 0, "akst": -9, "akdt": -8, "hst": -10, "ndt": -2.5, "nst": -3.5,
}  # fmt: skip
# Without "standard" or "daylight" the time of the day is meant.
_PLACES = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles",
    "eastern": "America/New_York", "central": "America/Chicago", "pacific": "America/Los_Angeles",
    "cet/cest": "Europe/Berlin",
}  # fmt: skip
_AFTER = re.compile(
    r"\W{0,3}(?:\[?(?P<name>[a-z]{3,12}/[a-z_]{3,20}(?:/[a-z_]{3,20})?)\]?"
    r"|(?:utc|gmt|z)?\s{0,2}(?P<sign>[+\-−–])\s?(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?(?!\d)"
    r"|(?P<word>[a-zа-я]{1,8})(?![a-zа-я]))"
)


def zone_after(text: str, at: int) -> tuple[tzinfo, int] | None:
    """The zone that stands in lower-cased `text` right behind the place `at`, and where it ends; None for no zone."""
    match = _AFTER.match(text, at)
    if not match:
        return None
    if match["sign"]:
        return _offset(match), match.end()
    zone = _place(match["name"]) if match["name"] else _named(match["word"])
    return (zone, match.end()) if zone else None


def _offset(match: re.Match[str]) -> tzinfo:
    length = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    if length > timedelta(hours=14):
        raise ValueError(f"no zone is {length} from UTC")
    return timezone(length if match["sign"] == "+" else -length)


def _named(word: str) -> tzinfo | None:
    if word in _PLACES:
        return _place(_PLACES[word].lower())
    hours = _HOURS.get(word)
    return None if hours is None else timezone(timedelta(hours=hours)) if hours else UTC


@cache
def _place(name: str) -> tzinfo | None:
    """A zone of the IANA database, by its name in any case."""
    spelled = "/".join("_".join(word.capitalize() for word in part.split("_")) for part in name.split("/"))
    try:
        zone = ZoneInfo(spelled)
        datetime(2020, 1, 1, tzinfo=zone).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return zone
