"""The language of a text, as an ISO 639-1 code; `und` when it cannot be told."""

import re
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
# The automaton knows sequences of at most so many bytes: what came before them is forgotten.
_REMEMBERED_BYTES = 6


class _ArrayIdentifier(LanguageIdentifier):  # type: ignore[misc]
    """py3langid's identifier, whose automaton walks from all places of a text at once.

    Its own walk is a step of Python for each byte. As a state depends on the last six bytes alone, six steps from the
    first state lead to the same one: they are taken as array operations, a twentieth of the time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # 57 MB: as the half floats that they are stored in every text would convert them, half the time of a detection.
        self.weights: NDArray[np.float32] = self.nb_ptc.astype(np.float32)
        self.moves = np.frombuffer(self.tk_nextmove, dtype=np.uint32)
        self.rows = np.array(self.tk_row, dtype=np.intp) << 8
        self.features = np.array(self.tk_output, dtype=np.int32)

    def _raw_score(self, text: bytes) -> NDArray[np.float32]:
        found = self.features.take(self.states(text))
        places = np.flatnonzero(found >= 0)
        if not len(places):
            return np.zeros(len(self.nb_classes), dtype=np.float32)
        ranked = np.sort(found[places].astype(np.int64) << 32 | places)
        starts = np.flatnonzero(np.append(True, ranked[1:] >> 32 != ranked[:-1] >> 32))
        features, first = ranked[starts] >> 32, ranked[starts] & 0xFFFFFFFF
        counts = np.diff(np.append(starts, len(ranked)))
        # In the order of the text, as sums of floats depend on it.
        order = np.argsort(first)
        found_often = np.log1p(counts[order].astype(np.float32))
        scores: NDArray[np.float32] = found_often @ self.weights.take(features[order], axis=0) + self.nb_pc
        return scores

    def states(self, text: bytes) -> NDArray[np.uint32]:
        """The state behind each byte of a text."""
        letters = np.frombuffer(text, dtype=np.uint8)
        states = np.zeros(len(letters), dtype=np.uint32)
        # From the first of the remembered bytes to the last; the text has no bytes before its beginning.
        for behind in reversed(range(min(_REMEMBERED_BYTES, len(letters)))):
            rows = self.rows.take(states[behind:])
            states[behind:] = self.moves.take(rows + letters[: len(letters) - behind])
        return states


@cache
def _identifier() -> LanguageIdentifier:
    return _ArrayIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


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
