"""Rows for a batch of any size: real texts in forms of their own, copies and edits of these, and a crowd.

A form of one's own has every third word replaced by another word of the corpus: it reads as its language, and shares no
five words in a row with the text that it was made from.
"""

import random
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from benchmarks.dedupe_quality import rows_of

__all__ = ["crowd_rows", "generated_rows", "texts_of", "write_rows"]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COPY_SHARE = 0.45
RECENT = 2000  # stories that are still copied
LEAST_CHARS, MOST_CHARS = 600, 8000
Row = dict[str, Any]


def texts_of(data: Path) -> list[str]:
    """The texts of real_dev that are neither scraps nor books."""
    found = (row.get("text") for row in rows_of(data / "dedupe" / "real_dev.jsonl.gz"))
    return [text for text in found if text and LEAST_CHARS <= len(text) <= MOST_CHARS]


def generated_rows(texts: list[str], count: int, *, seed: int = 1) -> Iterator[Row]:
    """Make `count` rows. The same seed gives the same rows. `story` names the story that a row is a copy of."""
    chance = random.Random(seed)
    words = [word for text in texts[:2000] for word in text.split()]
    recent: deque[tuple[int, str]] = deque(maxlen=RECENT)
    for at in range(count):
        if recent and chance.random() < COPY_SHARE:
            story, text = chance.choice(recent)
            text = _edited(text, chance)
        else:
            story, text = at, _own_form(chance.choice(texts), words, chance)
            recent.append((story, text))
        yield _row(at, story, text)


def crowd_rows(texts: list[str], count: int, *, seed: int = 2) -> Iterator[Row]:
    """Make copies of one story, each with other sentences left out."""
    chance = random.Random(seed)
    words = [word for text in texts[:2000] for word in text.split()]
    usual = sorted(texts, key=len)[len(texts) // 2]
    dispatch = _own_form(usual, words, chance)
    for at in range(count):
        yield _row(at, 0, "\n".join(line for line in dispatch.split("\n") if chance.random() > 0.1))


def _row(at: int, story: int, text: str) -> Row:
    title = " ".join(text.split()[:9])
    fetched = (NOON + timedelta(seconds=at)).isoformat()
    return {"url": f"https://outlet{at % 977}.example/{at}", "title": title, "text": text, "fetched": fetched} | {
        "story": story
    }


def _own_form(text: str, words: list[str], chance: random.Random) -> str:
    lines = []
    for line in text.split("\n"):
        found = line.split()
        found[::3] = chance.choices(words, k=len(found[::3]))
        lines.append(" ".join(found))
    return "\n".join(lines)


def _edited(text: str, chance: random.Random) -> str:
    """A copy: as it is, cut in the middle, with another lede, or its top alone."""
    lines = text.split("\n")
    kind = chance.randrange(4)
    if kind == 1 and len(lines) > 3:
        del lines[chance.randrange(1, len(lines) - 1)]
    elif kind == 2:
        lines = [f"Our own desk in town number {chance.randrange(10**6)} adds a line of its own.", *lines]
    elif kind == 3:
        lines = lines[: max(2, len(lines) // 2)]
    return "\n".join(lines)


def write_rows(path: Path, rows: Iterator[Row]) -> Path:
    with path.open("wb") as file:
        for row in rows:
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    return path
