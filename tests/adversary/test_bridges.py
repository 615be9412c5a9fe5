"""Bridges and knives: a stranger's page neither merges the stories of others nor parts them."""

import pytest

from onestory.store.articles.captures import Capture
from tests.adversary.conftest import Import, Stories, seen
from tests.news_texts import house_style, wire_article

HARBOUR, CLINIC = wire_article(1), wire_article(2)
ON_HARBOUR, ON_CLINIC = "Harbour talks end without a result", "Clinic reopens its northern wing"
VICTIMS = [
    seen("https://harbourpost.example/a", HARBOUR, minutes=0, said=-5, title=ON_HARBOUR),
    seen("https://daily.example/a", house_style(HARBOUR), minutes=10, said=2, title=ON_HARBOUR),
    seen("https://clinicnews.example/b", CLINIC, minutes=1, said=-5, title=ON_CLINIC),
    seen("https://daily.example/b", house_style(CLINIC), minutes=11, said=3, title=ON_CLINIC),
]
URLS = [capture.url for capture in VICTIMS]


def interleaved(one: str, other: str) -> str:
    return "\n".join(line for pair in zip(one.split("\n"), other.split("\n"), strict=True) for line in pair)


BRIDGES = {
    "one after the other": f"{HARBOUR}\n{CLINIC}",
    "paragraph by paragraph": interleaved(HARBOUR, CLINIC),
    "three in full": f"{CLINIC}\n{wire_article(3)}\n{HARBOUR}",
}


def of_the_victims(stories: Stories) -> set[frozenset[str]]:
    """The stories as the victims' articles see them."""
    found = {frozenset(one.copy.url for one in members if one.copy.url in URLS) for _, members in stories}
    return found - {frozenset()}


APART = {frozenset(URLS[:2]), frozenset(URLS[2:])}


@pytest.mark.parametrize("headline", ["What happened while you slept", ON_HARBOUR, f"{ON_HARBOUR}; {ON_CLINIC}"])
@pytest.mark.parametrize("bridge", BRIDGES)
def test_a_bridge_merges_no_stories(import_rows: Import, bridge: str, headline: str) -> None:
    attack = seen("https://hoax.example/both", BRIDGES[bridge], minutes=5, said=1, title=headline)
    assert of_the_victims(import_rows([*VICTIMS[:2], attack, *VICTIMS[2:]])) == APART


def test_a_crowd_of_bridges_merges_no_stories(import_rows: Import) -> None:
    crowd = [
        seen(f"https://hoax{number}.example/both", text, minutes=5, title="What happened while you slept")
        for number, text in enumerate(BRIDGES.values())
    ]
    assert of_the_victims(import_rows([*crowd[:2], *VICTIMS, crowd[2]])) == APART


def test_a_bridge_that_changes_leaves_the_stories_as_they_are(import_rows: Import) -> None:
    first = seen("https://hoax.example/both", BRIDGES["one after the other"], minutes=5, title=ON_HARBOUR)
    later = seen("https://hoax.example/both", wire_article(9), minutes=50, title=ON_HARBOUR)
    stories = import_rows([*VICTIMS, first, later])
    assert of_the_victims(stories) == APART
    assert {story.title for story, members in stories if len(members) > 1} == {ON_HARBOUR, ON_CLINIC}


def knife(number: int, *, skipped: int) -> Capture:
    """A page that begins with 75 words from inside the harbour story, and goes on with a text of its own."""
    words = " ".join(HARBOUR.split()[skipped : skipped + 75])
    text = f"{words}\n{wire_article(20 + number)}"
    return seen(f"https://hoax{number}.example/k", text, minutes=6, said=-3, title=f"Something else, part {number}")


@pytest.mark.parametrize("places", [(60, 140), (100, 100), (150, 190)])
def test_pages_that_begin_with_a_passage_of_a_story_do_not_part_it(
    import_rows: Import, places: tuple[int, int]
) -> None:
    knives = [knife(number, skipped=skipped) for number, skipped in enumerate(places)]
    brief = seen("https://brief.example/a", "\n".join(HARBOUR.split("\n")[:3]), minutes=12, title=ON_HARBOUR)
    stories = import_rows([*VICTIMS, *knives, brief])
    together = next(members for _, members in stories if any(one.copy.url == URLS[0] for one in members))
    assert {one.copy.url for one in together} - {one.url for one in knives} == {*URLS[:2], brief.url}
