"""Fixed strings that are sought in a text, all of them in one pass."""

from collections.abc import Iterable

from ahocorasick_rs import BytesAhoCorasick, Implementation

__all__ = ["Literals", "folded_case"]


class Literals:
    """Says which texts hold any of some strings (Aho and Corasick, "Efficient string matching", 1975).

    A regular expression tries a hundred alternatives at every place of a text. Where it can match only texts that hold
    one of some fixed strings, looking for these first spares nearly all texts of it, and takes a hundredth of its time.
    """

    def __init__(self, literals: Iterable[str]) -> None:
        self._automaton = BytesAhoCorasick([one.encode() for one in literals], implementation=Implementation.DFA)

    def are_words_in(self, text: str) -> bool:
        """Whether any of the strings occurs in a text with no ASCII letter before or behind it."""
        data = text.encode("utf-8", "surrogatepass")
        return any(
            not data[max(0, start - 1) : start].isalpha() and not data[end : end + 1].isalpha()
            for _, start, end in self._automaton.find_matches_as_indexes(data, overlapping=True)
        )

    def count_in(self, text: str) -> int:
        """The most occurrences in a text that do not overlap, of all strings together."""
        return len(self._automaton.find_matches_as_indexes(text.encode("utf-8", "surrogatepass")))

    def are_in(self, text: str) -> bool:
        """Whether any of the strings occurs in a text, be it within a word."""
        return self.count_in(text) > 0


def folded_case(text: str) -> str:
    """The text with one letter for all that `re.IGNORECASE` takes for the same one.

    What a pattern without case matches in a text holds, folded, the same letters as the folded pattern.
    """
    folded = text.casefold()
    # To `re`, the dotted capital and the small letter without a dot are an i.
    return folded if folded.isascii() else folded.replace("i\u0307", "i").replace("ı", "i")
