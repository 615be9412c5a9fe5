"""Search over headlines and texts, the same on SQLite and PostgreSQL."""

import threading
from contextlib import suppress
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, delete, event, text

from onestory.store.articles.save import save_articles
from onestory.store.database import Store
from onestory.store.editorial.takedown import vacuum_database
from onestory.store.schema import articles, versions
from onestory.store.search.excerpts import best_excerpt, match_spans
from onestory.store.search.full_text_index import (
    INDEX_BATCH,
    count_search_due,
    index_all_due,
    index_due_batch,
    indexed_words,
)
from onestory.store.search.query import BadQuery, parse_query, to_fts5, to_tsquery
from onestory.store.search.query_matches import FEW_MATCHES
from onestory.store.search.tokenizer import find_phrases, search_words_of, word_spans
from onestory.store.stories.export import ChangeCursor, changes_after
from onestory.store.stories.listing import StoryCursor, StoryFilter, filtered_page, list_stories
from onestory.store.stories.search import SearchPage, search_by_relevance, search_by_time
from tests.readings import NOON, reading
from tests.store.search.search_store import ARTICLES, QUERIES, keep

HOSTILE = [
    "'; DROP TABLE articles; --",
    'a" OR text:"b',
    "bridge NEAR(harbour, 2)",
    "title : harbour",
    "harbour*",
    "^harbour",
    "(((",
    "AND OR NOT",
    "NOT bridge",
    "& | ! <-> :*",
    "'harbour':A",
    "\\' \\\\ %_",
    "a\x00b",
    "\ud800 bridge",
    "🌊 bridge",
    "-" * 900 + " bridge",
    " ".join(["harbour"] * 60),
    '""""""" bridge',
]


FIRST_RELEASE = (
    """INSERT INTO stories (id, title, language, original, original_reason, first_seen, last_seen, first_outlet, copies,
    outlets, owners, solitary, updated) VALUES (:id, 'Old', 'en', :id, 'only', :at, :at, 'One', 1, 1, 1, false, :at)""",
    """INSERT INTO articles (id, url, host, story_id, relation, arrival, version, outlet, source, first_seen, updated,
    title, language, words) VALUES (:id, 'https://one.example/', 'one.example', :id, 'original', 1, 1, 'One', 'import',
    :at, :at, 'Old', 'en', 4)""",
    """INSERT INTO versions (number, article_id, observed, title, text, facts, content_digest, text_digest, words,
    signature, signature_params, extractor) VALUES (1, :id, :at, 'Old', 'An old lighthouse stands', '{}', 'd', :none, 4,
    :none, 'p', 'e')""",
)


def found(store: Store, asked: str) -> set[str]:
    """The outlets of the stories that are found: by time and by relevance, which must be the same."""
    with store.read() as connection:
        wanted = StoryFilter(query=asked)
        by_time = {hit.story.first_outlet for hit in search_by_time(connection, wanted, limit=100).hits}
        by_relevance = {hit.story.first_outlet for hit in search_by_relevance(connection, wanted, limit=100).hits}
    assert by_time == by_relevance
    return by_time


def test_the_same_queries_find_the_same_stories_on_both(store: Store) -> None:
    keep(store, ARTICLES)
    assert len(QUERIES) >= 40
    assert {asked: found(store, asked) for asked in QUERIES} == QUERIES


def test_no_query_is_more_than_words(store: Store) -> None:
    keep(store, {"bridge": ARTICLES["bridge"]})
    for asked in HOSTILE:
        with suppress(BadQuery):
            assert found(store, asked) <= {"bridge"}
    assert found(store, "harbour") == {"bridge"}


@pytest.mark.parametrize("asked", ["x" * 10_000, '"' * 10_000, "a " * 5_000, "", '"-"', "-bridge"])
def test_what_is_no_query_is_refused_in_plain_words(asked: str) -> None:
    with pytest.raises(BadQuery):
        parse_query(asked)


