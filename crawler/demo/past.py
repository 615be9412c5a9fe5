"""What ran before the demo began: an agency's story that it corrects, and the copies of others."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from onestory.store.articles.captures import Capture

__all__ = ["Past", "read_past"]

PAST = Path(__file__).with_name("past.toml")
STATED_EARLIER = timedelta(minutes=9)


@dataclass(frozen=True, slots=True)
class Past:
    """Captures of the first text and, later, of the corrected one; the outlet that is ours; URLs taken down since."""

    first: tuple[Capture, ...]
    corrected: tuple[Capture, ...]
    ours: str
    withdrawn: tuple[tuple[str, datetime], ...]


def read_past(*, now: datetime) -> Past:
    """Read what ran before `now`."""
    raw = tomllib.loads(PAST.read_text(encoding="utf-8"))
    paragraphs = [" ".join(one.split()) for one in raw["text"]["body"].strip().split("\n\n")]
    text = "\n".join(paragraphs)
    better = text
    for old, new in raw["correction"].items():
        better = better.replace(old, new)
    copies = raw["copy"]
    return Past(
        tuple(_capture(raw, one, "seen", _cut(text, one), now=now) for one in copies if "seen" in one),
        tuple(_capture(raw, one, "corrected", _cut(better, one), now=now) for one in copies if "corrected" in one),
        raw["ours"],
        tuple((_url(one), now - timedelta(minutes=one["withdrawn"])) for one in copies if "withdrawn" in one),
    )


def _cut(text: str, copy: dict[str, Any]) -> str:
    return "\n".join(text.split("\n")[: copy.get("paragraphs")])


def _url(copy: dict[str, Any]) -> str:
    return f"https://www.{copy['outlet'].lower().replace(' ', '-')}.example/reservoir"


def _capture(raw: dict[str, Any], copy: dict[str, Any], when: str, text: str, *, now: datetime) -> Capture:
    # A correction keeps the time that the page stated first.
    stated = now - timedelta(minutes=copy.get("seen", copy.get("corrected", 0))) - STATED_EARLIER
    return Capture(
        _url(copy),
        now - timedelta(minutes=copy[when]),
        text=text,
        title=copy.get("title", raw["text"]["title"]),
        published=stated.isoformat(),
        outlet=copy["outlet"],
    )
