"""An editor's decisions: obeyed at once, and in every evaluation to come."""

import pytest

from pipelines.decide import Word, merge, pin, split, undo
from pipelines.registry import Registry
from store.database import Store
from store.decisions import decision_log
from store.errors import BadInput, NotFound
from store.identity import article_id
from store.records import StoryMoved, story
from tests.readings import NOON, fresh_registry, partition_by_url, reading, stories_of, take
from tests.wire import excerpt, house_style, wire_article

WORD = Word("Ada", "not the same bridge", NOON)


def url(name: str) -> str:
    return f"https://{name}.example/story"


def sets(*stories: tuple[str, ...]) -> set[frozenset[str]]:
    return {frozenset(url(name) for name in names) for names in stories}


@pytest.fixture
def registry(store: Store, redis_url: str, prefix: str) -> Registry:
    return fresh_registry(store, redis_url, prefix)


def put(store: Store, registry: Registry, **texts: str) -> None:
    for name, text in texts.items():
        take(store, registry, [reading(url(name), text)])


def test_a_merge_holds_and_takes_later_copies_of_both_sides(store: Store, registry: Registry) -> None:
    first, second = wire_article(1), wire_article(2)
    put(store, registry, herald=first, post=first, argus=second)
    decided = merge(store, [article_id(url("herald")), url("argus")], WORD)
    assert partition_by_url(store) == sets(("herald", "post", "argus"))
    assert decided.stories == (article_id(url("herald")),)
    longer = "\n".join([first, wire_article(9, sentences=3)])
    put(store, registry, late=second, brief=excerpt(first), longer=longer)
    assert partition_by_url(store) == sets(("herald", "post", "argus", "late", "brief", "longer"))


def test_what_was_split_off_stays_apart_and_together_whatever_arrives(store: Store, registry: Registry) -> None:
    text = wire_article(1)
    edited = house_style(text)
    put(store, registry, herald=text, post=text, argus=text, mirror=edited, echo=edited)
    split(store, [url("mirror"), url("echo")], WORD)
    assert partition_by_url(store) == sets(("herald", "post", "argus"), ("mirror", "echo"))
    put(store, registry, late=text, later=edited)
    assert partition_by_url(store) == sets(("herald", "post", "argus", "late"), ("mirror", "echo", "later"))


def test_a_longer_copy_of_the_one_side_does_not_take_the_other(store: Store, registry: Registry) -> None:
    text = wire_article(1)
    put(store, registry, herald=text, post=text, mirror=house_style(text))
    split(store, [url("mirror")], WORD)
    put(store, registry, longer="\n".join([text, wire_article(9, sentences=2)]))
    assert partition_by_url(store) == sets(("herald", "post", "longer"), ("mirror",))


def test_a_split_gives_an_absorbed_id_back_and_undoing_it_takes_it_again(store: Store, registry: Registry) -> None:
    put(store, registry, herald=wire_article(1), post=wire_article(1))
    decided = split(store, [url("post")], WORD)
    assert [record.copies for record in stories_of(store)] == [1, 1]
    undo(store, decided.number, Word("Ben", "", NOON))
    with store.read() as connection, pytest.raises(StoryMoved):
        story(connection, article_id(url("post")))
    with pytest.raises(BadInput, match="undone already, by Ben"):
        undo(store, decided.number, WORD)


def test_the_later_of_two_decisions_holds(store: Store, registry: Registry) -> None:
    put(store, registry, herald=wire_article(1), post=wire_article(1), argus=wire_article(1))
    split(store, [url("post")], WORD)
    merge(store, [url("post"), url("herald")], WORD)
    assert partition_by_url(store) == sets(("herald", "post", "argus"))
    split(store, [url("argus")], WORD)
    assert partition_by_url(store) == sets(("herald", "post"), ("argus",))


def test_a_pinned_article_is_the_original_and_gives_the_headline(store: Store, registry: Registry) -> None:
    text = wire_article(1)
    first = reading(url("herald"), text, title="Herald's")
    take(store, registry, [first, reading(url("mirror"), house_style(text), title="Mirror's")])
    pin(store, url("mirror"), WORD)
    [record] = stories_of(store)
    assert (record.original, record.original_reason) == (article_id(url("mirror")), "pinned")
    assert record.title == "Mirror's"
    put(store, registry, late=text)
    [record] = stories_of(store)
    assert (record.original, record.title) == (article_id(url("mirror")), "Mirror's")


def test_the_log_says_who_and_why(store: Store, registry: Registry) -> None:
    put(store, registry, herald=wire_article(1), post=wire_article(1))
    number = split(store, [url("post")], WORD).number
    undo(store, number, Word("Ben", "", NOON))
    with store.read() as connection:
        [record] = decision_log(connection, [article_id(url("herald"))], limit=5)
        assert decision_log(connection, ["f" * 24], limit=5) == []
    assert (record.kind, record.who, record.why) == ("split", "Ada", "not the same bridge")
    assert (record.undone, record.undone_by) == (NOON, "Ben")
    assert (record.articles, record.against) == ((article_id(url("post")),), (article_id(url("herald")),))


def test_what_cannot_be_decided_is_refused(store: Store, registry: Registry) -> None:
    put(store, registry, herald=wire_article(1), post=wire_article(1), argus=wire_article(2))
    with pytest.raises(BadInput, match="one story already"):
        merge(store, [url("herald"), url("post")], WORD)
    with pytest.raises(BadInput, match="all the articles"):
        split(store, [url("argus")], WORD)
    with pytest.raises(BadInput, match="different stories"):
        split(store, [url("argus"), url("post")], WORD)
    with pytest.raises(NotFound):
        pin(store, url("nobody"), WORD)
