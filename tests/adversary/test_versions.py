"""A text that shares nothing with the one before it: kept and shown, but it drags neither story nor headline along."""

from onestory.store.articles.history import version_records
from onestory.store.database import Store
from tests.adversary.conftest import Import, original_of, seen
from tests.news_texts import wire_article

OURS, COPY = "https://harbourpost.example/ferry", "https://courier.example/ferry"
BEFORE = seen(OURS, wire_article(1), minutes=0, said=-5)
TAKEN_OVER = seen(OURS, wire_article(2), minutes=90, title="Win a fortune with these coins")


def test_an_unrelated_text_drags_no_story_along(import_rows: Import, desk_store: Store) -> None:
    stories = import_rows([BEFORE, seen(COPY, wire_article(1), minutes=20), TAKEN_OVER])
    original = original_of(stories)
    assert (original.copy.url, stories[0][0].copies) == (OURS, 2)
    assert stories[0][0].title == "Council closes the old ferry landing"
    with desk_store.read() as connection:
        kept = version_records(connection, original.copy.id)
    assert [one.is_current for one in kept] == [True, False]


def test_an_unrelated_text_is_in_force_once_another_version_confirms_it(import_rows: Import) -> None:
    later = seen(OURS, f"{wire_article(2)} And so on.", minutes=120, title="Win a fortune with these coins")
    assert original_of(import_rows([BEFORE, TAKEN_OVER, later])).copy.title == "Win a fortune with these coins"


def test_a_wall_gives_way_to_the_text(import_rows: Import) -> None:
    """No attack."""
    wall = seen(
        OURS, "Subscribe to read this article, and support the work of our newsroom.", minutes=0, title="Log in"
    )
    stories = import_rows([wall, seen(OURS, wire_article(1), minutes=30)])
    assert original_of(stories).copy.title == "Council closes the old ferry landing"
