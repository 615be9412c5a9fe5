"""What the index knows of a text: MinHash, second sketch, shingle hashes, and a digest of its words.

MinHash: Broder, "On the resemblance and containment of documents", 1997; the values are datasketch's own
(scheme ``affine32``). Second sketch: winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for
document fingerprinting", 2003): the smallest hash of every window of shingles, so that a passage of that length
chooses the same ones in whatever text it stands.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache, cached_property, lru_cache

import numpy as np
import xxhash
from numpy.typing import NDArray

from onestory.dedupe.errors import SignatureCorrupt
from onestory.dedupe.shingles import CHARS_IDEOGRAPHIC, CHARS_SYLLABIC, SHINGLE_WORDS, shingle_hashes, tokenize

__all__ = ["KEY_BYTES", "PARAMETERS", "Parameters", "Signature", "band_keys", "sign", "sign_many"]


_HEAD = struct.Struct("<B?IHHI16s")

_FORMAT = 2

VALUES_A_STEP = 1 << 15  # of shingles and permutations; they stay in the cache of one core

Hashes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Parameters:
    """Everything two signatures must share before they can be compared."""

    version: int = 5
    num_perm: int = 128
    seed: int = 1
    scheme: str = "affine32"
    hash: str = "xxh32"
    shingle_words: int = SHINGLE_WORDS
    shingle_ideographic: int = CHARS_IDEOGRAPHIC
    shingle_syllabic: int = CHARS_SYLLABIC
    bands: int = 16
    rows: int = 4
    windows: str = "200:20,400:32,:60"
    window_least: int = 4
    window_most: int = 64
    lead_shingles: int = 64
    lead_window: int = 16

    def encode(self) -> str:
        """One canonical line: ``name=value`` in the order of the fields."""
        return " ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self))


PARAMETERS = Parameters()


@dataclass(frozen=True, eq=False)
class Signature:
    """`minhash` uint32[num_perm]; `sketch` sorted unique uint32; `ordered` the shingle hashes in the order of the text.

    `digest` has 16 bytes of the words; `spaced` says that every word stands between spaces, so that the shingle at i is
    made of the words i to i + 4.
    """

    minhash: Hashes
    sketch: Hashes
    ordered: Hashes
    words: int
    digest: bytes
    spaced: bool = True

    @cached_property
    def shingles(self) -> Hashes:
        """Sorted, each once."""
        return _distinct(self.ordered)

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        """The first place of each of `shingles` in the text."""
        return np.unique(self.ordered, return_index=True)[1]

    def first_of(self, shingles: Hashes) -> int:
        """The place of the first of these shingles in the text, which has all of them; there is at least one."""
        return int(self._places[np.searchsorted(self.shingles, shingles)].min())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signature) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.digest)

    def to_bytes(self) -> bytes:
        """Little-endian: format, spaced, words, three lengths, digest, then the three arrays."""
        arrays = (self.minhash, self.sketch, self.ordered)
        head = _HEAD.pack(_FORMAT, self.spaced, self.words, *map(len, arrays), self.digest)
        return head + b"".join([array.astype("<u4", copy=False).tobytes() for array in arrays])

    @classmethod
    def from_bytes(cls, data: bytes) -> "Signature":
        """Raises SignatureBroken on anything that `to_bytes` did not make."""
        if len(data) < _HEAD.size or data[0] != _FORMAT:
            raise SignatureCorrupt("unknown format")
        _, spaced, words, num_perm, sketch, shingles, digest = _HEAD.unpack_from(data)
        if len(data) != _HEAD.size + 4 * (num_perm + sketch + shingles):
            raise SignatureCorrupt("wrong length")
        values = np.frombuffer(data, dtype="<u4", offset=_HEAD.size).astype(np.uint32, copy=False)
        end = num_perm + sketch
        return cls(values[:num_perm], values[num_perm:end], values[end:], words, digest, spaced)


@lru_cache(maxsize=4)
def _permutations(parameters: Parameters) -> tuple[Hashes, Hashes]:
    """datasketch's own a and b, as columns."""
    # It takes half a second to import, and only who signs needs it.
    from datasketch import MinHash  # noqa: PLC0415

    minhash = MinHash(num_perm=parameters.num_perm, seed=parameters.seed, scheme="affine32")
    a, b = minhash.permutations
    return a.reshape(-1, 1), b.reshape(-1, 1)


def _fmix(values: Hashes) -> Hashes:
    """The MurmurHash3 finalizer, which datasketch puts before its permutations."""
    values = values ^ (values >> np.uint32(16))
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(13)
    values *= np.uint32(0xC2B2AE35)
    values ^= values >> np.uint32(16)
    return values


