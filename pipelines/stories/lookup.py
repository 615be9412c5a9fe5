"""Has this text run before: where first, and how much of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from onestory.dedupe.shingles import shared_spans
from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText, Evidence, verify
from onestory.errors import BadInput
from onestory.pipelines.stories.headline import compared
from onestory.pipelines.stories.index_client import IndexClient, signature_of
from onestory.store.articles.versions import VersionText, version_texts, versions_with_text
from onestory.store.database import Store
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
    """`index` is "ready", or "rebuilding": then only exactly the same text is found.

    `window_is_full`: the store has articles older than the index; of these, too, only the same text is found.
    """

    found: tuple[TextMatch, ...]
    index: str
    words: int
    window_is_full: bool = False


def look_up(store: Store, index_client: IndexClient, text: str) -> LookupResult:
    """The stories that have run the text or some of it, the largest share first.

    The same words are found in all that was ever stored; similar ones in the window of the index. Raises BadInput
    for a text too short to tell, or too long.
    """
    asked = _asked(text)
    candidates = index_client.lookup(asked.signature)
    with store.read() as connection:
        numbers = set(versions_with_text(connection, asked.signature.digest)) | set(candidates or ())
        versions = version_texts(connection, numbers)
        homes = stories_of_articles(connection, {version.article_id for version in versions})
        closest = _closest(asked, versions, homes)
        found = [
            _found(asked, version, evidence, load_story(connection, home))
            for home, (evidence, version) in closest.items()
        ]
    found.sort(key=lambda one: (-one.share, one.first_seen, one.story_id))
    index = "rebuilding" if candidates is None else "ready"
    return LookupResult(tuple(found), index, asked.signature.words, index_client.window_is_full())


def _asked(text: str) -> ComparedText:
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"the text has {len(text)} characters; at most {MAX_CHARACTERS} can be looked up")
    signature = sign(text)
    if signature.words < FEWEST_WORDS:
        raise BadInput(f"the text has {signature.words} words, too few to tell anything: give at least {FEWEST_WORDS}")
    return ComparedText(ASKED, text, signature)


def _closest(
    asked: ComparedText, versions: Sequence[VersionText], homes: Mapping[str, str]
) -> dict[str, tuple[Evidence, VersionText]]:
    """For each story the version that has most of the text."""
    best: dict[str, tuple[Evidence, VersionText]] = {}
    for version in sorted(versions, key=lambda version: version.number):
        evidence = verify(asked, compared(version, signature_of(version)))
        home = homes.get(version.article_id)
        if evidence is None or home is None:
            continue
        if home not in best or best[home][0].containment_a < evidence.containment_a:
            best[home] = (evidence, version)
    return best


def _found(asked: ComparedText, version: VersionText, evidence: Evidence, record: StoryRecord) -> TextMatch:
    return TextMatch(
        story_id=record.id,
        article_id=version.article_id,
        relation=evidence.a_is if evidence.kind == "copy" else evidence.kind,
        share=round(evidence.containment_a, 4),
        spans=tuple(shared_spans(asked.text, version.text)),
        title=record.title,
        first_seen=record.first_seen,
        first_outlet=record.first_outlet,
        copies=record.copies,
    )
