"""An editor's decisions: obeyed at once, and in every evaluation to come."""

import pytest

from onestory.errors import BadInput, NotFound
from onestory.pipelines.stories.decisions import (
    PREVIEW,
    DecisionMode,
    DecisionNote,
    EffectChanged,
    merge_stories,
    pin_original,
    split_story,
    undo_decision,
)
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from onestory.store.editorial.decisions import decision_records
from onestory.store.events.event_log import events_after
from onestory.store.stories.export import iter_stories
from onestory.store.stories.records import StoryAbsorbed, load_story
from onestory.urls import article_id_of_url
from tests.news_texts import excerpt, house_style, wire_article
from tests.readings import NOON, fresh_registry, partition_by_url, reading, stories_of, take

WORD = DecisionNote("Ada", "not the same bridge", NOON)


def url(name: str) -> str:
    return f"https://{name}.example/story"


def sets(*stories: tuple[str, ...]) -> set[frozenset[str]]:
    return {frozenset(url(name) for name in names) for names in stories}


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> IndexClient:
    return fresh_registry(store, redis_url, prefix)


def put(store: Store, index_client: IndexClient, **texts: str) -> None:
    for name, text in texts.items():
        take(store, index_client, [reading(url(name), text)])


def test_a_merge_holds_and_takes_later_copies_of_both_sides(store: Store, index_client: IndexClient) -> None:
    first, second = wire_article(1), wire_article(2)
    put(store, index_client, herald=first, post=first, argus=second)
    decided = merge_stories(store, [article_id_of_url(url("herald")), url("argus")], WORD)
    assert partition_by_url(store) == sets(("herald", "post", "argus"))
    assert decided.stories == (article_id_of_url(url("herald")),)
    longer = "\n".join([first, wire_article(9, sentences=3)])
    put(store, index_client, late=second, brief=excerpt(first), longer=longer)
    assert partition_by_url(store) == sets(("herald", "post", "argus", "late", "brief", "longer"))


def test_what_was_split_off_stays_apart_and_together_whatever_arrives(store: Store, index_client: IndexClient) -> None:
    text = wire_article(1)
    edited = house_style(text)
    put(store, index_client, herald=text, post=text, argus=text, mirror=edited, echo=edited)
    split_story(store, [url("mirror"), url("echo")], WORD)
    assert partition_by_url(store) == sets(("herald", "post", "argus"), ("mirror", "echo"))
    put(store, index_client, late=text, later=edited)
    assert partition_by_url(store) == sets(("herald", "post", "argus", "late"), ("mirror", "echo", "later"))


@pytest.fixture
def bridged(store: Store, index_client: IndexClient) -> Store:
    """A story that only its fullest copy holds together: the others are different parts of it."""
    whole = wire_article(1, sentences=36)
    paragraphs = whole.split("\n")
    parts = {f"part{number}": "\n".join(paragraphs[3 * number : 3 * number + 3]) for number in range(4)}
    put(store, index_client, herald=whole, **parts)
    assert partition_by_url(store) == sets(("herald", *parts))
    return store


PARTS = ("part0", "part1", "part2", "part3")


def test_a_split_takes_out_the_bridge_and_leaves_the_rest_one_story(bridged: Store) -> None:
    before = state_of(bridged)
    decided = split_story(bridged, [url("herald")], WORD)
    assert partition_by_url(bridged) == sets(("herald",), PARTS)
    assert len(decided.stories) == 2
    undo_decision(bridged, decided.number or 0, WORD)
    assert state_of(bridged) == before


def test_of_what_a_split_left_another_copy_may_leave(bridged: Store) -> None:
    split_story(bridged, [url("herald")], WORD)
    second = split_story(bridged, [url("part2")], WORD)
    assert partition_by_url(bridged) == sets(("herald",), ("part2",), ("part0", "part1", "part3"))
    undo_decision(bridged, second.number or 0, WORD)
    assert partition_by_url(bridged) == sets(("herald",), PARTS)


def test_a_preview_says_what_a_decision_then_does_and_changes_nothing(bridged: Store) -> None:
    before = state_of(bridged)
    shown = split_story(bridged, [url("part1")], WORD, PREVIEW)
    assert (state_of(bridged), shown.number) == (before, None)
    with bridged.read() as connection:
        assert decision_records(connection, limit=5) == []
        assert "story.split" not in {event.kind for event in events_after(connection, 0, limit=100)}
    done = split_story(bridged, [url("part1")], WORD, DecisionMode(expected=shown.effect.digest))
    assert (done.effect, done.stories) == (shown.effect, shown.stories)
    assert [story.copies for story in done.effect.before] == [5]
    assert [len(story.copies) for story in done.effect.after] == [4, 1]
    undone = undo_decision(bridged, done.number or 0, WORD, PREVIEW)
    assert sorted(story.copies for story in undone.effect.before) == [1, 4]
    assert [len(story.copies) for story in undone.effect.after] == [5]
    assert {copy.story_before for copy in undone.effect.after[0].copies} == set(done.stories)


