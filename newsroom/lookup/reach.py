"""What a lookup compared and how far its answer reaches, in sentences for the page and the command."""

from typing import Protocol

from onestory.text import plural

__all__ = ["LookupReach", "limits_of", "no_match", "what_was_compared"]


class LookupReach(Protocol):
    """The fields of a lookup's result that say so."""

    @property
    def index(self) -> str: ...
    @property
    def words(self) -> int: ...
    @property
    def passage_words(self) -> int | None: ...
    @property
    def window_is_full(self) -> bool: ...
    @property
    def waiting(self) -> int: ...
    @property
    def is_complete(self) -> bool: ...


def what_was_compared(reach: LookupReach) -> str:
    return f"Compared with all stored articles: similar texts, and {_passages(reach)}."


def no_match(reach: LookupReach) -> str:
    """What was looked for where nothing is found: it is not said that the text never ran."""
    return f"Only {_passages(reach)} were looked for. A paraphrase or a translation is not found this way."


def limits_of(reach: LookupReach) -> list[str]:
    """What the answer leaves out, if anything."""
    less = f"only identical texts and {_passages(reach)} are found"
    said = [
        (reach.index != "ready", f"The index is being rebuilt. Until then {less}."),
        (reach.window_is_full, f"The oldest articles have left the index. Of these, {less}."),
        (reach.waiting > 0, f"{plural(reach.waiting, 'new article is', 'new articles are')} not searchable yet."),
        (not reach.is_complete, "Too many articles share a passage to compare all of them."),
    ]
    return [sentence for holds, sentence in said if holds]


def _passages(reach: LookupReach) -> str:
    if reach.passage_words is None or reach.passage_words >= reach.words:
        return f"these {reach.words} words in this order"
    return f"verbatim passages of {reach.passage_words} words or more"
