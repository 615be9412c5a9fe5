"""Is it one form, filled in twice? Names and numbers that stand against others where two texts part."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

from onestory.dedupe.alignment import SLOT_WORDS, Alignment, Slot, Span
from onestory.dedupe.shingles import SHINGLE_WORDS
from onestory.dedupe.text import ComparedText, is_number, width_of

__all__ = ["FORMS", "conflicts_of"]

CONFLICTS = 2
RESPELT_CHARS, RESPELT_RATIO = 5, 0.7
PLAIN_WORDS, PLAIN_SHARE = 4, 0.6  # of a long slot: words that carry no news, and the part of them that agrees
NAME, NUMBER = "A", "0"
# Of a long slot that has hardly a plain word, as the rows of a table have.
FEWEST_NUMBERS, SHAPE_RATIO, SHAPE_WORDS, TABLE_SHARE = 3, 0.8, 120, 0.6
# A form: conflicts a shared word at least, and more than this share of all news words.
FORMS = ((0.03, 0.12), (0.015, 0.25))
NUMBER_FORMS = ((0.025, 0.4),)
Forms = Sequence[tuple[float, float]]
News = Callable[
    [ComparedText, ComparedText, int, int], list[str]
]  # of a text beside another: the news words of a stretch


def conflicts_of(a: ComparedText, b: ComparedText, found: Alignment) -> tuple[int, bool]:
    """News words that stand against others, and whether that makes the two a form, filled in twice.

    Names and numbers carry news. Where the texts know no capitals every word may, and numbers are looked at alone.
    """
    with_capitals = a.knows_capitals and b.knows_capitals
    # Where every word may carry news, the ends of two copies would count as well.
    ends = [end for end in found.ends if end != found.head] if with_capitals else []
    slots = [*found.slots, *(slot for slot in (*found.passages, *ends) if _is_of_a_form(a, b, slot))]
    if not slots:
        return 0, False
    if with_capitals:
        against, same = _tally(a, b, slots, _names_or_numbers)
        against += _at_head(a, b, found.head, _names_or_numbers, against)
        return against, _is_form(a, b, found, against, same, lambda: _names_and_numbers(a, b, found.a_spans), FORMS)
    words, same = _tally(a, b, slots, _all)
    if _is_form(a, b, found, words, same, lambda: found.a_shared, FORMS):
        return words, True
    against, same = _tally(a, b, slots, _numbers)
    against += _at_head(a, b, found.head, _numbers, against)
    shared = lambda: _inside(a.numbers, found.a_spans)  # noqa: E731
    return words, _is_form(a, b, found, against, same, shared, NUMBER_FORMS)


def _is_form(
    a: ComparedText,
    b: ComparedText,
    found: Alignment,
    conflicts: int,
    same: int,
    shared: Callable[[], int],
    forms: Forms,
) -> bool:
    """`same` counts news words that both have in slots, `shared` those in the runs, which is asked for last."""
    rate = conflicts * width_of(a, b) / (SHINGLE_WORDS * max(1, found.shared))
    if conflicts < CONFLICTS or rate < min(least for least, _ in forms):
        return False
    share = conflicts / (conflicts + same + shared())
    return any(rate >= least and share > most for least, most in forms)


def _is_of_a_form(a: ComparedText, b: ComparedText, passage: Slot) -> bool:
    """Whether what carries no news is the same in a long gap: then its blanks stand too close for a shingle.

    Where hardly a word carries none, as in a table or between the numbers of a draw, the order of names and numbers
    must be the same.
    """
    ours, theirs = Counter(_plain(a, *passage[:2])), Counter(_plain(b, *passage[2:]))
    least = min(ours.total(), theirs.total())
    if (ours & theirs).total() < PLAIN_SHARE * least:
        return False
    return least >= PLAIN_WORDS or _are_alike(_shape(a, *passage[:2]), _shape(b, *passage[2:]))


def _are_alike(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    if max(len(ours), len(theirs)) > SHAPE_WORDS or min(ours.count(NUMBER), theirs.count(NUMBER)) < FEWEST_NUMBERS:
        return False
    if _is_table(ours) and _is_table(theirs):
        return True
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= SHAPE_RATIO


def _is_table(shape: Sequence[str]) -> bool:
    return shape.count(NUMBER) + shape.count(NAME) >= TABLE_SHARE * len(shape)


def _shape(text: ComparedText, start: int, end: int) -> list[str]:
    """The words of a stretch, with one sign for each number and one for each name."""
    told = zip(text.written[start:end], text.news[start:end], strict=True)
    return [word.lower() if name is None else (NAME if name else NUMBER) for word, name in told]


def _plain(text: ComparedText, start: int, end: int) -> list[str]:
    told = zip(text.written[start:end], text.news[start:end], strict=True)
    return [word.lower() for word, name in told if name is None]


def _tally(a: ComparedText, b: ComparedText, slots: Iterable[Slot], news: News) -> tuple[int, int]:
    conflicts = agreed = 0
    for slot in slots:
        against, same = _against(a, b, slot, news)
        conflicts, agreed = conflicts + against, agreed + same
    return conflicts, agreed


def _at_head(a: ComparedText, b: ComparedText, head: Slot | None, news: News, conflicts: int) -> int:
    """Datelines of copies differ too: what stands before the first run counts only with what stands behind it."""
    return _against(a, b, head, news)[0] if conflicts and head else 0


def _against(a: ComparedText, b: ComparedText, slot: Slot, news: News) -> tuple[int, int]:
    """News words of a slot that stand against others, and those that both have."""
    ours = news(a, b, slot[0], slot[1])
    if not ours:
        return 0, 0
    theirs = news(b, a, slot[2], slot[3])
    same = set(ours) & set(theirs)
    if same:
        ours, theirs = [word for word in ours if word not in same], [word for word in theirs if word not in same]
    respelt = _respelt(ours, theirs) if ours and theirs else 0
    return min(len(ours), len(theirs)) - respelt, len(same) + respelt


def _respelt(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Names that the other side spells in its own way: house style, and no other name."""
    beginnings = {word[:2] for word in theirs if len(word) >= RESPELT_CHARS}
    suspects = [word for word in ours if word[:2] in beginnings and len(word) >= RESPELT_CHARS]
    if not suspects or max(len(ours), len(theirs)) > SLOT_WORDS:
        return 0
    left = [word for word in theirs if len(word) >= RESPELT_CHARS and not is_number(word)]
    found = 0
    for word in suspects:
        other = next((one for one in left if not is_number(word) and _is_respelling(word, one)), None)
        if other is not None:
            left.remove(other)
            found += 1
    return found


