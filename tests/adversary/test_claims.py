"""Backdated pages: whoever states an earlier time than he can have had does not become the original."""

from datetime import timedelta

import pytest

from onestory.store.articles.captures import Capture
from onestory.store.database import Store
from onestory.store.sources.source_list import SourceEntry, add_sources
from tests.adversary.conftest import NOON, Import, original_of, seen
from tests.news_texts import house_style, wire_article

TEXT = wire_article(1)
VICTIM, ATTACKER = "https://harbourpost.example/ferry", "https://hoax.example/ferry"
# Minutes after noon of the fetch, and of the time that the attacker states. The victim: fetched at 0, states -5.
BACKDATED = {
    "by two hours": (60, -120),
    "by one minute": (30, -6),
    "to 1999": (20, -60 * 24 * 365 * 26),
    "the next day": (60 * 24, -30),
    "by a day": (15, -60 * 24),
}


def victim(**more: object) -> Capture:
    return seen(VICTIM, TEXT, minutes=0, said=-5, **more)


@pytest.mark.parametrize("how", BACKDATED)
def test_a_backdated_copy_does_not_become_the_original(import_rows: Import, how: str) -> None:
    fetched, said = BACKDATED[how]
    stories = import_rows([victim(), seen(ATTACKER, TEXT, minutes=fetched, said=said, title="FAKE headline")])
    assert original_of(stories).copy.url == VICTIM
    assert stories[0][0].title == "Council closes the old ferry landing"
    assert stories[0][0].original_reason == "unsupported"


def test_a_backdated_edited_copy_does_not_become_the_original(import_rows: Import) -> None:
    stories = import_rows([victim(), seen(ATTACKER, house_style(TEXT), minutes=45, said=-600)])
    assert original_of(stories).copy.url == VICTIM


def test_many_backdated_copies_do_not_outvote_the_original(import_rows: Import) -> None:
    crowd = [seen(f"https://hoax{n}.example/f", TEXT, minutes=20 + n, said=-100 - n) for n in range(5)]
    assert original_of(import_rows([victim(), *crowd])).copy.url == VICTIM


def test_a_backdated_copy_does_not_change_the_stated_time_of_the_story(import_rows: Import) -> None:
    stories = import_rows([victim(), seen(ATTACKER, TEXT, minutes=60, said=-600)])
    assert stories[0][0].published == NOON - timedelta(minutes=5)


def test_a_strangers_statement_does_not_count_beside_a_known_outlet(import_rows: Import, desk_store: Store) -> None:
    with desk_store.write() as connection:
        entry = SourceEntry("https://harbourpost.example/feed", "feed", "Harbour Post", homepage=VICTIM)
        add_sources(connection, [entry], now=NOON)
    stories = import_rows([victim(), seen(ATTACKER, TEXT, minutes=1, said=-6)])
    assert original_of(stories).copy.url == VICTIM


def test_a_source_that_did_not_list_the_page_before_did_not_have_it(import_rows: Import) -> None:
    late = seen(ATTACKER, TEXT, minutes=40, said=-10, seen_after=NOON + timedelta(minutes=35))
    assert original_of(import_rows([victim(), late])).copy.url == VICTIM


def test_an_earlier_time_that_polls_support_makes_the_original(import_rows: Import) -> None:
    """No attack: an agency that is polled rarely was first."""
    agency = seen("https://wire.example/f", TEXT, minutes=20, said=-15, seen_after=NOON - timedelta(minutes=40))
    stories = import_rows([victim(), agency])
    assert original_of(stories).copy.host == "wire.example"


def test_rows_without_a_time_of_fetch_are_told_apart_by_what_they_state(import_rows: Import) -> None:
    """No attack: an archive of old news."""
    rows = [
        Capture(f"https://{name}.example/f", None, text=TEXT, title="Ferry", published=f"2020-05-03T{hour}:00:00Z")
        for name, hour in (("first", "08"), ("second", "09"), ("third", "10"))
    ]
    assert original_of(import_rows(rows)).copy.host == "first.example"


@pytest.mark.parametrize("said", ["2026-03-01", "2026-03-01T01:00:00"])
def test_a_doubtful_time_makes_no_copy_the_original(import_rows: Import, said: str) -> None:
    doubtful = Capture(ATTACKER, NOON + timedelta(minutes=3), text=TEXT, title="Ferry", published=said)
    assert original_of(import_rows([victim(), doubtful])).copy.url == VICTIM
