"""A word diff of two texts. A paragraph that only changed its position counts as moved.

Paragraphs that both texts have once are matched first, then the words between them. Work is bounded: past `MOST_CELLS`
a stretch of repeated words counts as replaced.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Literal

from onestory.dedupe.characters import DENSE
from onestory.pipelines.versions.sequence_alignment import Pair, heaviest_ordered, match_tokens, unique_values

__all__ = ["TextChange", "WordDiff", "word_diff"]

MOST_CELLS = 2_000_000
# A shorter line elsewhere may be a coincidence.
MOVED_WORDS = 4
# Two paragraphs that share this many words that are unique in each text are one edited paragraph.
LEAST_RARE = 3
# Tokens of two paragraphs that are compared word by word, also where their words come several times.
MOST_LINE = 1_000
# Fewer kept words between two changes are a coincidence as well, and hard to read.
KEPT_WORDS = 2
_TOKEN = re.compile(rf"[{DENSE}]|[^\W{DENSE}]+|[^\w\s]")

Span = tuple[int, int]
Kind = Literal["kept", "added", "removed", "moved"]


@dataclass(frozen=True, slots=True)
class TextChange:
    """A stretch of one or both texts. Spans are half-open character ranges; None where a text lacks it."""

    kind: Kind
    before: Span | None
    after: Span | None


@dataclass(frozen=True, slots=True)
class WordDiff:
    """All stretches in the order of the later text, removed ones at their old position, with word counts.

    Every word of the earlier text is in one `before`, every word of the later one in one `after`.
    """

    spans: tuple[TextChange, ...]
    kept: int
    added: int
    removed: int
    moved: int

    @property
    def is_none(self) -> bool:
        """Whether nothing changed."""
        return not (self.added or self.removed or self.moved)


@dataclass(frozen=True, slots=True)
class _Words:
    """The tokens of a text (words and signs), where each stands, and where each paragraph begins and ends."""

    tokens: Sequence[str]
    spans: Sequence[Span]
    lines: Sequence[Span]

    @classmethod
    def of(cls, text: str) -> "_Words":
        tokens: list[str] = []
        spans: list[Span] = []
        lines: list[Span] = []
        at = 0
        for line in text.split("\n"):
            first = len(tokens)
            for found in _TOKEN.finditer(line):
                tokens.append(found[0])
                spans.append((at + found.start(), at + found.end()))
            if len(tokens) > first:
                lines.append((first, len(tokens)))
            at += len(line) + 1
        return cls(tokens, spans, lines)

    def line_of(self, at: int) -> int:
        """Which paragraph the token stands in."""
        return bisect_right(self.lines, at, key=itemgetter(0)) - 1

    def count(self, start: int, end: int) -> int:
        """Words, without signs."""
        return sum(token[0].isalnum() or token[0] == "_" for token in self.tokens[start:end])

    def span(self, start: int, end: int) -> Span:
        return self.spans[start][0], self.spans[end - 1][1]


def word_diff(before: str, after: str) -> WordDiff:
    """The diff from `before` to `after`. Pure; nearly linear in the length of the texts."""
    a, b = _Words.of(before), _Words.of(after)
    in_place, moved = _paragraphs(a, b)
    gone = {at for at, _ in moved}
    come = {at for _, at in moved}
    kept = _kept(a, b, in_place, gone, come)
    spans = tuple(_stretches(a, b, kept, dict(moved)))
    return WordDiff(spans, *(_words(spans, a, b, kind) for kind in ("kept", "added", "removed", "moved")))


def _words(spans: Sequence[TextChange], a: _Words, b: _Words, kind: Kind) -> int:
    """Count the words in stretches of this kind, in the text that has them."""
    total = 0
    for change in spans:
        if change.kind == kind:
            text, span = (b, change.after) if change.after else (a, change.before)
            first, last = (bisect_left(text.spans, edge, key=itemgetter(0)) for edge in span or (0, 0))
            total += text.count(first, last)
    return total


def _paragraphs(a: _Words, b: _Words) -> tuple[list[Pair], list[Pair]]:
    """The tokens that paragraphs which belong together share: of those in order, and of those that moved."""
    pairs = _paired(a, b)
    shared = {pair: _shared(a, b, pair) for pair in pairs}
    order = set(heaviest_ordered(pairs, [len(shared[pair]) for pair in pairs]))
    in_place = [found for pair in pairs if pair in order for found in shared[pair]]
    moved = [
        found
        for pair in pairs
        if pair not in order and sum(a.count(at, at + 1) for at, _ in shared[pair]) >= MOVED_WORDS
        for found in shared[pair]
    ]
    return in_place, moved


def _paired(a: _Words, b: _Words) -> list[Pair]:
    """Paragraphs that belong together, in the order of a: the same in both, or with rare words in common."""
    ours, theirs = (unique_values([tuple(text.tokens[start:end]) for start, end in text.lines]) for text in (a, b))
    pairs = {at: theirs[line] for line, at in ours.items() if line in theirs}
    taken = set(pairs.values())
    rare = unique_values(b.tokens)
    votes: dict[Pair, int] = {}
    for token, at in unique_values(a.tokens).items():
        pair = (a.line_of(at), b.line_of(rare[token])) if token in rare else (-1, -1)
        if pair[0] not in pairs and pair[1] not in taken:
            votes[pair] = votes.get(pair, 0) + 1
    for (line, other), count in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0])):
        if line >= 0 and line not in pairs and other not in taken and count >= LEAST_RARE:
            pairs[line] = other
            taken.add(other)
    return sorted(pairs.items())


def _shared(a: _Words, b: _Words, pair: Pair) -> list[Pair]:
    (start, end), (other, other_end) = a.lines[pair[0]], b.lines[pair[1]]
    room = (end - start) * (other_end - other) if end - start + other_end - other <= MOST_LINE else 0
    found, _ = match_tokens(a.tokens[start:end], b.tokens[other:other_end], room)
    return [(start + i, other + j) for i, j in found]


def _kept(a: _Words, b: _Words, in_place: Sequence[Pair], gone: set[int], come: set[int]) -> list[Pair]:
    """The tokens that both texts have in one order: whole paragraphs, and what is found between them."""
    kept: list[Pair] = []
    room = MOST_CELLS
    for (a_at, b_at), (a_next, b_next) in pairwise([(-1, -1), *in_place, (len(a.tokens), len(b.tokens))]):
        ours = [at for at in range(a_at + 1, a_next) if at not in gone]
        theirs = [at for at in range(b_at + 1, b_next) if at not in come]
        if ours and theirs:
            found, room = match_tokens([a.tokens[at] for at in ours], [b.tokens[at] for at in theirs], room)
            kept += [(ours[i], theirs[j]) for i, j in found]
        if a_next < len(a.tokens) and b_next < len(b.tokens):
            kept.append((a_next, b_next))
    return _readable(a, b, kept)


def _readable(a: _Words, b: _Words, kept: Sequence[Pair]) -> list[Pair]:
    """Without single words that stand between two changes."""
    whole = [(-1, -1), *kept, (len(a.tokens), len(b.tokens))]
    runs: list[list[Pair]] = []
    for last, pair in pairwise(whole[:-1]):
        if runs and pair == (last[0] + 1, last[1] + 1):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    return [
        pair
        for run in runs
        if a.count(run[0][0], run[-1][0] + 1) >= KEPT_WORDS or not _is_between_changes(run, whole[-1])
        for pair in run
    ]


def _is_between_changes(run: Sequence[Pair], end: Pair) -> bool:
    first, last = run[0], run[-1]
    return 0 not in first and last[0] + 1 < end[0] and last[1] + 1 < end[1]


def _stretches(a: _Words, b: _Words, kept: Sequence[Pair], moved: dict[int, int]) -> Iterator[TextChange]:
    come = set(moved.values())
    back = {there: here for here, there in moved.items()}
    i = j = 0
    for a_next, b_next in [*_runs(kept), ((len(a.tokens), 0), (len(b.tokens), 0))]:
        for first, last in _consecutive([at for at in range(i, a_next[0]) if at not in moved]):
            yield TextChange("removed", a.span(first, last), None)
        for has_moved, places in groupby(range(j, b_next[0]), key=come.__contains__):
            yield from _newcomers(a, b, list(places), back if has_moved else None)
        i, j = a_next[0] + a_next[1], b_next[0] + b_next[1]
        if a_next[1]:
            yield TextChange("kept", a.span(a_next[0], i), b.span(b_next[0], j))


def _newcomers(a: _Words, b: _Words, places: Sequence[int], back: dict[int, int] | None) -> Iterator[TextChange]:
    if back is None:
        yield TextChange("added", None, b.span(places[0], places[-1] + 1))
        return
    for here, there in _runs([(back[at], at) for at in places]):
        yield TextChange("moved", a.span(here[0], sum(here)), b.span(there[0], sum(there)))


def _runs(pairs: Sequence[Pair]) -> list[tuple[Span, Span]]:
    """Stretches of pairs that follow each other in both: start and length in each."""
    found: list[tuple[Span, Span]] = []
    for i, j in pairs:
        if found and (i, j) == (sum(found[-1][0]), sum(found[-1][1])):
            (a_at, length), (b_at, _) = found[-1]
            found[-1] = ((a_at, length + 1), (b_at, length + 1))
        else:
            found.append(((i, 1), (j, 1)))
    return found


def _consecutive(places: Sequence[int]) -> list[Span]:
    found: list[Span] = []
    for at in places:
        if found and at == found[-1][1]:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found
