"""An editor's decisions: obeyed at once, and in every evaluation to come."""

import pytest

from onestory.errors import BadInput, NotFound
from onestory.pipelines.stories.decisions import DecisionNote, merge_stories, pin_original, split_story, undo_decision
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from onestory.store.editorial.decisions import decision_records
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
    with pytest.raises(BadInput, match="one story already"):
        merge_stories(store, [url("herald"), url("post")], WORD)
    with pytest.raises(BadInput, match="all the articles"):
        split_story(store, [url("argus")], WORD)
    with pytest.raises(BadInput, match="different stories"):
        split_story(store, [url("argus"), url("post")], WORD)
    with pytest.raises(NotFound):
        pin_original(store, url("nobody"), WORD)