def test_a_decision_whose_effect_has_changed_since_it_was_shown_is_not_made(
    bridged: Store, index_client: IndexClient
) -> None:
    shown = split_story(bridged, [url("part1")], WORD, PREVIEW)
    put(bridged, index_client, late=wire_article(1, sentences=36))
    with pytest.raises(EffectChanged):
        split_story(bridged, [url("part1")], WORD, DecisionMode(expected=shown.effect.digest))
    assert partition_by_url(bridged) == sets(("herald", "late", *PARTS))


def test_every_decision_is_undone_exactly(store: Store, index_client: IndexClient) -> None:
    text = wire_article(1)
    put(store, index_client, herald=text, post=house_style(text), brief=excerpt(text), argus=wire_article(2))
    put(store, index_client, other=house_style(wire_article(2)))
    before = state_of(store)
    for decide in (
        lambda: split_story(store, [url("herald")], WORD),
        lambda: merge_stories(store, [url("herald"), url("argus")], WORD),
        lambda: pin_original(store, url("brief"), WORD),
    ):
        decided = decide()
        assert state_of(store) != before
        undo_decision(store, decided.number or 0, WORD)
        assert state_of(store) == before


def state_of(store: Store) -> list[tuple[object, ...]]:
    """All that a decision may change of stories and copies."""
    with store.read() as connection:
        found = [
            (record.id, record.title, record.original, record.original_reason, record.outlets, record.owners)
            for record in stories_of(store)
        ]
        members = [member.copy for _, members in iter_stories(connection) for member in members]
    return [*sorted(found, key=str), *sorted((copy.id, copy.story_id, copy.relation) for copy in members)]


def test_a_longer_copy_of_the_one_side_does_not_take_the_other(store: Store, index_client: IndexClient) -> None:
    text = wire_article(1)
    put(store, index_client, herald=text, post=text, mirror=house_style(text))
    split_story(store, [url("mirror")], WORD)
    put(store, index_client, longer="\n".join([text, wire_article(9, sentences=2)]))
    assert partition_by_url(store) == sets(("herald", "post", "longer"), ("mirror",))


def test_a_split_gives_an_absorbed_id_back_and_undoing_it_takes_it_again(
    store: Store, index_client: IndexClient
) -> None:
    put(store, index_client, herald=wire_article(1), post=wire_article(1))
    decided = split_story(store, [url("post")], WORD)
    assert [record.copies for record in stories_of(store)] == [1, 1]
    undo_decision(store, decided.number, DecisionNote("Ben", "", NOON))
    with store.read() as connection, pytest.raises(StoryAbsorbed):
        load_story(connection, article_id_of_url(url("post")))
    with pytest.raises(BadInput, match="already undone by Ben"):
        undo_decision(store, decided.number, WORD)


def test_the_later_of_two_decisions_holds(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, herald=wire_article(1), post=wire_article(1), argus=wire_article(1))
    split_story(store, [url("post")], WORD)
    merge_stories(store, [url("post"), url("herald")], WORD)
    assert partition_by_url(store) == sets(("herald", "post", "argus"))
    split_story(store, [url("argus")], WORD)
    assert partition_by_url(store) == sets(("herald", "post"), ("argus",))


def test_a_pinned_article_is_the_original_and_gives_the_headline(store: Store, index_client: IndexClient) -> None:
    text = wire_article(1)
    first = reading(url("herald"), text, title="Herald's")
    take(store, index_client, [first, reading(url("mirror"), house_style(text), title="Mirror's")])
    pin_original(store, url("mirror"), WORD)
    [record] = stories_of(store)
    assert (record.original, record.original_reason) == (article_id_of_url(url("mirror")), "pinned")
    assert record.title == "Mirror's"
    put(store, index_client, late=text)
    [record] = stories_of(store)
    assert (record.original, record.title) == (article_id_of_url(url("mirror")), "Mirror's")


def test_the_log_says_who_and_why(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, herald=wire_article(1), post=wire_article(1))
    number = split_story(store, [url("post")], WORD).number
    undo_decision(store, number, DecisionNote("Ben", "", NOON))
    with store.read() as connection:
        [record] = decision_records(connection, [article_id_of_url(url("herald"))], limit=5)
        assert decision_records(connection, ["f" * 24], limit=5) == []
    assert (record.kind, record.who, record.why) == ("split", "Ada", "not the same bridge")
    assert (record.undone, record.undone_by) == (NOON, "Ben")
    assert (record.articles, record.against) == ((article_id_of_url(url("post")),), (article_id_of_url(url("herald")),))


def test_what_cannot_be_decided_is_refused(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, herald=wire_article(1), post=wire_article(1), argus=wire_article(2))
    with pytest.raises(BadInput, match="already one story"):
        merge_stories(store, [url("herald"), url("post")], WORD)
    with pytest.raises(BadInput, match="all the articles"):
        split_story(store, [url("argus")], WORD)
    with pytest.raises(BadInput, match="different stories"):
        split_story(store, [url("argus"), url("post")], WORD)
    with pytest.raises(NotFound):
        pin_original(store, url("nobody"), WORD)