def _minhash(shingles: Hashes, parameters: Parameters) -> Hashes:
    a, b = _permutations(parameters)
    if not len(shingles):
        return np.full(parameters.num_perm, 0xFFFFFFFF, dtype=np.uint32)
    mixed, smallest = _fmix(shingles), np.empty(parameters.num_perm, dtype=np.uint32)
    at_once = max(1, min(parameters.num_perm, VALUES_A_STEP // len(mixed)))
    values = np.empty((at_once, len(mixed)), dtype=np.uint32)
    for first in range(0, parameters.num_perm, at_once):
        step = slice(first, min(first + at_once, parameters.num_perm))
        part = values[: step.stop - step.start]
        np.multiply(a[step], mixed, out=part)
        np.add(part, b[step], out=part)
        part.min(axis=1, out=smallest[step])
    return smallest


def _distinct(hashes: Hashes) -> Hashes:
    """Sorted, each once; several times faster than `numpy.unique` on a text's worth."""
    ranked = np.sort(hashes)
    return ranked[np.append(True, ranked[1:] != ranked[:-1])] if len(ranked) else ranked


@cache
def _steps(windows: str) -> tuple[tuple[float, int], ...]:
    """(fewer shingles than, window), from ``200:20,400:32,:60``."""
    pairs = (step.split(":") for step in windows.split(","))
    return tuple((float(limit or "inf"), int(window)) for limit, window in pairs)


def _winnow(hashes: Hashes, shingles: Hashes, parameters: Parameters) -> Hashes:
    """The smallest hash of each window, each once, the smallest first; `shingles` are the hashes, sorted.

    A narrow window chooses all that a wider one does, and more: so a short text can choose more densely and still
    meet the long one that it was taken from. The lead has windows of its own, as a teaser is taken from there.
    """
    least = shingles[: parameters.window_least]
    window = next(window for limit, window in _steps(parameters.windows) if len(hashes) < limit)
    if len(hashes) < window:
        return least
    chosen = _minima(hashes, window)
    lead = hashes[: parameters.lead_shingles]
    if parameters.lead_window < window and len(lead) >= parameters.lead_window:
        chosen = np.concatenate((_minima(lead, parameters.lead_window), chosen))
    chosen = _distinct(chosen)
    return chosen[: parameters.window_most] if len(chosen) >= parameters.window_least else least


def _minima(hashes: Hashes, window: int) -> Hashes:
    """The smallest hash of each window, in the order of the text; the same ones running once."""
    smallest: Hashes = hashes
    width = 1
    while 2 * width <= window:
        smallest = np.minimum(smallest[:-width], smallest[width:])
        width *= 2
    if window > width:
        smallest = np.minimum(smallest[: width - window], smallest[window - width :])
    found: Hashes = smallest[np.append(True, smallest[1:] != smallest[:-1])]
    return found


def sign(text: str, parameters: Parameters = PARAMETERS) -> Signature:
    """The signature of a text; a text without words has no shingles and matches nothing."""
    words = tokenize(text)
    hashes = shingle_hashes(words)
    shingles = _distinct(hashes)
    return Signature(
        minhash=_minhash(shingles, parameters),
        sketch=_winnow(hashes, shingles, parameters),
        ordered=hashes,
        words=words.count,
        digest=xxhash.xxh3_128_digest(words.normal),
        spaced=words.spaced,
    )


def sign_many(texts: Iterable[str], parameters: Parameters = PARAMETERS) -> list[Signature]:
    """`sign` for each text, in order."""
    return [sign(text, parameters) for text in texts]


KEY_BYTES = 5


def band_keys(signature: Signature, parameters: Parameters = PARAMETERS) -> bytes:
    """The band keys, `KEY_BYTES` each, concatenated; none for a text without words."""
    if not signature.words:
        return b""
    values = np.concatenate([_slices(signature, parameters), _mixed(signature.sketch, 0x5EC0)])
    keys = values.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :KEY_BYTES].tobytes()
    return keys + xxhash.xxh3_64_digest(signature.digest)[:KEY_BYTES]


def _slices(signature: Signature, parameters: Parameters) -> NDArray[np.uint64]:
    rows = signature.minhash[: parameters.bands * parameters.rows].reshape(parameters.bands, parameters.rows)
    mixed = np.arange(1, parameters.bands + 1, dtype=np.uint64)
    for column in range(parameters.rows):
        mixed = _mixed(mixed ^ rows[:, column].astype(np.uint64), 0x1)
    return mixed


def _mixed(values: NDArray[np.uint32] | NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """splitmix64's finalizer: every bit of the result depends on every bit of the value."""
    mixed = values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15 * salt % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
