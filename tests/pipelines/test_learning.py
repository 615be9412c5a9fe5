"""Furniture, learned from what is stored: published at a moment, applied to the past, the same for any order."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pipelines.learning import learn, learn_daily
from pipelines.read import read
from pipelines.registry import Registry
from store.articles import save
from store.database import Store
from store.furniture import in_force, known_lines
from store.models import Capture, Removed
from store.removed import KEPT_DAYS, lines_of, prune
from store.schema import articles, versions
from store.versions import unattached
from tests.readings import NOON, fresh_registry, partition_by_url, reading, take
from tests.wire import wire_article

LINE = "The Gazette is printed on paper from forests near you"


@pytest.fixture
def registry(store: Store, redis_url: str, prefix: str) -> Iterator[Registry]:
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


def test_a_line_of_four_stories_is_learned_and_taken_out_of_what_is_stored(store: Store, registry: Registry) -> None:
    take(store, registry, [reading(*gazette(number)) for number in range(4)])
    learned = learn(store, registry, now=NOON)
    assert (learned.lines, learned.texts) == (1, 4)
    assert texts_of(store)["https://www.gazette.example/1"] == wire_article(1)
    with store.read() as connection:
        [line] = [one for one in known_lines(connection, "gazette.example") if one.in_force]
        number = connection.execute(select(articles.c.version)).scalars().first()
        assert lines_of(connection, [number or 0]) == {number: [Removed(LINE, "host")]}
        assert not unattached(connection, limit=10)
    assert (line.line, line.stories, line.stories_known) == (LINE, 4, 4)


def test_learning_twice_changes_nothing(store: Store, registry: Registry) -> None:
    take(store, registry, [reading(*gazette(number)) for number in range(4)])
    learn(store, registry, now=NOON)
    before = texts_of(store)
    again = learn(store, registry, now=NOON + timedelta(days=1))
    assert (again.lines, again.texts, texts_of(store)) == (1, 0, before)


def test_near_copies_and_other_addresses_of_one_story_count_once(store: Store, registry: Registry) -> None:
    text = f"{wire_article(1)}\n{LINE}"
    take(store, registry, [reading(f"https://gazette.example/{n}", text) for n in range(6)])
    assert learn(store, registry, now=NOON).lines == 0


def test_what_is_learned_is_the_same_for_any_order(store: Store, registry: Registry) -> None:
    rows = [reading(*gazette(number, line=LINE if number % 2 else "Sign in to read on")) for number in range(10)]
    random.Random(3).shuffle(rows)
    for row in rows:
        take(store, registry, [row])
    learn(store, registry, now=NOON)
    assert set(texts_of(store).values()) == {wire_article(number) for number in range(10)}


def test_a_page_that_comes_again_makes_no_new_version(store: Store, registry: Registry) -> None:
    take(store, registry, [reading(*gazette(number)) for number in range(4)])
    learn(store, registry, now=NOON)
    url, text = gazette(2)
    with store.read() as connection:
        published = in_force(connection)
    again = read(Capture(url=url, observed=NOON + timedelta(hours=1), text=text), furniture=published)
    assert again.extracted.text == wire_article(2)
    with store.write() as connection:
        assert [saved.kind for saved in save(connection, [again], now=NOON)] == ["known"]


def test_a_paragraph_of_running_stories_is_no_furniture(store: Store, registry: Registry) -> None:
    background = "The ferry has been out of service since the fire that gutted its engine room in the spring."
    rows = [reading(*gazette(number, line=background)) for number in range(4)]
    rows += [reading(*gazette(number, line="Short line")) for number in range(4, 6)]
    take(store, registry, rows)
    assert learn(store, registry, now=NOON).lines == 0


def test_what_is_no_longer_shown_is_forgotten_as_the_host_goes_on(store: Store, registry: Registry) -> None:
    take(store, registry, [reading(*gazette(number)) for number in range(4)])
    learn(store, registry, now=NOON)
    later = NOON + timedelta(days=200)
    take(store, registry, [reading(f"https://gazette.example/{n}", wire_article(n), observed=later) for n in (20, 21)])
    assert learn(store, registry, now=later).lines == 0


def test_what_is_shown_stays_known_when_the_removed_lines_are_gone(store: Store, registry: Registry) -> None:
    take(store, registry, [reading(*gazette(number)) for number in range(4)])
    learn(store, registry, now=NOON)
    later = NOON + timedelta(days=KEPT_DAYS + 1)
    with store.write() as connection:
        assert prune(connection, now=later) == 4
    assert learn(store, registry, now=later).lines == 1


def test_stories_stay_together_when_their_texts_are_cleaned(store: Store, registry: Registry) -> None:
    ours = [reading(*gazette(number)) for number in range(4)]
    theirs = [reading(f"https://courier.example/{number}", wire_article(number)) for number in range(4)]
    take(store, registry, ours + theirs)
    before = partition_by_url(store)
    learn(store, registry, now=NOON)
    assert partition_by_url(store) == before
    assert len(before) == 4
    late = reading("https://late.example/2", wire_article(2))
    take(store, registry, [late])
    assert any({late.extracted.url, "https://www.gazette.example/2"} <= story for story in partition_by_url(store))


def test_of_several_crawlers_one_learns_a_day(store: Store, registry: Registry) -> None:
    take(store, registry, [reading(*gazette(number)) for number in range(4)])
    assert learn_daily(store, registry, now=NOON) is not None
    assert learn_daily(store, registry, now=NOON + timedelta(hours=23)) is None
    assert learn_daily(store, registry, now=NOON + timedelta(hours=25)) is not None


def test_no_version_is_added_by_learning(store: Store, registry: Registry) -> None:
    take(store, registry, [reading(*gazette(number)) for number in range(4)])
    learn(store, registry, now=NOON)
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(versions)).scalar_one() == 4
