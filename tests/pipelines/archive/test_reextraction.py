"""A better extractor over what was kept: the same versions, with better texts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from onestory.pipelines.archive.reader import read_captures
from onestory.pipelines.archive.reextraction import ReextractCounts, reextract
from onestory.pipelines.archive.warc_writer import WarcWriter
from onestory.pipelines.runtime.engine import Engine
from onestory.pipelines.runtime.read_capture import read_capture
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.versions.rewriting import attach_unattached, rewrite_versions
from onestory.store.articles.captures import Capture, ProcessedCapture, content_digest
from onestory.store.articles.text_replacement import ReplacementText
from onestory.store.articles.versions import unattached_versions
from onestory.store.database import Store
from onestory.store.schema import articles, matches, stories, tombstones, versions
from tests.news_texts import house_style, wire_article
from tests.readings import NOON, fresh_registry, partition_by_url, reading, take

FURNITURE = "Lorem line that yesterday's extractor left in"


@pytest.fixture
def engine(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Engine]:
    """On SQLite: what is rewritten on PostgreSQL is tested with learning."""
    store = Store.open(sqlite_store_url)
    index_client: IndexClient = fresh_registry(store, redis_url, prefix)
    index_client.rebuild()
    yield Engine(store, index_client)
    index_client.index.redis.close()
    store.close()


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """The folder that a crawl keeps its pages in."""
    folder = tmp_path / "kept"
    folder.mkdir()
    return folder


def keep_pages(folder: Path, *numbers: int) -> list[Capture]:
    """Pages as a crawl keeps them, read back from the file."""
    with WarcWriter(folder) as writer:
        for number in numbers:
            body = "".join(f"<p>{line}</p>" for line in wire_article(number).split("\n"))
            html = f"<html><head><title>Ferry {number}</title></head><body><article>{body}</article></body></html>"
            writer.write(Capture(f"https://herald.example/{number}", NOON, body=html.encode()))
    return [one for path in sorted(folder.iterdir()) for one in read_captures(str(path)) if isinstance(one, Capture)]


def as_read_yesterday(capture: Capture) -> ProcessedCapture:
    """What a worse extractor had made of it."""
    today = read_capture(capture)
    worse = reading(capture.url, f"{today.extracted.text}\n{FURNITURE}", title=today.extracted.title)
    return replace(worse, capture=replace(capture, body=None), extractor="yesterday")


def run(engine: Engine, folder: Path) -> ReextractCounts:
    paths = [str(path) for path in sorted(folder.iterdir())]
    now = NOON + timedelta(days=1)
    return reextract(engine, paths, workers=1, retry=BackendRetry(), now=lambda: now)


def all_texts(store: Store) -> dict[str, str]:
    with store.read() as connection:
        query = select(articles.c.url, versions.c.text).join(versions, versions.c.article_id == articles.c.id)
        return {row.url: row.text for row in connection.execute(query)}


def test_a_better_text_takes_the_place_of_the_old_and_is_no_new_version(engine: Engine, pages: Path) -> None:
    kept = keep_pages(pages, 1, 2)
    copy = reading("https://courier.example/1", house_style(wire_article(1)))
    take(engine.store, engine.index_client, [*map(as_read_yesterday, kept), copy])
    before = partition_by_url(engine.store)
    counts = run(engine, pages)
    assert (counts.changed, counts.same, counts.stored, counts.faults) == (2, 0, 0, [])
    texts = all_texts(engine.store)
    assert FURNITURE not in "".join(texts.values())
    assert len(texts) == 3
    assert partition_by_url(engine.store) == before
    with engine.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(versions)).scalar_one() == 3
        assert "yesterday" not in connection.execute(select(versions.c.extractor)).scalars().all()
        assert unattached_versions(connection, limit=9) == []
    again = run(engine, pages)
    assert (again.changed, again.same, again.stored) == (0, 2, 0)


def test_the_index_finds_the_new_text_and_not_the_old(engine: Engine, pages: Path) -> None:
    [kept] = keep_pages(pages, 1)
    wrong = replace(reading(kept.url, wire_article(9)), capture=replace(kept, body=None), extractor="yesterday")
    take(engine.store, engine.index_client, [wrong])
    run(engine, pages)
    old, new = (reading(f"https://x.example/{n}", wire_article(n)) for n in (9, 1))
    take(engine.store, engine.index_client, [old, new])
    assert partition_by_url(engine.store) == {frozenset([old.extracted.url]), frozenset([new.extracted.url, kept.url])}


def test_a_story_that_rested_on_the_old_text_comes_apart(engine: Engine, pages: Path) -> None:
    [kept] = keep_pages(pages, 1)
    wrong = replace(reading(kept.url, wire_article(9)), capture=replace(kept, body=None), extractor="yesterday")
    other = reading("https://x.example/9", wire_article(9))
    take(engine.store, engine.index_client, [wrong, other])
    assert len(partition_by_url(engine.store)) == 1
    run(engine, pages)
    assert partition_by_url(engine.store) == {frozenset([kept.url]), frozenset([other.extracted.url])}
    with engine.store.read() as connection:
        assert connection.execute(select(matches).where(matches.c.kind == "copy")).all() == []


def test_the_record_of_a_lone_story_says_what_its_article_says(engine: Engine, pages: Path) -> None:
    [kept] = keep_pages(pages, 1)
    take(
        engine.store,
        engine.index_client,
        [replace(as_read_yesterday(kept), extracted=replace(as_read_yesterday(kept).extracted, title="Wrong"))],
    )
    run(engine, pages)
    with engine.store.read() as connection:
        assert connection.execute(select(stories.c.title)).scalars().all() == ["Ferry 1"]


def test_a_tombstone_holds(engine: Engine, pages: Path) -> None:
    [kept] = keep_pages(pages, 1)
    take(engine.store, engine.index_client, [as_read_yesterday(kept)])
    today = read_capture(kept).extracted
    with engine.store.write() as connection:
        digest = content_digest(today.title, today.text)
        row = {"digest": digest, "kind": "content", "reason": "law", "at": NOON}
        connection.execute(insert(tombstones), row)
    run(engine, pages)
    assert FURNITURE in all_texts(engine.store)[kept.url]


def test_what_made_no_version_then_is_taken_in_now(engine: Engine, pages: Path) -> None:
    keep_pages(pages, 1, 2, 3)
    counts = run(engine, pages)
    assert (counts.read, counts.stored) == (3, 3)
    assert run(engine, pages).changed == 0


def test_what_the_host_said_when_it_was_fetched_stays(engine: Engine, pages: Path) -> None:
    [kept] = keep_pages(pages, 1)
    said = ("robots.txt Disallow", "GPTBot", "denied")
    first = read_capture(replace(kept, host_signals=(said,)))
    take(engine.store, engine.index_client, [replace(first, extractor="yesterday")])
    assert run(engine, pages).changed == 1
    with engine.store.read() as connection:
        [facts] = connection.execute(select(versions.c.facts)).scalars()
    assert facts["rights"]["mining"] == "denied"


def test_killed_between_its_steps_it_is_ended_by_a_sweep(engine: Engine, pages: Path) -> None:
    [kept] = keep_pages(pages, 1)
    other = reading("https://x.example/9", wire_article(9))
    wrong = replace(reading(kept.url, wire_article(9)), capture=replace(kept, body=None))
    [saved, _] = take(engine.store, engine.index_client, [wrong, other])
    new = ReplacementText.from_capture(saved.number or 0, read_capture(kept))

    class Killed(Exception):  # noqa: N818 - no error
        pass

    class Dying:
        """The registry of a process that dies when it attaches."""

        def __init__(self, index_client: IndexClient) -> None:
            self.forget = index_client.forget

        def register(self, entries: object) -> None:
            raise Killed

    with pytest.raises(Killed):
        rewrite_versions(engine.store, Dying(engine.index_client), [new], now=datetime(2026, 4, 1, tzinfo=UTC))  # type: ignore[arg-type]
    attach_unattached(engine.store, engine.index_client, now=datetime(2026, 4, 2, tzinfo=UTC))
    assert partition_by_url(engine.store) == {frozenset([kept.url]), frozenset([other.extracted.url])}


def test_a_torn_file_is_read_as_far_as_it_goes(engine: Engine, pages: Path) -> None:
    keep_pages(pages, 1, 2)
    [path] = pages.iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    counts = run(engine, pages)
    assert (counts.stored, counts.faults, counts.exit_code) == (1, [], 0)
