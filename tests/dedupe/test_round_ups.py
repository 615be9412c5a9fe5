"""One page may not merge the stories of others, nor part them, whatever it holds of their texts."""

from itertools import combinations

import pytest

from onestory.dedupe.evidence import Evidence, Member
from onestory.dedupe.headlines import Headline
from onestory.dedupe.partition import partition, unverified_pairs
from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText, verify
from tests.dedupe.news import article, join

Page = tuple[str, str, str]
HARBOUR, CLINIC, ORCHARD = article(1), article(2), article(3)
ON_HARBOUR = "Harbour talks end without a result"
ON_CLINIC = "Clinic reopens its northern wing"
ON_ORCHARD = "Orchard owners ask for rain"


def copies(name: str, headline: str, paragraphs: list[str], *, number: int) -> list[Page]:
    """Pages of as many outlets with one text; each but the first leaves out another paragraph near its end."""
    return [
        (
            f"{name}{at}.example",
            headline,
            join(*paragraphs[: len(paragraphs) - at], *paragraphs[len(paragraphs) - at + 1 :]),
        )
        for at in range(number)
    ]


def stories(pages: list[Page]) -> set[frozenset[str]]:
    """The stories of pages, named by their hosts, from all pairs."""
    texts = [
        ComparedText(number, words, sign(words), Headline(headline), host)
        for number, (host, headline, words) in enumerate(pages)
    ]
    members = [
        Member(host, at, one.signature.words, one.signature.digest, host, one.headline, one.mentions_headline)
        for (host, _, _), (at, one) in zip(pages, enumerate(texts), strict=True)
    ]
    found: dict[tuple[int, int], Evidence | None] = {
        pair: verify(texts[pair[0]], texts[pair[1]]) for pair in combinations(range(len(texts)), 2)
    }
    evidence = [one for one in found.values() if one]
    assert not unverified_pairs(members, evidence, [], found)
    return {frozenset(part.members) for part in partition(members, evidence)}


def without(found: set[frozenset[str]], *hosts: str) -> set[frozenset[str]]:
    """The stories without these hosts, as their other members see them."""
    return {left for story in found if (left := story - set(hosts))}


def interleaved(*articles: list[str]) -> list[str]:
    return [paragraph for row in zip(*articles, strict=True) for paragraph in row]


BRIDGES = {
    "one text after the other": [*HARBOUR, *CLINIC],
    "the other way round": [*CLINIC, *HARBOUR],
    "paragraph by paragraph": interleaved(HARBOUR, CLINIC),
    "with words of its own between": [*HARBOUR, *article(9)[:2], *CLINIC],
    "most of both": [*HARBOUR[:9], *CLINIC[:9]],
    "three in full": [*HARBOUR, *CLINIC, *ORCHARD],
    "three, paragraph by paragraph": interleaved(HARBOUR, CLINIC, ORCHARD),
    "a long one and a short one": [*HARBOUR, *CLINIC[:5]],
}
HEADLINES = {
    "its own": "What happened while you slept",
    "the first story's": ON_HARBOUR,
    "the second story's": ON_CLINIC,
    "both": f"{ON_HARBOUR}; {ON_CLINIC}",
}


@pytest.mark.parametrize("headline", HEADLINES)
@pytest.mark.parametrize("bridge", BRIDGES)
@pytest.mark.parametrize("number", [2, 4])
def test_a_page_with_the_texts_of_stories_does_not_merge_them(bridge: str, headline: str, number: int) -> None:
    victims = [
        *copies("harbour", ON_HARBOUR, HARBOUR, number=number),
        *copies("clinic", ON_CLINIC, CLINIC, number=number),
        *copies("orchard", ON_ORCHARD, ORCHARD, number=number),
    ]
    attacks = [(f"bridge{at}.example", HEADLINES[headline], join(*BRIDGES[bridge])) for at in range(2)]
    assert len(stories(victims)) == 3
    assert without(stories([*victims, attacks[0]]), "bridge0.example") == stories(victims)
    assert without(stories([*victims, *attacks]), "bridge0.example", "bridge1.example") == stories(victims)


@pytest.mark.parametrize("bridge", BRIDGES)
@pytest.mark.parametrize("headline", HEADLINES)
def test_two_articles_without_a_copy_are_not_merged(bridge: str, headline: str) -> None:
    victims = [("harbour.example", ON_HARBOUR, join(*HARBOUR)), ("clinic.example", ON_CLINIC, join(*CLINIC))]
    attack = ("bridge.example", HEADLINES[headline], join(*BRIDGES[bridge]))
    assert without(stories([*victims, attack]), "bridge.example") == stories(victims)


def test_two_excerpts_of_one_article_are_one_story_with_it() -> None:
    pages = [
        ("wire.example", ON_HARBOUR, join(*HARBOUR)),
        ("top.example", ON_HARBOUR, join(*HARBOUR[:5])),
        ("end.example", f"More: {ON_HARBOUR}", join(*HARBOUR[5:])),
    ]
    assert len(stories(pages)) == 1


def test_excerpts_from_two_places_with_copies_of_their_own_are_one_story_under_one_headline() -> None:
    top, end = join(*HARBOUR[:5]), join(*HARBOUR[6:])
    pages = [("wire.example", ON_HARBOUR, join(*HARBOUR))]
    pages += [(f"top{at}.example", ON_HARBOUR, f"{top}\nReported by desk {at}.") for at in range(2)]
    pages += [(f"end{at}.example", ON_HARBOUR, f"{end}\nReported by desk {at}.") for at in range(2)]
    assert len(stories(pages)) == 1


def test_an_excerpt_under_a_headline_that_its_words_do_not_mention_is_no_story_of_its_own() -> None:
    mentioned = " ".join(HARBOUR[0].split()[:8])
    pages = [
        ("wire.example", mentioned, join(*HARBOUR)),
        ("daily.example", mentioned, join(*HARBOUR, "Edited by the night desk.")),
        ("top.example", mentioned, join(*HARBOUR[:5])),
        ("end.example", "Sailors vote for a new chairman", join(*HARBOUR[6:])),
    ]
    assert len(stories(pages)) == 1


def knife(at: int, *, seed: int, host: str) -> Page:
    """A page that begins with a paragraph from deep inside the harbour story, and goes on with a text of its own."""
    words = " ".join(HARBOUR[at : at + 2]).split()[:75]
    return (host, f"Page {seed} on something else entirely", join(" ".join(words), *article(seed)[:6]))


@pytest.mark.parametrize("places", [(4, 8), (5, 5), (3, 10), (6, 7)])
@pytest.mark.parametrize("hosts", [("knife.example", "knife.example"), ("one.example", "two.example")])
def test_pages_that_begin_with_a_passage_from_inside_a_story_do_not_part_it(
    places: tuple[int, int], hosts: tuple[str, str]
) -> None:
    victims = [
        *copies("harbour", ON_HARBOUR, HARBOUR, number=3),
        ("brief.example", ON_HARBOUR, join(*HARBOUR[:4])),
        (
            "half.example",
            "Talks in the harbour end",
            join("Our correspondent adds a word of local colour.", *HARBOUR[1:6]),
        ),
    ]
    attacks = [
        knife(at, seed=20 + at + n, host=f"{n}.{host}") for n, (at, host) in enumerate(zip(places, hosts, strict=True))
    ]
    assert len(stories(victims)) == 1
    assert without(stories([*victims, *attacks]), *(host for host, _, _ in attacks)) == stories(victims)
