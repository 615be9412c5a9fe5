"""Whose article it is: listing another outlet's page does not make it one's own."""

from onestory.store.database import Store
from onestory.store.sources.source_list import SourceEntry, add_sources
from tests.adversary.conftest import NOON, Import, original_of, seen
from tests.news_texts import wire_article

TEXT = wire_article(1)
OURS = "https://www.harbourpost.example/ferry"
STRANGER = "https://hoax.example/feed"


def add(store: Store, url: str, outlet: str) -> None:
    with store.write() as connection:
        add_sources(connection, [SourceEntry(url, "feed", outlet)], now=NOON)


def test_a_strangers_feed_does_not_own_what_it_lists(import_rows: Import, desk_store: Store) -> None:
    add(desk_store, "https://harbourpost.example/feed", "Harbour Post")
    add(desk_store, STRANGER, "Hoax")
    stories = import_rows([seen(OURS, TEXT, minutes=0, said=-5, outlet="Hoax", source=STRANGER)])
    assert original_of(stories).copy.outlet == "Harbour Post"


def test_a_subdomain_is_its_domains_outlet(import_rows: Import, desk_store: Store) -> None:
    add(desk_store, "https://www.example.com/feed", "Harbour Post")
    row = seen("https://edition.example.com/f", TEXT, minutes=0, outlet="Hoax", source=STRANGER)
    assert original_of(import_rows([row])).copy.outlet == "Harbour Post"


def test_a_neighbour_on_a_shared_host_is_no_part_of_the_outlet(import_rows: Import, desk_store: Store) -> None:
    add(desk_store, "https://goodnews.github.io/feed", "Good News")
    row = seen("https://evil.github.io/f", TEXT, minutes=0)
    assert original_of(import_rows([row])).copy.outlet == "evil.github.io"


def test_the_owner_who_comes_later_gets_his_articles(import_rows: Import, desk_store: Store) -> None:
    import_rows(
        [
            seen(OURS, TEXT, minutes=0, outlet="Hoax", source=STRANGER),
            seen("https://hoax.example/f", TEXT, minutes=9, outlet="Hoax"),
        ]
    )
    add(desk_store, "https://harbourpost.example/feed", "Harbour Post")
    stories = import_rows([seen("https://third.example/x", wire_article(2), minutes=1)])
    ((story, members),) = [one for one in stories if one[0].copies == 2]
    assert {one.copy.url: one.copy.outlet for one in members}[OURS] == "Harbour Post"
    assert (story.outlets, story.owners, story.first_outlet) == (2, 2, "Harbour Post")


def test_hosts_of_one_domain_are_one_outlet(import_rows: Import) -> None:
    hosts = ("us", "edition", "www1")
    rows = [seen(f"https://{host}.example.com/f{host}", TEXT, minutes=n) for n, host in enumerate(hosts)]
    stories = import_rows([*rows, seen("https://other.example/f", TEXT, minutes=5)])
    assert [story.outlets for story, _ in stories if story.copies > 1] == [2]
