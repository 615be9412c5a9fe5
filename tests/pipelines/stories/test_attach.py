"""Stored versions become stories: whatever the order, the crash, or the loss of the index."""

import random
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import insert, select, update

from onestory.errors import IndexUnavailable
from onestory.pipelines.stories import index_client as client_module
from onestory.pipelines.stories.attach import attach, evaluate
from onestory.pipelines.versions.rewriting import attach_unattached
from onestory.store.articles.versions import unattached_versions
from onestory.store.database import Store
from onestory.store.schema import articles, matches, versions
from onestory.store.stories.records import StoryAbsorbed, copies_of_story, load_story
from onestory.urls import article_id_of_url
from tests.news_texts import excerpt, house_style, wire_article
from tests.readings import NOON, fresh_registry, partition_by_url, reading, save_all, stories_of, take


def url(name: str) -> str:
    return f"https://{name}.example/story"


def coverage() -> list[tuple[str, str]]:
    """Three wire stories: with an edited copy and an excerpt, with a verbatim copy, and alone."""
    first, second, third = (wire_article(seed) for seed in (1, 2, 3))
    return [
        (url("herald"), first),
        (url("courier"), house_style(first)),
        (url("brief"), excerpt(first)),
        (url("argus"), second),
        (url("post"), second),
        (url("mirror"), third),
    ]


EXPECTED = {
    frozenset({url("herald"), url("courier"), url("brief")}),
    frozenset({url("argus"), url("post")}),
    frozenset({url("mirror")}),
}


def test_copies_fall_into_one_story(store: Store, redis_url: str, prefix: str) -> None:
    take(store, fresh_registry(store, redis_url, prefix), [reading(*pair) for pair in coverage()])
    assert partition_by_url(store) == EXPECTED
    [record] = stories_of(store, min_copies=3)
    with store.read() as connection:
        relations = {copy.host: copy.relation for copy in copies_of_story(connection, record.id)}
    assert relations["brief.example"] == "excerpt"
    assert sorted(relations.values()).count("original") == 1
    assert (record.copies, record.outlets, record.owners) == (3, 3, 3)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_does_not_matter(store: Store, redis_url: str, prefix: str, seed: int) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    pairs = coverage()
    random.Random(seed).shuffle(pairs)
    for pair in pairs:
        take(store, index_client, [reading(*pair)])
    assert partition_by_url(store) == EXPECTED


def test_the_first_to_arrive_gives_the_story_its_id_and_absorbed_ids_lead_there(
    store: Store, redis_url: str, prefix: str
) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading(url("brief"), excerpt(wire_article(1)))])
    take(store, index_client, [reading(url("herald"), wire_article(1), observed=NOON - timedelta(days=1))])
    survivor = article_id_of_url(url("brief"))
    with store.read() as connection:
        record = load_story(connection, survivor)
        with pytest.raises(StoryAbsorbed) as moved:
            load_story(connection, article_id_of_url(url("herald")))
    assert moved.value.survivor == survivor
    assert (record.first_outlet, record.original) == ("herald.example", article_id_of_url(url("herald")))


def test_attaching_again_changes_nothing(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading(*pair) for pair in coverage()])
    before = stories_of(store)
    with store.write() as connection:
        connection.execute(versions.update().values(attached=None))
    with store.read() as connection:
        waiting = unattached_versions(connection, limit=100)
    attach(store, index_client, waiting, now=NOON)
    assert [record.id for record in stories_of(store)] == [record.id for record in before]
    assert partition_by_url(store) == EXPECTED


def test_an_index_that_was_flushed_is_rebuilt_and_finds_the_copy(
    store: Store, redis_url: str, redis_client: Redis, prefix: str
) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading(url("herald"), wire_article(1))])
    redis_client.delete(*redis_client.keys(f"{prefix}*"))
    take(store, index_client, [reading(url("post"), wire_article(1))])
    assert partition_by_url(store) == {frozenset({url("herald"), url("post")})}


def test_what_the_index_lost_at_its_end_is_registered_again(
    store: Store, redis_url: str, redis_client: Redis, prefix: str
) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading(url("mirror"), wire_article(3))])
    kept = {key: redis_client.dump(key) for key in redis_client.keys(f"{prefix}*")}
    take(store, index_client, [reading(url("herald"), wire_article(1))])
    # The server comes back with what it had a moment before.
    redis_client.delete(*redis_client.keys(f"{prefix}*"))
    for key, value in kept.items():
        redis_client.restore(key, 0, value)
    restarted = fresh_registry(store, redis_url, prefix)
    take(store, restarted, [reading(url("argus"), wire_article(2))])
    assert restarted.has_lost
    with store.read() as connection:
        waiting = unattached_versions(connection, limit=100)
    assert [version.article_id for version in waiting] == [article_id_of_url(url("herald"))]


