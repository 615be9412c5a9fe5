"""Match the phrases of watches, in normal form, in text of any script.

A phrase is a run of words that must occur next to each other, in that order, as whole words. ` + ` between two phrases
requires both, anywhere in the same text. A watch with several phrases matches any one of them. Words are those of
`onestory.dedupe.shingles`: small letters, and single characters where a script has no spaces.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from onestory.dedupe.shingles import script_of, tokenize
from onestory.errors import BadInput

__all__ = ["MAX_PHRASES", "WatchPhrase", "WatchPhrases", "matching_watches", "normalize_fields", "parse_phrase"]

MAX_PHRASES = 20
MAX_LENGTH = 200
# One letter is in every text.
MIN_CHARACTERS = 2
# Between the fields of one entry or article: no word holds it, so no phrase reaches across.
BREAK = b" \x00 "


@dataclass(frozen=True, slots=True)
class WatchPhrase:
    """One phrase: all `needles` must occur in a text as `normalize_fields` returns it."""

    typed: str
    needles: tuple[bytes, ...]

    def is_in(self, normal: bytes) -> bool:
        return all(needle in normal for needle in self.needles)


@dataclass(frozen=True, slots=True)
class WatchPhrases:
    """A watch's id and its phrases, any one of which matches."""

    watch_id: int
    phrases: tuple[WatchPhrase, ...]

    def is_in(self, normal: bytes) -> bool:
        return any(phrase.is_in(normal) for phrase in self.phrases)


@lru_cache(maxsize=4_096)
def parse_phrase(typed: str) -> WatchPhrase:
    """Parse a phrase. Raises BadInput if it has no word, is a single letter, or is too long."""
    clean = " ".join(typed.replace("\x00", " ").encode("utf-8", "ignore").decode().split())
    if len(clean) > MAX_LENGTH:
        raise BadInput(f"a phrase to watch for has at most {MAX_LENGTH} characters; this one has {len(clean):,}")
    parts = [_normal(part) for part in clean.split(" + ")]
    if not all(parts):
        raise BadInput(f"{clean!r} contains no word to watch for")
    if any(len(part.decode()) < MIN_CHARACTERS for part in parts):
        raise BadInput(f"{clean!r} is in every text: watch for more than a single letter")
    return WatchPhrase(clean, tuple(_needle(part) for part in parts))


def normalize_fields(fields: Iterable[str | None]) -> bytes:
    """The words of the fields in lower case, with one space around each if the script has spaces."""
    return BREAK.join([b"", *(_normal(field) for field in fields if field), b""])


def matching_watches(wanted: Sequence[WatchPhrases], fields: Iterable[str | None]) -> list[int]:
    """The ids of the watches that match these fields (headline, summary, body)."""
    if not any(one.phrases for one in wanted):
        return []
    normal = normalize_fields(fields)
    return [one.watch_id for one in wanted if one.is_in(normal)]


def _normal(text: str) -> bytes:
    # Composed first: a combining mark of its own would cut a word in two.
    return tokenize(unicodedata.normalize("NFC", text)).normal


def _needle(part: bytes) -> bytes:
    """With a space at each end where the word there must end: a script without spaces runs on."""
    text = part.decode()
    left, right = (b"" if _runs_on(character) else b" " for character in (text[0], text[-1]))
    return left + part + right


def _runs_on(character: str) -> bool:
    return script_of(character) is not None
