"""Furniture, learned from what is stored: published at a moment, applied to the past, the same for any order."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from onestory.pipelines.boilerplate.learning import learn_boilerplate, learn_daily
from onestory.pipelines.runtime.read_capture import read_capture
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.captures import Capture, RemovedLine
from onestory.store.articles.save import save_articles
from onestory.store.articles.versions import unattached_versions
from onestory.store.boilerplate import (
    active_fingerprints,
    boilerplate_lines,
    prune_removed_lines,
    removed_lines_of,
)
from onestory.store.database import Store
from onestory.store.schema import articles, versions
from onestory.store.settings import Retention
from tests.news_texts import wire_article
from tests.readings import NOON, fresh_registry, partition_by_url, reading, take

LINE = "The Gazette is printed on paper from forests near you"


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> Iterator[IndexClient]:
    made = fresh_registry(store, redis_url, prefix)
    made.rebuild()
    yield made
    made.index.redis.close()


def gazette(number: int, *, line: str = LINE, path: str | None = None) -> tuple[str, str]:
    return f"https://www.gazette.example/{path or number}", f"{wire_article(number)}\n{line}"


def texts_of(store: Store) -> dict[str, str]:
    with store.read() as connection:
        query = select(articles.c.url, versions.c.text).join(versions, versions.c.number == articles.c.version)
        return {row.url: row.text for row in connection.execute(query)}


def test_a_line_of_four_stories_is_learned_and_taken_out_of_what_is_stored(
    store: Store, index_client: IndexClient
) -> None:
    take(store, index_client, [reading(*gazette(number)) for number in range(4)])
    learned = learn_boilerplate(store, index_client, now=NOON)
    assert (learned.lines, learned.texts) == (1, 4)
    assert texts_of(store)["https://www.gazette.example/1"] == wire_article(1)
    with store.read() as connection:
        [line] = [one for one in boilerplate_lines(connection, "gazette.example") if one.in_force]
        number = connection.execute(select(articles.c.version)).scalars().first()
        assert removed_lines_of(connection, [number or 0]) == {number: [RemovedLine(LINE, "host")]}
        assert not unattached_versions(connection, limit=10)
    assert (line.line, line.stories, line.stories_known) == (LINE, 4, 4)


def test_learning_twice_changes_nothing(store: Store, index_client: IndexClient) -> None:
    take(store, index_client, [reading(*gazette(number)) for number in range(4)])
    learn_boilerplate(store, index_client, now=NOON)
    before = texts_of(store)
    again = learn_boilerplate(store, index_client, now=NOON + timedelta(days=1))
    assert (again.lines, again.texts, texts_of(store)) == (1, 0, before)


def test_near_copies_and_other_addresses_of_one_story_count_once(store: Store, index_client: IndexClient) -> None:
    text = f"{wire_article(1)}\n{LINE}"
    take(store, index_client, [reading(f"https://gazette.example/{n}", text) for n in range(6)])
    assert learn_boilerplate(store, index_client, now=NOON).lines == 0


APPEAL = "The Gazette lives by its members, who pay for the paper and the press: become one of them today"
HEADLINES = ["Harbour talks end", "Clinic reopens wing", "Orchard owners want rain", "Railway strike begins"]


def test_pages_that_an_appeal_alone_makes_alike_teach_it(store: Store, index_client: IndexClient) -> None:
    rows = [
        reading(f"https://gazette.example/{n}", f"{headline} early.\n{APPEAL}", title=headline)
        for n, headline in enumerate(HEADLINES)
    ]
    take(store, index_client, rows)
    assert learn_boilerplate(store, index_client, now=NOON).lines == 1
    assert all(APPEAL not in text for text in texts_of(store).values())


def test_one_text_under_one_headline_is_never_learned(store: Store, index_client: IndexClient) -> None:
    rows = [
        reading(f"https://gazette.example/{n}", f"{wire_article(1)}\n{APPEAL}", title="Harbour talks end early")
        for n in range(6)
    ]
    take(store, index_client, rows)
    assert learn_boilerplate(store, index_client, now=NOON).lines == 0


def test_what_is_learned_is_the_same_for_any_order(store: Store, index_client: IndexClient) -> None:
    rows = [reading(*gazette(number, line=LINE if number % 2 else "Sign in to read on")) for number in range(10)]
    random.Random(3).shuffle(rows)
    for row in rows:
        take(store, index_client, [row])
    learn_boilerplate(store, index_client, now=NOON)
    assert set(texts_of(store).values()) == {wire_article(number) for number in range(10)}


def test_a_page_that_comes_again_makes_no_new_version(store: Store, index_client: IndexClient) -> None:
    take(store, index_client, [reading(*gazette(number)) for number in range(4)])
    learn_boilerplate(store, index_client, now=NOON)
    url, text = gazette(2)
    with store.read() as connection:
        published = active_fingerprints(connection)
    again = read_capture(Capture(url=url, observed=NOON + timedelta(hours=1), text=text), furniture=published)
    assert again.extracted.text == wire_article(2)
    with store.write() as connection:
        assert [saved.kind for saved in save_articles(connection, [again], now=NOON)] == ["known"]


def test_a_paragraph_of_running_stories_is_no_furniture(store: Store, index_client: IndexClient) -> None:
    background = "The ferry has been out of service since the fire that gutted its engine room in the spring."
    rows = [reading(*gazette(number, line=background)) for number in range(4)]
    rows += [reading(*gazette(number, line="Short line")) for number in range(4, 6)]
    take(store, index_client, rows)
    assert learn_boilerplate(store, index_client, now=NOON).lines == 0


def test_what_is_no_longer_shown_is_forgotten_as_the_host_goes_on(store: Store, index_client: IndexClient) -> None:
    take(store, index_client, [reading(*gazette(number)) for number in range(4)])
    learn_boilerplate(store, index_client, now=NOON)
    later = NOON + timedelta(days=200)
    take(
        store,
        index_client,
        [reading(f"https://gazette.example/{n}", wire_article(n), observed=later) for n in (20, 21)],
    )
    assert learn_boilerplate(store, index_client, now=later).lines == 0


def test_what_is_shown_stays_known_when_the_removed_lines_are_gone(store: Store, index_client: IndexClient) -> None:
    take(store, index_client, [reading(*gazette(number)) for number in range(4)])
    learn_boilerplate(store, index_client, now=NOON)
    later = NOON + timedelta(days=Retention().removed_lines_days + 1)
    with store.write() as connection:
        assert prune_removed_lines(connection, now=later) == 4
    assert learn_boilerplate(store, index_client, now=later).lines == 1


def test_stories_stay_together_when_their_texts_are_cleaned(store: Store, index_client: IndexClient) -> None:
    ours = [reading(*gazette(number)) for number in range(4)]
    theirs = [reading(f"https://courier.example/{number}", wire_article(number)) for number in range(4)]
    take(store, index_client, ours + theirs)
    before = partition_by_url(store)
    learn_boilerplate(store, index_client, now=NOON)
    assert partition_by_url(store) == before
    assert len(before) == 4
    late = reading("https://late.example/2", wire_article(2))
    take(store, index_client, [late])
    assert any({late.extracted.url, "https://www.gazette.example/2"} <= story for story in partition_by_url(store))


def test_of_several_crawlers_one_learns_a_day(store: Store, index_client: IndexClient) -> None:
    take(store, index_client, [reading(*gazette(number)) for number in range(4)])
    assert learn_daily(store, index_client, now=NOON) is not None
    assert learn_daily(store, index_client, now=NOON + timedelta(hours=23)) is None
    assert learn_daily(store, index_client, now=NOON + timedelta(hours=25)) is not None


def test_no_version_is_added_by_learning(store: Store, index_client: IndexClient) -> None:
    take(store, index_client, [reading(*gazette(number)) for number in range(4)])
    learn_boilerplate(store, index_client, now=NOON)
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(versions)).scalar_one() == 4