def _is_respelling(one: str, other: str) -> bool:
    """`Kharkov` and `Kharkiv`: most consonants and their order, and the beginning, are the same."""
    return one[:2] == other[:2] and SequenceMatcher(None, one, other, autojunk=False).ratio() >= RESPELT_RATIO


def _names_or_numbers(one: ComparedText, other: ComparedText, start: int, end: int) -> list[str]:
    told = zip(one.written[start:end], one.news[start:end], strict=True)
    return [word for word, name in told if name is not None and not (name and other.writes_small(name))]


def _numbers(one: ComparedText, _other: ComparedText, start: int, end: int) -> list[str]:
    return [word for word, name in zip(one.written[start:end], one.news[start:end], strict=True) if name == ""]


def _all(one: ComparedText, _other: ComparedText, start: int, end: int) -> list[str]:
    return one.written[start:end]


def _names_and_numbers(a: ComparedText, b: ComparedText, spans: Sequence[Span]) -> int:
    names = [at for at, low in a.names if not b.writes_small(low)]
    return _inside(a.numbers, spans) + _inside(names, spans)


def _inside(places: Iterable[int], spans: Sequence[Span]) -> int:
    """How many of the places, in order, stand in one of the spans."""
    count = at = 0
    for place in places:
        while at < len(spans) and spans[at][1] <= place:
            at += 1
        if at == len(spans):
            break
        count += place >= spans[at][0]
    return count