@given(st.text(max_size=300))
def test_a_query_reaches_a_database_as_folded_words_only(asked: str) -> None:
    try:
        query = parse_query(asked)
    except BadQuery:
        return
    for word in (word for term in (*query.required, *query.excluded) for word in term.words):
        assert word == "".join(search_words_of(word)[:1]) or len(word) == 2
        assert not set(word) & set("\"'\\:*()&|!<>- \x00")
    assert to_fts5(query).count('"') % 2 == to_tsquery(query).count("'") % 2 == 0


@given(st.text(max_size=200))
def test_places_are_those_of_the_words_and_lie_in_the_text(said: str) -> None:
    places = word_spans(said)
    assert [place.word for place in places] == search_words_of(said)
    assert all(0 <= place.start <= place.end <= len(said) for place in places)


def test_a_changed_article_is_found_by_its_new_text_only(store: Store) -> None:
    keep(store, {"bridge": ARTICLES["bridge"]})
    later = reading("https://bridge.example/", "The viaduct stays open.", observed=NOON + timedelta(days=300))
    with store.write() as connection:
        save_articles(connection, [later], now=NOON)
        assert count_search_due(connection) == 1
    assert found(store, "harbour") == {"bridge"}
    index_all_due(store)
    assert (found(store, "harbour"), found(store, "viaduct")) == (set(), {"bridge"})


def test_what_was_not_taken_in_when_a_process_died_is_taken_in_by_the_next(store: Store) -> None:
    with store.write() as connection:
        save_articles(
            connection,
            [reading(f"https://n{n}.example/", f"Number {n} of many") for n in range(INDEX_BATCH + 6)],
            now=NOON,
        )
    assert index_due_batch(store) == INDEX_BATCH
    assert index_due_batch(store) == 6
    assert index_due_batch(store) == 0
    assert found(store, f'"number {INDEX_BATCH}"') == {f"n{INDEX_BATCH}.example"}


def test_a_deleted_article_takes_its_words_along(store: Store) -> None:
    keep(store, ARTICLES)
    with store.write() as connection:
        connection.execute(delete(versions).where(versions.c.article_id.in_(_ids("%bridge.example%"))))
        connection.execute(delete(articles).where(articles.c.url.like("%bridge.example%")))
    assert found(store, "harbour") == {"budget"}
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM search_words")).scalar_one() == len(ARTICLES) - 1


def _ids(url: str) -> object:
    from sqlalchemy import select

    return select(articles.c.id).where(articles.c.url.like(url))


def test_no_byte_of_a_deleted_text_stays_in_the_file(sqlite_store_url: str) -> None:
    store = Store.open(sqlite_store_url)
    path = Path(sqlite_store_url.removeprefix("sqlite:///"))
    keep(store, ARTICLES | {"secret": ("Zanzibarquux", "The unmistakable Zanzibarquux was seen, said Qwertzuiopol.")})
    with store.write() as connection:
        connection.execute(delete(versions).where(versions.c.article_id.in_(_ids("%secret%"))))
        connection.execute(delete(articles).where(articles.c.url.like("%secret%")))
        connection.execute(text("DELETE FROM stories WHERE title = 'Zanzibarquux'"))
    vacuum_database(store)
    store.close()
    left = b"".join(one.read_bytes().lower() for one in path.parent.glob(f"{path.name}*"))
    assert b"harbour" in left
    # FTS5 keeps a word as what differs from the one before it, so its end is looked for as well.
    for piece in (b"zanzibarquux", b"anzibarq", b"qwertzuiopol", b"wertzuiop"):
        assert piece not in left


def test_a_takedown_waits_for_who_takes_the_text_in(postgres_store_url: str) -> None:
    """Were it not so, the words of a text could be written after the text was deleted."""
    store = Store.open(postgres_store_url)
    with store.write() as connection:
        save_articles(connection, [reading("https://one.example/", "An only text")], now=NOON)
    halfway, let_go = threading.Event(), threading.Event()

    def taking() -> None:
        from onestory.store.search.full_text_index import _renew

        with store.write() as connection:
            _renew(connection, list(connection.execute(articles.select()).scalars()))
            halfway.set()
            let_go.wait()

    def removing() -> None:
        with store.write() as connection:
            connection.execute(delete(versions))
            connection.execute(delete(articles))

    threads = [threading.Thread(target=work) for work in (taking, removing)]
    threads[0].start()
    halfway.wait()
    threads[1].start()
    let_go.set()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM search_words")).scalar_one() == 0
    store.close()


