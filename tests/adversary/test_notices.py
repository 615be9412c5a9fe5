"""Notices act on their own article."""

from sqlalchemy import delete, insert, select

from onestory.pipelines.versions.freshness import FreshnessCache
from onestory.store.database import Store
from onestory.store.schema import events, outlets
from tests.adversary.conftest import Import, original_of, seen
from tests.news_texts import wire_article

TEXT = wire_article(1)
OURS, HOAX = "https://harbourpost.example/ferry", "https://hoax.example/ferry"
RETRACTED = f"This article has been retracted.\n\n{TEXT}"


def copies_of_withdrawn(store: Store) -> list[int]:
    """How many copies each story had that an event calls withdrawn."""
    with store.read() as connection:
        query = select(events.c.data).where(events.c.kind == "story.withdrawn")
        return [data["copies"] for data in connection.execute(query).scalars()]


def test_a_copy_that_says_retracted_does_not_withdraw_the_story(import_rows: Import, desk_store: Store) -> None:
    stories = import_rows(
        [seen(OURS, TEXT, minutes=0, said=-5), seen(HOAX, RETRACTED, minutes=60, said=-300, title="Retracted: ferry")]
    )
    assert original_of(stories).copy.url == OURS
    assert original_of(stories).facts.get("notice") is None
    # As long as the copy is all there is, its notice is the story's.
    assert set(copies_of_withdrawn(desk_store)) <= {1}
    with desk_store.read() as connection:
        assert FreshnessCache().of(connection, stories[0][0]).reason == ""


def test_the_notice_stays_with_the_copy_that_has_it(import_rows: Import) -> None:
    stories = import_rows([seen(OURS, TEXT, minutes=0, said=-5), seen(HOAX, RETRACTED, minutes=60, said=50)])
    ((_, members),) = stories
    assert {one.copy.url: one.facts.get("notice") for one in members} == {OURS: None, HOAX: "withdrawn"}


def test_the_originals_own_notice_marks_the_story(import_rows: Import, desk_store: Store) -> None:
    """No attack."""
    stories = import_rows([seen(OURS, RETRACTED, minutes=0, said=-5), seen(HOAX, TEXT, minutes=60, said=50)])
    assert original_of(stories).facts.get("notice") == "withdrawn"
    with desk_store.read() as connection:
        assert FreshnessCache().of(connection, stories[0][0]).reason == "withdrawn"


def test_whose_outlets_are_ours_counts_from_the_next_look(import_rows: Import, desk_store: Store) -> None:
    """It may be set in another process, as by `onestory outlets set --ours`."""
    stories = import_rows([seen(OURS, RETRACTED, minutes=0, said=-5), seen(HOAX, TEXT, minutes=60, said=50)])
    story, members = stories[0]
    cache = FreshnessCache()
    counts = []
    for is_ours in (False, True, False):
        with desk_store.write() as connection:
            name = next(one.copy.outlet for one in members if one.copy.url == HOAX)
            connection.execute(delete(outlets).where(outlets.c.name == name))
            connection.execute(insert(outlets).values(name=name, ours=is_ours))
        with desk_store.read() as connection:
            counts.append(cache.of(connection, story).old_ours)
    assert counts == [0, 1, 0]
