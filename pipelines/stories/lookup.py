"""Has this text run before: where first, and how much of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from onestory.dedupe.shingles import shared_spans
from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText, verify
from onestory.errors import BadInput
from onestory.pipelines.stories.headline import compared
from onestory.pipelines.stories.index_client import IndexClient, signature_of
from onestory.pipelines.stories.passages import shared_passage, suggested_search
from onestory.pipelines.stories.pasted_text import join_cut_words
from onestory.store.articles.versions import VersionText, version_texts, versions_with_text
from onestory.store.database import Store
from onestory.store.search.full_text_index import count_search_due
from onestory.store.search.phrase_matches import match_phrases, phrases_of
from onestory.store.stories.components import stories_of_articles
from onestory.store.stories.records import StoryRecord, load_story

__all__ = ["LookupResult", "TextMatch", "look_up"]

# A text that is not stored has no number; 0 is below every version's.
ASKED = 0
MAX_CHARACTERS = 1_000_000
FEWEST_WORDS = 5


@dataclass(frozen=True, slots=True)
class TextMatch:
    """A story that has run some of the text asked for.

    `relation` is what the asked text is beside the closest copy `article_id`; `share` the part of the asked text,
    0 to 1, that stands in it; `spans` are (start, end) in characters of the asked text.
    """

    story_id: str
    article_id: str
    relation: str
    share: float
    spans: tuple[tuple[int, int], ...]
    title: str | None
    first_seen: datetime
    first_outlet: str
    copies: int


@dataclass(frozen=True, slots=True)
class LookupResult:
    """`index` is "ready", or "rebuilding": then similar texts are not found.

    `window_is_full`: the store has articles older than the index; similar ones among these are not found. Passages of
    `passage_words` words or more are found in the current text of every article but the `waiting` last ones, which are
    not searchable yet. `is_complete` is false if too many articles share a passage to compare all of them. `search`
    has words of the text that the search finds; only where the lookup finds nothing.
    """

    found: tuple[TextMatch, ...]
    index: str
    words: int
    passage_words: int
    window_is_full: bool = False
    waiting: int = 0
    is_complete: bool = True
    search: str | None = None


@dataclass(frozen=True, slots=True)
class _Closest:
    """The version of a story that has most of the text."""

    share: float
    relation: str
    version: VersionText


def look_up(store: Store, index_client: IndexClient, text: str) -> LookupResult:
    """The stories that have run the text or some of it, the largest share first.

    The same words are found in all that was ever stored, similar texts in the window of the index, and passages in the
    full-text index. Raises BadInput for a text too short to tell, or too long.
    """
    _check_length(text)
    with store.read() as connection:
        asked = _asked(join_cut_words(connection, text))
    candidates = index_client.lookup(asked.signature)
    phrases = phrases_of(asked.text, asked.signature.words)
    with store.read() as connection:
        matched = match_phrases(connection, phrases.phrases)
        numbers = {*versions_with_text(connection, asked.signature.digest), *(candidates or ()), *matched.versions}
        versions = version_texts(connection, numbers)
        homes = stories_of_articles(connection, {version.article_id for version in versions})
        closest = _closest(asked, versions, homes)
        found = [_found(asked, one, load_story(connection, home)) for home, one in closest.items()]
        waiting = count_search_due(connection)
        search = None if found else suggested_search(connection, asked)
    found.sort(key=lambda one: (-one.share, one.first_seen, one.story_id))
    return LookupResult(
        tuple(found),
        index="rebuilding" if candidates is None else "ready",
        words=asked.signature.words,
        passage_words=phrases.passage_words,
        window_is_full=index_client.window_is_full(),
        waiting=waiting,
        is_complete=matched.is_complete,
        search=search,
    )


def _check_length(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"the text has {len(text)} characters; at most {MAX_CHARACTERS} can be looked up")


def _asked(text: str) -> ComparedText:
    signature = sign(text)
    if signature.words < FEWEST_WORDS:
        raise BadInput(f"the text has {signature.words} words, too few to compare: give at least {FEWEST_WORDS}")
    return ComparedText(ASKED, text, signature)


def _closest(asked: ComparedText, versions: Sequence[VersionText], homes: Mapping[str, str]) -> dict[str, _Closest]:
    """For each story the version that has most of the text."""
    best: dict[str, _Closest] = {}
    for version in sorted(versions, key=lambda version: version.number):
        home = homes.get(version.article_id)
        found = _compared(asked, version) if home is not None and version.text else None
        if home is not None and found is not None and (home not in best or best[home].share < found.share):
            best[home] = found
    return best


def _compared(asked: ComparedText, version: VersionText) -> _Closest | None:
    """What the text is beside a version: as a copy, else by the passages that both have."""
    stored = compared(version, signature_of(version))
    evidence = verify(asked, stored)
    if evidence is not None:
        relation = evidence.a_is if evidence.kind == "copy" else evidence.kind
        return _Closest(evidence.containment_a, relation, version)
    passage = shared_passage(asked, stored)
    return None if passage is None else _Closest(passage.share, passage.relation, version)


def _found(asked: ComparedText, closest: _Closest, record: StoryRecord) -> TextMatch:
    return TextMatch(
        story_id=record.id,
        article_id=closest.version.article_id,
        relation=closest.relation,
        share=round(closest.share, 4),
        spans=tuple(shared_spans(asked.text, closest.version.text)),
        title=record.title,
        first_seen=record.first_seen,
        first_outlet=record.first_outlet,
        copies=record.copies,
    )