def test_a_word_that_most_articles_have_is_found_as_exactly(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onestory.store.search.query_matches.FEW_MATCHES", 2)
    keep(store, ARTICLES)
    assert FEW_MATCHES > 2
    with store.read() as connection:
        names = [story.first_outlet for story in list_stories(connection, StoryFilter(query="bridge"), limit=10)]
        assert names == ["budget", "ferry", "bridge"]
        assert len(search_by_relevance(connection, StoryFilter(query="bridge"), limit=10).hits) == 2


@pytest.mark.parametrize("few", [1_000, 0])
@pytest.mark.parametrize("common", [1 / 16, 0])
def test_the_same_is_found_however_arrivals_are_cut_into_blocks(
    store: Store, monkeypatch: pytest.MonkeyPatch, few: int, common: float
) -> None:
    for module in ("onestory.store.search.full_text_index", "onestory.store.search.query_matches"):
        monkeypatch.setattr(f"{module}.ARRIVALS_PER_BLOCK", 2)
    monkeypatch.setattr("onestory.store.search.query_matches.MAX_BLOCKS", 3)
    monkeypatch.setattr("onestory.store.search.query_matches.MAX_RANGES", 3)
    monkeypatch.setattr("onestory.store.search.query_matches.COMMON_SHARE", common)
    keep(store, ARTICLES)
    with store.read() as connection:
        best = {asked: outlets_of(search_by_relevance(connection, wanted(asked), limit=100)) for asked in QUERIES}
        monkeypatch.setattr("onestory.store.search.query_matches.FEW_MATCHES", few)
        newest = {asked: outlets_of(search_by_time(connection, wanted(asked), limit=100)) for asked in QUERIES}
    assert best == newest == QUERIES


def wanted(asked: str) -> StoryFilter:
    return StoryFilter(query=asked)


def outlets_of(page: SearchPage) -> set[str]:
    return {hit.story.first_outlet for hit in page.hits}


def test_pages_of_a_common_word_tell_each_story_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onestory.store.search.query_matches.FEW_MATCHES", 0)
    keep(store, ARTICLES)
    told: list[str] = []
    place: StoryCursor | None = None
    with store.read() as connection:
        while not told or place is not None:
            page = search_by_time(connection, wanted("bridge"), limit=1, after=place)
            told += outlets_of(page)
            place = page.next
    assert told == ["budget", "ferry", "bridge"]


TAKEN_IN = {
    "sqlite": "INSERT INTO search_words (rowid, title, text) VALUES (1, '', 'lighthouse')",
    "postgresql": "INSERT INTO search_words (number, article_id, words) VALUES (1, :id, 'lighthouse')",
}


def test_a_store_that_was_searched_before_is_searched_as_it_was(database_url: str) -> None:
    """PostgreSQL's words get the block of each article when the store is opened."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection, connection.begin():
        _upgrade(connection, "0008")
        for statement in (*FIRST_RELEASE, TAKEN_IN[engine.dialect.name]):
            connection.execute(text(statement), {"id": "a" * 24, "at": "2026-01-01T00:00:00.000000Z", "none": b""})
    engine.dispose()
    store = Store.open(database_url)
    assert found(store, "lighthouse") == {"One"}
    store.close()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(resources.files("onestory.store") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_a_headline_counts_more_than_a_text(store: Store) -> None:
    keep(
        store,
        {
            "body": ("Weather", "Rain all day, and the tram was late again in the lower town, as on most days."),
            "head": ("Tram derails", "Nobody was hurt in the lower town, where it rained all day, as on most days."),
        },
    )
    with store.read() as connection:
        hits = search_by_relevance(connection, StoryFilter(query="tram"), limit=10).hits
    assert [hit.story.first_outlet for hit in hits] == ["head", "body"]


def test_a_very_long_text_is_the_same_to_both_databases(store: Store) -> None:
    """PostgreSQL keeps 255 places of a word, and none past 16,383."""
    many = "the pier " * 400 + "the lighthouse " + "filler " * 15_000 + "the end"
    keep(store, {"long": ("", many)})
    assert found(store, '"the pier"') == {"long"}
    assert found(store, "lighthouse") == {"long"}
    assert found(store, '"the lighthouse"') == set()
    assert found(store, "end") == set()
    assert len(indexed_words("", many, "en").text) == 15_000


def test_an_excerpt_shows_where_the_words_stand(store: Store) -> None:
    keep(store, ARTICLES)
    with store.read() as connection:
        [hit] = search_by_relevance(connection, StoryFilter(query='"東京湾" 調査'), limit=10).hits
    assert hit.where is not None
    title, body = hit.where.title or "", hit.where.excerpt
    assert [title[a:b] for a, b in hit.where.title_spans] == ["東京湾"]
    assert [body[a:b] for a, b in hit.where.excerpt_spans] == ["東京湾", "調査"]


def test_spans_are_those_of_the_text_as_it_stands() -> None:
    said = "Die STRASSE, die Straße: Zoe\u0308 und Zoë."
    assert [said[a:b] for a, b in match_spans(parse_query("straße zoe"), said)] == [
        "STRASSE",
        "Straße",
        "Zoe\u0308",
        "Zoë",
    ]


@given(st.text("ab _.é-'1\nßİ", max_size=60), st.lists(st.text("abé1", min_size=1, max_size=2), min_size=1, max_size=3))
def test_a_phrase_is_found_by_its_pattern_where_it_is_found_by_places(said: str, phrase: list[str]) -> None:
    words = tuple(search_words_of(" ".join(phrase)))
    places = word_spans(said)
    expected = [
        (places[at].start, places[at + len(words) - 1].end)
        for at in range(len(places) - len(words) + 1)
        if tuple(place.word for place in places[at : at + len(words)]) == words
    ]
    assert find_phrases(said, [words]) == expected


@given(st.text("ab \n東", max_size=900))
def test_an_excerpt_is_a_piece_of_the_text(said: str) -> None:
    piece = best_excerpt(parse_query("a 東"), said)
    assert piece.text in said
    assert all(0 <= a < b <= len(piece.text) for a, b in piece.spans)


def test_a_store_of_the_first_release_is_searched_once_it_is_taken_in(database_url: str) -> None:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection, connection.begin():
        _upgrade(connection, "0001")
        for statement in FIRST_RELEASE:
            connection.execute(text(statement), {"id": "a" * 24, "at": "2026-01-01T00:00:00.000000Z", "none": b""})
    engine.dispose()
    store = Store.open(database_url)
    with store.read() as connection:
        assert count_search_due(connection) == 1
    assert index_all_due(store) == 1
    assert found(store, "lighthouse") == {"One"}
    store.close()


def test_neither_a_search_nor_a_page_of_a_list_reads_all_articles(sqlite_store_url: str) -> None:
    """By SQLite's own plan of every statement that is sent."""
    store = Store.open(sqlite_store_url)
    keep(store, ARTICLES)
    sent: list[tuple[str, object]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
    with store.read() as connection:
        for wanted in (StoryFilter(query="bridge"), StoryFilter(outlet="bridge", owner="x", ours=True, watch=1)):
            first = filtered_page(connection, wanted, limit=1)
            place = first.next or StoryCursor(NOON, "f" * 24, up_to=3)
            filtered_page(connection, wanted, limit=1, after=place)
        search_by_relevance(connection, StoryFilter(query="bridge -ferry"), limit=5)
        search_by_time(connection, StoryFilter(query="bridge"), limit=5)
        changes_after(connection, after=ChangeCursor(NOON), before=NOON + timedelta(days=9), limit=5)
        asked = [one for one in sent if one[0].startswith("SELECT")]
        plans = [
            str(row[3])
            for statement, values in asked
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    store.close()
    assert len(asked) >= 10
    assert [plan for plan in plans if plan.startswith(("SCAN articles", "SCAN versions"))] == []