def test_rebuilding_changes_no_story_and_attaches_what_it_holds(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading(*pair) for pair in coverage()])
    before = stories_of(store)
    assert index_client.rebuild() == len(coverage())
    assert stories_of(store) == before
    take(store, index_client, [reading(url("late"), wire_article(3))])
    assert frozenset({url("late"), url("mirror")}) in partition_by_url(store)


def test_a_rebuild_goes_on_when_its_lock_ran_out(
    store: Store, redis_url: str, redis_client: "Redis", prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "BATCH", 2)
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading(*pair) for pair in coverage()])
    assert index_client.rebuild(progress=lambda done: redis_client.delete(client_module.LOCK)) == len(coverage())
    assert index_client.is_whole()


def test_a_rebuild_ends_when_another_process_makes_the_index(
    store: Store, redis_url: str, redis_client: "Redis", prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "BATCH", 2)
    index_client, other = (fresh_registry(store, redis_url, prefix) for _ in range(2))
    take(store, index_client, [reading(*pair) for pair in coverage()])

    def make_another(done: int) -> None:
        if done == 2:
            redis_client.delete(client_module.LOCK)
            other.rebuild()

    with pytest.raises(IndexUnavailable):
        index_client.rebuild(progress=make_another)
    assert other.is_whole()


def test_what_was_compared_by_other_rules_is_compared_again(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    saved = take(store, index_client, [reading(url(name), wire_article(1)) for name in ("herald", "post")])
    saved += take(store, index_client, [reading(url("times"), wire_article(5))])
    expected = partition_by_url(store)
    with store.write() as connection:
        told = connection.execute(select(matches.c.evidence)).scalars().first()
        ends = {"a": saved[0].number, "b": saved[2].number}
        names = {"a_article": saved[0].article_id, "b_article": saved[2].article_id}
        connection.execute(insert(matches).values(**ends, **names, kind="copy", evidence=told))
        connection.execute(update(versions).values(signature_params="those of last year", text_digest=b"another"))
    evaluate(store, {one.article_id for one in saved}, now=NOON)
    assert partition_by_url(store) != expected
    index_client.rebuild()
    attach_unattached(store, index_client, now=NOON)
    assert partition_by_url(store) == expected
    with store.read() as connection:
        assert len(set(connection.execute(select(versions.c.text_digest)).scalars())) == 2


def test_a_story_is_of_what_its_articles_say_now(store: Store, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(store, redis_url, prefix)
    take(store, index_client, [reading(url(name), wire_article(1)) for name in ("herald", "post")])
    take(store, index_client, [reading(url("post"), wire_article(9), observed=NOON + timedelta(hours=1))])
    assert partition_by_url(store) == {frozenset({url("herald")}), frozenset({url("post")})}
    take(store, index_client, [reading(url("post"), wire_article(1), observed=NOON + timedelta(hours=2))])
    assert partition_by_url(store) == {frozenset({url("herald"), url("post")})}


def test_a_story_of_one_article_counts_from_its_earliest_version(store: Store, redis_url: str, prefix: str) -> None:
    registry = fresh_registry(store, redis_url, prefix)
    take(store, registry, [reading("https://herald.example/a", wire_article(1))])
    take(
        store,
        registry,
        [reading("https://herald.example/a", excerpt(wire_article(1)), observed=NOON - timedelta(hours=1))],
    )
    [story] = stories_of(store)
    assert (story.first_seen, story.last_seen) == (NOON - timedelta(hours=1), NOON - timedelta(hours=1))


def test_an_article_stored_and_not_attached_is_found_by_the_sweep(store: Store, redis_url: str, prefix: str) -> None:
    save_all(store, [reading(url("herald"), wire_article(1))])
    with store.read() as connection:
        assert [version.article_id for version in unattached_versions(connection, limit=5)] == [
            article_id_of_url(url("herald"))
        ]


@pytest.mark.parametrize("seed", range(2))
def test_the_same_words_are_verbatim_although_a_crowd_is_not_compared_pair_by_pair(
    store: Store, redis_url: str, prefix: str, seed: int
) -> None:
    words = wire_article(1)
    rows = [reading(f"https://copy{n}.example/", words, observed=NOON + timedelta(minutes=n)) for n in range(40)]
    later = NOON + timedelta(hours=1)
    rows.append(reading("https://fuller.example/", f"{words}\n{wire_article(2, sentences=3)}", observed=later))
    random.Random(seed).shuffle(rows)
    index_client = fresh_registry(store, redis_url, prefix)
    for start in range(0, len(rows), 14):
        take(store, index_client, rows[start : start + 14])
    with store.read() as connection:
        told = connection.execute(select(articles.c.url, articles.c.relation)).all()
    assert {row.relation for row in told if "copy" in row.url} == {"original", "verbatim"}
