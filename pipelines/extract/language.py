"""The language of a text, as an ISO 639-1 code; `und` when it cannot be told."""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

__all__ = ["UNDETERMINED", "detect_language", "known_language"]

UNDETERMINED = "und"
# Past this many characters more text changes no verdict and only costs.
_SAMPLE_CHARS = 1_200
_ENOUGH_CHARS = 60
_CODE = re.compile(r"[A-Za-z]{2}(?![A-Za-z])")
# What the detector cannot tell from a close relative, a page that declares it is believed.
_RELATIVES = (
    frozenset(["no", "nb", "nn", "da"]),
    frozenset(["hr", "bs", "sr"]),
    frozenset(["id", "ms"]),
    frozenset(["pt", "gl"]),
    frozenset(["cs", "sk"]),
    frozenset(["ru", "uk", "be", "bg", "mk"]),
    frozenset(["hi", "mr", "ne"]),
    frozenset(["ur", "fa", "ps"]),
)
_FOLDED = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "sh": "sr"}


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str, *, declared: str | None = None) -> str:
    """The language of `text`. `declared` (lang attribute, og:locale) decides only for short texts and near relatives.

    Pages are declared wrongly often enough (templates in English, text in another language) that the text comes first.
    """
    claim = _claimed(declared)
    if len(text) < _ENOUGH_CHARS and claim:
        return claim
    if not any(char.isalpha() for char in text[:_SAMPLE_CHARS]):
        return claim or UNDETERMINED
    code, confidence = _identifier().classify(_sample(text))
    if claim and (confidence < 0.7 or any({code, claim} <= family for family in _RELATIVES)):
        return claim
    return _FOLDED.get(code, code) if len(code) == 2 else UNDETERMINED


def known_language(code: str | None) -> str | None:
    """RFC 5646, 4.1: `und` is for where there has to be a tag; where there has not, nothing is said."""
    return None if code == UNDETERMINED else code


def _sample(text: str) -> str:
    """From a third of the way in: a text's head may be a dateline or furniture."""
    start = len(text) // 3 if len(text) > 3 * _SAMPLE_CHARS else 0
    return text[start : start + _SAMPLE_CHARS]


def _claimed(declared: str | None) -> str | None:
    match = _CODE.match(declared or "")
    code = match[0].lower() if match else None
    return _FOLDED.get(code, code) if code else None
