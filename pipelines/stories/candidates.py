"""Candidates looked at: the shingles of all, the texts only of those that the shingles leave open.

What was read of a version is kept, as the popular candidates are asked for again and again. A new extractor or a
takedown may have changed it since: its digest is looked at each time.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from onestory.dedupe.evidence import Evidence, ShingleOverlap, compare_shingles
from onestory.dedupe.headlines import Headline, are_same
from onestory.dedupe.signature import Signature
from onestory.dedupe.text import ComparedText
from onestory.dedupe.verify import compare_words, settled, verify
from onestory.pipelines.stories.headline import compared, headline_of, origin_of
from onestory.pipelines.stories.index_client import signature_of
from onestory.pipelines.stories.matched import stored_evidence
from onestory.store.articles.versions import VersionText, signatures_of, text_digests_of, version_texts
from onestory.store.stories.components import MatchRow

__all__ = ["Pair", "VersionCache", "compare"]

Pair = tuple[int, int]  # the numbers of two versions, the lower one first
SIGNATURES = 8192  # about 4 kB each
TEXTS = 768  # about 80 kB each, once they were aligned
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Signed:
    article_id: str
    number: int
    signature: Signature
    headline: Headline
    origin: str


class _Recent(OrderedDict[int, Value], Generic[Value]):
    """The values that were asked for last, `most` of them."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def keep(self, number: int, value: Value) -> None:
        self[number] = value
        self.move_to_end(number)

    def trim(self) -> None:
        while len(self) > self.most:
            self.popitem(last=False)


class VersionCache:
    """Signatures and texts by version number; for one store, in one thread."""

    def __init__(self, *, most_signatures: int = SIGNATURES, most_texts: int = TEXTS) -> None:
        self._signed: _Recent[_Signed] = _Recent(most_signatures)
        self._texts: _Recent[ComparedText] = _Recent(most_texts)

    def put(self, versions: Iterable[VersionText]) -> None:
        for version in versions:
            text = compared(version, signature_of(version))
            outline = _Signed(version.article_id, text.number, text.signature, text.headline, text.origin)
            self._signed.keep(version.number, outline)
            if version.text:
                self._texts.keep(version.number, text)

    def signature(self, number: int) -> Signature:
        return self._signed[number].signature

    def compare(self, connection: Connection, pairs: Collection[Pair]) -> list[MatchRow]:
        """What the pairs of versions of two articles share; a row of kind "none" where they show nothing.

        A pair of which a version is gone is passed over.
        """
        numbers = {number for pair in pairs for number in pair}
        self._drop_changed(connection, numbers)
        self._read(connection, numbers, self._signed, self._sign)
        seen = {pair: self._glance(pair) for pair in sorted(pairs) if self._are_two(pair)}
        known = {pair: self._settled(pair, found) if found else None for pair, found in seen.items()}
        open_ = {number for pair, found in seen.items() if found and known[pair] is None for number in pair}
        self._read(connection, open_, self._texts, self._open)
        rows = [self._row(pair, found, known[pair]) for pair, found in seen.items()]
        self._signed.trim()
        self._texts.trim()
        return [row for row in rows if row is not None]

    def _drop_changed(self, connection: Connection, numbers: Collection[int]) -> None:
        kept = [number for number in numbers if number in self._signed]
        digests = text_digests_of(connection, kept)
        for number in kept:
            if digests.get(number) != self._signed[number].signature.digest:
                del self._signed[number]
                self._texts.pop(number, None)

    def _read(
        self,
        connection: Connection,
        numbers: Collection[int],
        shelf: "_Recent[Value]",
        fetch: Callable[[Connection, Sequence[int]], None],
    ) -> None:
        for number in numbers:
            if number in shelf:
                shelf.move_to_end(number)
        missing = [number for number in numbers if number not in shelf]
        if missing:
            fetch(connection, missing)

    def _sign(self, connection: Connection, numbers: Sequence[int]) -> None:
        for one in signatures_of(connection, numbers):
            headline = Headline(headline_of(one.title, one.url))
            signature = Signature.from_bytes(one.signature)
            outline = _Signed(one.article_id, one.number, signature, headline, origin_of(one.url))
            self._signed.keep(one.number, outline)

    def _open(self, connection: Connection, numbers: Sequence[int]) -> None:
        for version in version_texts(connection, numbers):
            # A text that was dropped is compared by its signature alone.
            if version.text:
                self._texts.keep(version.number, compared(version, self.signature(version.number)))

    def _are_two(self, pair: Pair) -> bool:
        a, b = self._signed.get(pair[0]), self._signed.get(pair[1])
        return a is not None and b is not None and a.article_id != b.article_id

    def _glance(self, pair: Pair) -> ShingleOverlap | None:
        a, b = self._signed[pair[0]], self._signed[pair[1]]
        return compare_shingles(a.signature, b.signature, same_headline=are_same(a.headline, b.headline))

    def _settled(self, pair: Pair, seen: ShingleOverlap) -> Evidence | None:
        return settled(self._signed[pair[0]], self._signed[pair[1]], seen)

    def _row(self, pair: Pair, seen: ShingleOverlap | None, evidence: Evidence | None) -> MatchRow | None:
        a, b = pair
        if seen is not None and evidence is None:
            if a not in self._texts or b not in self._texts:
                return None
            evidence = compare_words(self._texts[a], self._texts[b], seen)
        ends = (self._signed[a].article_id, self._signed[b].article_id)
        if evidence is None:
            return MatchRow(a, b, *ends, "none", {})
        words = (self._signed[a].signature.words, self._signed[b].signature.words)
        return MatchRow(a, b, *ends, evidence.kind, stored_evidence(evidence, *words))


def compare(connection: Connection, pairs: Collection[tuple[int, int]]) -> list[MatchRow]:
    """Verifies pairs of versions, the lower number first; "none" where the texts show nothing.

    A pair of which a text was dropped is passed over.
    """
    found = version_texts(connection, {number for pair in pairs for number in pair})
    known = {version.number: version for version in found if version.text}
    chosen = [pair for pair in sorted(pairs) if known.keys() >= set(pair)]
    # A text that many are compared with is prepared once; one that was compared with all of its others is let go.
    uses = Counter(number for pair in chosen for number in pair)
    texts: dict[int, ComparedText] = {}
    rows = []
    for pair in chosen:
        for number in pair:
            if number not in texts:
                texts[number] = compared(known[number], signature_of(known[number]))
        ends = (known[pair[0]].article_id, known[pair[1]].article_id)
        rows.append(_match_or_none(texts[pair[0]], texts[pair[1]], ends))
        uses.subtract(pair)
        for number in pair:
            if not uses[number]:
                del texts[number]
    return rows


def _match_or_none(a: ComparedText, b: ComparedText, ends: tuple[str, str]) -> MatchRow:
    evidence = verify(a, b)
    if evidence is None:
        return MatchRow(a.number, b.number, *ends, "none", {})
    told = stored_evidence(evidence, a.signature.words, b.signature.words)
    return MatchRow(a.number, b.number, *ends, evidence.kind, told)
