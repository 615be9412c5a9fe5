"""What a sentence embedding says of a story, and the similarity of two stories that follows from it.

An embedding is a vector of the model's, rounded to 8-bit integers, so that products of two are whole numbers and the
order of summation never changes a similarity. Of random pairs of stories in two languages one in a thousand has a
cosine as high as reports of one happening have. So an embedding never joins alone: what both stories say in the same
words (in one language), or the names and numbers that both have (in two), must confirm it.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_SHARED", "Embeddings", "confirmed", "quantized"]

# A component of 127 / STEPS and more is cut; the largest that was seen of 2,600 texts is .196. Products of two vectors
# stay below 2**24, which single precision holds exactly.
STEPS = 512
UNRELATED = 0.75  # the cosine of multilingual-e5-small up to which two stories have nothing in common
WORDS_THAT_CONFIRM = 0.60  # the cosine of words that confirms an embedding wholly
NAMES_THAT_CONFIRM = 0.35  # the same of names and numbers
UNCONFIRMED = 0.19  # what counts without any: less than LEAST_AVERAGE, so that even equal embeddings join no stories
LEAST_SHARED = 0.03  # stories that share less are not compared by their embeddings, which costs more


def quantized(vector: NDArray[np.float32]) -> NDArray[np.int8]:
    """A vector of length 1 as integers, in units of 1 / STEPS."""
    return np.clip(np.rint(vector.astype(np.float64) * STEPS), -127, 127).astype(np.int8)


def confirmed(
    cosines: NDArray[np.float64], shared: NDArray[np.float64], is_of_words: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Similarities, 0 to 1, of cosines of embeddings, and of words, or else of names."""
    related = np.clip((cosines - UNRELATED) / (1 - UNRELATED), 0, 1)
    agreement = np.minimum(shared / np.where(is_of_words, WORDS_THAT_CONFIRM, NAMES_THAT_CONFIRM), 1)
    return related * (UNCONFIRMED + (1 - UNCONFIRMED) * agreement)


class Embeddings:
    """The embeddings of numbered stories. Takes no memory until the first is set."""

    def __init__(self) -> None:
        self._rows: NDArray[np.int8] = np.zeros((0, 0), dtype=np.int8)

    def set(self, number: int, embedding: NDArray[np.int8]) -> None:
        if number >= len(self._rows):
            grown = np.zeros((max(1024, number + 1 + number // 2), len(embedding)), dtype=np.int8)
            if len(self._rows):
                grown[: len(self._rows)] = self._rows
            self._rows = grown
        self._rows[number] = embedding

    def cosines(self, embedding: NDArray[np.int8], numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """The cosines of this embedding with those of these numbers; NaN for numbers that have none."""
        found = np.full(len(numbers), np.nan)
        held = np.flatnonzero(numbers < len(self._rows))
        rows = self._rows[numbers[held]].astype(np.float32)
        if rows.size:
            # Sums of whole numbers below 2**24: exact in single precision, in whatever order.
            products = (rows @ embedding.astype(np.float32)).astype(np.float64)
            squares = np.einsum("ij,ij->i", rows, rows).astype(np.float64)
            own = float(np.square(embedding.astype(np.float64)).sum())
            found[held] = np.where(squares > 0, products / np.sqrt(np.maximum(squares * own, 1.0)), np.nan)
        return found
