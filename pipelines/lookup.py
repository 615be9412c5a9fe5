"""Has this text run before: where first, and how much of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dedupe.signature import sign
from dedupe.verify import Evidence, Text, spans, verify
from pipelines.headline import compared
from pipelines.registry import Registry, signature_of
from store.database import Store
from store.errors import BadInput
from store.records import StoryRecord, story
from store.stories import stories_of_articles
from store.versions import VersionText, texts, with_text_digest

__all__ = ["Found", "Lookup", "look_up"]

# A text that is not stored has no number; 0 is below every version's.
ASKED = 0
MAX_CHARACTERS = 1_000_000
FEWEST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Found:
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
class Lookup:
    """`index` is "ready", or "rebuilding": then only exactly the same text is found.

    `window_is_full`: the store has articles older than the index; of these, too, only the same text is found.
    """

    found: tuple[Found, ...]
    index: str
    words: int
    window_is_full: bool = False


def look_up(store: Store, registry: Registry, text: str) -> Lookup:
    """The stories that have run the text or some of it, the largest share first.

    The same words are found in all that was ever stored; similar ones in the window of the index. Raises BadInput
    for a text too short to tell, or too long.
    """
    asked = _asked(text)
    candidates = registry.lookup(asked.signature)
    with store.read() as connection:
        numbers = set(with_text_digest(connection, asked.signature.digest)) | set(candidates or ())
        versions = texts(connection, numbers)
        homes = stories_of_articles(connection, {version.article_id for version in versions})
        closest = _closest(asked, versions, homes)
        found = [
            _found(asked, version, evidence, story(connection, home)) for home, (evidence, version) in closest.items()
        ]
    found.sort(key=lambda one: (-one.share, one.first_seen, one.story_id))
    index = "rebuilding" if candidates is None else "ready"
    return Lookup(tuple(found), index, asked.signature.words, registry.window_is_full())


def _asked(text: str) -> Text:
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"the text has {len(text)} characters; at most {MAX_CHARACTERS} can be looked up")
    signature = sign(text)
    if signature.words < FEWEST_WORDS:
        raise BadInput(f"the text has {signature.words} words, too few to tell anything: give at least {FEWEST_WORDS}")
    return Text(ASKED, text, signature)


def _closest(
    asked: Text, versions: Sequence[VersionText], homes: Mapping[str, str]
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


def _found(asked: Text, version: VersionText, evidence: Evidence, record: StoryRecord) -> Found:
    return Found(
        story_id=record.id,
        article_id=version.article_id,
        relation=evidence.a_is if evidence.kind == "copy" else evidence.kind,
        share=round(evidence.containment_a, 4),
        spans=tuple(spans(asked.text, version.text)),
        title=record.title,
        first_seen=record.first_seen,
        first_outlet=record.first_outlet,
        copies=record.copies,
    )
