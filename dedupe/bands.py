"""The bands of a signature: under which keys the index keeps it.

Three kinds, each in a space of its own: the slices of the MinHash (LSH: Indyk and Motwani 1998; they find
similar texts), the second sketch (finds excerpts), and the digest (finds exactly the same words, however few).
"""

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedupe.signature import PARAMETERS, Parameters, Signature

__all__ = ["KEY_BYTES", "band_keys"]

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
