"""Articles and versions: what is kept, what is known already, what is refused."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from onestory.store.articles.earlier_captures import move_back
from onestory.store.articles.save import save_articles
from onestory.store.articles.text_replacement import keep_better_set
from onestory.store.database import Store
from onestory.store.schema import articles, tombstones, versions
from onestory.store.stories.records import load_article
from onestory.store.tombstones import article_digest
from onestory.urls import article_id_of_url
from tests.news_texts import wire_article
from tests.readings import NOON, reading, save_all, stories_of

URL = "https://herald.example/ferry"


def numbers(store: Store) -> list[int]:
    with store.read() as connection:
        return list(connection.execute(select(versions.c.number).order_by(versions.c.number)).scalars())


def test_a_new_article_is_stored_as_a_story_of_its_own(store: Store) -> None:
    [saved] = save_all(store, [reading(URL, wire_article(1), title="Ferry late")])
    [record] = stories_of(store)
    assert (saved.kind, saved.article_id) == ("stored", article_id_of_url(URL))
    assert (record.id, record.title, record.copies, record.first_outlet) == (
        article_id_of_url(URL),
        "Ferry late",
        1,
        "herald.example",
    )


def test_the_same_capture_again_is_known(store: Store) -> None:
    save_all(store, [reading(URL, wire_article(1))])
    [saved] = save_all(store, [reading(URL, wire_article(1))])
    assert saved.kind == "known"
    assert len(numbers(store)) == 1


def test_the_same_content_later_is_no_new_version(store: Store) -> None:
    save_all(store, [reading(URL, wire_article(1))])
    [saved] = save_all(store, [reading(URL, wire_article(1), observed=NOON + timedelta(hours=1))])
    assert saved.kind == "known"


def test_a_changed_text_is_a_version_and_the_last_observed_is_current(store: Store) -> None:
    corrected = f"{wire_article(1)} The council corrected the number."
    later = reading(URL, corrected, observed=NOON + timedelta(hours=2), title="Corrected")
    save_all(store, [later])
    save_all(store, [reading(URL, wire_article(1), title="First")])
    with store.read() as connection:
        record = load_article(connection, article_id_of_url(URL))
    assert len(numbers(store)) == 2
    assert (record.copy.title, record.text) == ("Corrected", corrected)
    assert (record.copy.first_seen, record.copy.updated) == (NOON, NOON + timedelta(hours=2))


def test_a_text_that_comes_back_is_a_version_again(store: Store) -> None:
    for hour, seed in enumerate((1, 2, 1)):
        save_all(store, [reading(URL, wire_article(seed), observed=NOON + timedelta(hours=hour))])
    assert len(numbers(store)) == 3


def test_captures_without_a_time_can_be_imported_again_and_again(store: Store) -> None:
    both = [reading(URL, wire_article(seed), observed=None) for seed in (1, 2)]
    save_all(store, both, now=NOON)
    again = save_all(store, both, now=NOON + timedelta(days=1))
    assert [saved.kind for saved in again] == ["known", "known"]


def test_one_batch_may_hold_an_article_twice(store: Store) -> None:
    saved = save_all(
        store,
        [
            reading(URL, wire_article(1)),
            reading(URL, wire_article(1)),
            reading(URL, wire_article(2), observed=NOON + timedelta(hours=1), title="New"),
        ],
    )
    with store.read() as connection:
        record = load_article(connection, article_id_of_url(URL))
    assert [one.kind for one in saved] == ["stored", "known", "stored"]
    assert record.copy.title == "New"


def test_a_tombstone_keeps_an_article_out(store: Store) -> None:
    with store.write() as connection:
        digest = article_digest(article_id_of_url(URL))
        connection.execute(insert(tombstones).values(digest=digest, kind="article", reason="court", at=NOON))
    [saved] = save_all(store, [reading(URL, wire_article(1))])
    assert saved.kind == "removed"
    assert numbers(store) == []


def test_nul_bytes_and_lone_surrogates_do_not_stop_a_batch(store: Store) -> None:
    hostile = reading(URL, "The mayor\x00 of \ud800Caldry said so twice today.", title="A\x00B\udfff")
    saved = save_all(store, [hostile, reading("https://herald.example/b", wire_article(2))])
    with store.read() as connection:
        title = connection.execute(select(articles.c.title).where(articles.c.id == saved[0].article_id)).scalar_one()
    assert [one.kind for one in saved] == ["stored", "stored"]
    assert title == "AB?"


def test_two_contents_of_one_moment_are_both_kept_and_both_known_again(store: Store) -> None:
    both = [reading(URL, wire_article(1)), reading(URL, wire_article(2))]
    save_all(store, both)
    assert [saved.kind for saved in save_all(store, both)] == ["known", "known"]


def test_spacing_signs_and_typography_make_no_version(store: Store) -> None:
    texts = ("The ferry's late, he said - again.", "The ferry’s late,  he said – again.", "The ferry's early, he said.")
    kinds = [
        save_all(store, [reading(URL, " ".join([text] * 9), observed=NOON + timedelta(hours=hour))])[0].kind
        for hour, text in enumerate(texts)
    ]
    assert kinds == ["stored", "known", "stored"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
def test_of_texts_with_the_same_words_one_is_kept_whatever_the_order(store: Store, order: tuple[int, ...]) -> None:
    texts = [
        "The ferry's late, he said - again.",
        "The ferry’s late, he said – again.",
        "The ferry’s late, he said - again.",
    ]
    given = [
        reading(URL, " ".join([text] * 9), title=text, observed=NOON + timedelta(hours=hour))
        for hour, text in enumerate(texts)
    ]
    for at in order:
        with store.write() as connection:
            saved = save_articles(connection, [given[at]], now=NOON)
            keep_better_set(connection, [given[at]], saved, now=NOON)
    with store.read() as connection:
        [kept] = connection.execute(
            select(versions.c.text, articles.c.title).select_from(articles.join(versions))
        ).all()
    assert (kept.text, kept.title) == (" ".join([texts[1]] * 9), texts[1])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_an_article_is_as_old_as_the_earliest_capture_of_its_words(store: Store, order: tuple[int, ...]) -> None:
    captures = [reading(URL, wire_article(1), observed=NOON + timedelta(hours=hours)) for hours in range(3)]
    with store.write() as connection:
        for at in order:
            saved = save_articles(connection, [captures[at]], now=NOON)
            moved = move_back(connection, [captures[at]], saved, now=NOON)
            assert bool(moved) is (saved[0].older is not None)
        article = load_article(connection, article_id_of_url(URL))
        waiting = connection.execute(select(versions.c.observed, versions.c.attached)).all()
    assert (article.copy.first_seen, article.copy.updated) == (NOON, NOON)
    assert waiting == [(NOON, None)]
    [story] = stories_of(store)
    assert (story.first_seen, story.last_seen) == (NOON, NOON)


def test_one_batch_may_hold_the_captures_of_an_article_in_any_order(store: Store) -> None:
    captures = [reading(URL, wire_article(1), observed=NOON + timedelta(hours=hours)) for hours in (2, 0, 1)]
    with store.write() as connection:
        moved = move_back(connection, captures, save_articles(connection, captures, now=NOON), now=NOON)
        article = load_article(connection, article_id_of_url(URL))
    assert (moved, article.copy.first_seen) == (set(numbers(store)), NOON)


def test_the_time_of_a_fetch_replaces_that_of_an_import(store: Store) -> None:
    later = NOON + timedelta(days=9)
    captures = [reading(URL, wire_article(1), observed=None), reading(URL, wire_article(1), observed=NOON)]
    with store.write() as connection:
        move_back(connection, captures, save_articles(connection, captures, now=later), now=later)
        row = connection.execute(select(articles.c.first_seen, articles.c.is_observed)).one()
    assert tuple(row) == (NOON, True)


def test_an_earlier_version_makes_a_story_of_one_article_older(store: Store) -> None:
    save_all(store, [reading(URL, wire_article(1), observed=NOON)])
    save_all(store, [reading(URL, wire_article(2), observed=NOON - timedelta(days=1))])
    [story] = stories_of(store)
    assert story.first_seen == NOON - timedelta(days=1)
