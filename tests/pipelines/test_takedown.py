"""Taken down: gone to the last byte, kept out, and the rest of the story is right."""

import gzip
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import func, insert, select

from onestory.errors import BadInput, NotFound, TakenDown
from onestory.pipelines.archive.reader import read_captures
from onestory.pipelines.archive.warc_writer import WarcWriter
from onestory.pipelines.stories.attach import evaluate
from onestory.pipelines.stories.decisions import DecisionNote, split_story
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.takedown import take_down
from onestory.store.articles.captures import Capture
from onestory.store.articles.save import SaveResult
from onestory.store.database import Store
from onestory.store.editorial.takedown import bury_targets, erase_targets, takedown_targets
from onestory.store.frontier.pages import PageEntry, add_pages
from onestory.store.schema import articles, boilerplate, matches, pages, removed_lines, stories, versions
from onestory.store.sources.source_list import SourceEntry, add_sources
from onestory.store.sources.source_records import source_records
from onestory.store.stories.records import StoryAbsorbed, load_article, load_story
from onestory.store.tombstones import tombstone_records
from onestory.urls import article_id_of_url
from tests.news_texts import excerpt, house_style, wire_article
from tests.readings import NOON, fresh_registry, partition_by_url, reading, save_all, stories_of, take

CANARY = "Zephyrine Quillfeather keeps the keys of the old lighthouse under her doormat."


def url(name: str) -> str:
    return f"https://{name}.example/story"


def told(seed: int) -> str:
    return f"{wire_article(seed)}\n{CANARY}"


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> IndexClient:
    return fresh_registry(store, redis_url, prefix)


def put(store: Store, index_client: IndexClient, **texts: str) -> list[SaveResult]:
    readings = [reading(url(name), text, title=f"{name}: {CANARY}") for name, text in texts.items()]
    return take(store, index_client, readings)


def remove(store: Store, index_client: IndexClient, what: str, *folders: Path) -> tuple[int, int, int, int]:
    done = take_down(store, index_client, what, reason="order 7", archived=folders, now=NOON)
    return done.articles, done.versions, done.records, done.left


def archive(path: Path, *urls: str) -> None:
    """A page for each URL, with the canary in those of host `herald`."""
    pack = gzip.compress if path.name.endswith(".gz") else bytes
    path.write_bytes(b"".join(pack(page_record(one)) for one in urls))


def page_record(url: str) -> bytes:
    body = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>{CANARY if 'herald' in url else url}</p>".encode()
    head = (
        "WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1b2c3d4e-0000-4000-8000-000000000001>\r\n"
        f"WARC-Target-URI: {url}\r\nWARC-Date: 2026-03-01T12:00:00Z\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def holds_canary(folder: Path) -> list[str]:
    words = CANARY.encode()[10:40]
    return [path.name for path in sorted(folder.rglob("*")) if path.is_file() and words in path.read_bytes()]


def add_traces(store: Store, number: int) -> None:
    """What a crawl keeps of an article beside its versions."""
    with store.write() as connection:
        add_pages(connection, [PageEntry(url("herald"), title=CANARY)], source_id=None, now=NOON)
        connection.execute(insert(removed_lines).values(number=number, line=CANARY, reason="host", at=NOON))
        learned = {"stories": 3, "stories_known": 9, "last_seen": NOON, "in_force": True, "since": NOON}
        connection.execute(insert(boilerplate).values(host="herald.example", fingerprint=1, line=CANARY, **learned))


def test_no_byte_of_it_is_left_under_the_home(tmp_path: Path, redis_url: str, prefix: str) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'onestory.db'}")
    index_client = fresh_registry(store, redis_url, prefix)
    saved = put(
        store, index_client, herald=told(1), mirror=told(2), **{f"other{n}": wire_article(n) for n in range(3, 9)}
    )
    take(store, index_client, [reading(url("herald"), f"{told(1)} Corrected.", title=CANARY)], now=NOON)
    add_traces(store, saved[0].number or 0)
    archive(tmp_path / "a-1.warc", url("first"), url("herald"), url("last"))
    assert "a-1.warc" in holds_canary(tmp_path)
    remove(store, index_client, url("mirror"), tmp_path)
    for name in [f"other{n}" for n in range(3, 9)]:
        remove(store, index_client, url(name), tmp_path)
    assert remove(store, index_client, url("herald"), tmp_path) == (1, 2, 1, 0)
    assert holds_canary(tmp_path) == []
    store.close()
    assert holds_canary(tmp_path) == []


def test_all_its_rows_are_gone_and_only_its_rows(store: Store, index_client: IndexClient) -> None:
    [gone, stays] = put(store, index_client, herald=told(1), mirror=house_style(wire_article(1)))
    add_traces(store, gone.number or 0)
    assert remove(store, index_client, url("herald")) == (1, 1, 0, 1)
    with store.read() as connection:
        for table in (pages, removed_lines, boilerplate, matches):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0, table.name
        assert connection.execute(select(versions.c.article_id)).scalars().all() == [stays.article_id]
        assert connection.execute(select(articles.c.id)).scalars().all() == [stays.article_id]
        kept = connection.execute(select(stories)).mappings().all()
    assert not [row for row in kept if CANARY in str(row["title"]) and row["id"] == gone.article_id]


def test_the_index_lets_go_of_it(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, herald=told(1))
    assert index_client.index.state().count == 1
    remove(store, index_client, url("herald"))
    assert index_client.index.state().count == 0


def test_it_does_not_come_back_by_its_url_its_content_or_its_feed(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, herald=told(1))
    remove(store, index_client, url("herald"))
    same = reading(url("elsewhere"), told(1), title=f"herald: {CANARY}")
    again = reading(url("herald"), wire_article(4))
    assert [one.kind for one in save_all(store, [same, again])] == ["removed", "removed"]
    with store.write() as connection:
        assert add_pages(connection, [PageEntry(url("herald"), title=CANARY)], source_id=None, now=NOON) == 0


def test_an_url_that_is_not_stored_cannot_be_taken_down(store: Store, index_client: IndexClient) -> None:
    for what in (url("nobody"), "f" * 24, "nobody.example"):
        with pytest.raises(NotFound):
            remove(store, index_client, what)
    with pytest.raises(BadInput, match="neither"):
        remove(store, index_client, "what is this")


def test_a_content_that_others_run_stays_theirs(store: Store, index_client: IndexClient) -> None:
    pieces = [reading(url(name), wire_article(1), title="One") for name in ("herald", "post")]
    take(store, index_client, pieces)
    remove(store, index_client, "herald.example")
    later = [reading(url("argus"), wire_article(1), title="One"), reading("https://herald.example/b", wire_article(5))]
    assert [one.kind for one in take(store, index_client, later)] == ["stored", "removed"]
    assert partition_by_url(store) == {frozenset({url("post"), url("argus")})}


def test_a_storys_id_leads_on_when_its_first_article_goes(store: Store, index_client: IndexClient) -> None:
    text = wire_article(1)
    put(store, index_client, first=text, second=text, third=text)
    for name, left in (("first", 2), ("second", 1)):
        assert remove(store, index_client, url(name))[3] == left
    [record] = stories_of(store)
    assert (record.id, record.copies, record.title) == (article_id_of_url(url("third")), 1, f"third: {CANARY}")
    with store.read() as connection:
        for name in ("first", "second"):
            with pytest.raises(StoryAbsorbed) as moved:
                load_story(connection, article_id_of_url(url(name)))
            assert moved.value.survivor == record.id
            with pytest.raises(TakenDown):
                load_article(connection, article_id_of_url(url(name)))
    remove(store, index_client, record.id)
    with store.read() as connection:
        for name in ("first", "second", "third"):
            with pytest.raises(TakenDown):
                load_story(connection, article_id_of_url(url(name)))
        assert connection.execute(select(func.count()).select_from(stories)).scalar_one() == 0


def test_copies_that_only_the_removed_one_held_are_compared_before_they_part(
    store: Store, index_client: IndexClient
) -> None:
    text = wire_article(1, sentences=30)
    lines = text.split("\n")
    parts = {"top": "\n".join(lines[:6]), "end": "\n".join(lines[6:]), "brief": excerpt(text)}
    put(store, index_client, whole=text, **parts)
    assert [record.copies for record in stories_of(store)] == [4]
    remove(store, index_client, url("whole"))
    assert partition_by_url(store) == {frozenset({url("top"), url("brief")}), frozenset({url("end")})}
    assert sorted(record.copies for record in stories_of(store)) == [1, 2]


def test_decisions_forget_it_and_go_when_they_name_nobody(store: Store, index_client: IndexClient) -> None:
    text = wire_article(1)
    put(store, index_client, herald=text, post=text, argus=text)
    split_story(store, [url("post")], DecisionNote("Ada", "no", NOON))
    remove(store, index_client, url("post"))
    assert partition_by_url(store) == {frozenset({url("herald"), url("argus")})}


def kill_after_burial(store: Store, index_client: IndexClient) -> None:
    with store.write() as connection:
        gone = takedown_targets(connection, [article_id_of_url(url("herald"))])
        bury_targets(connection, gone, reason="order 7", now=NOON)


def kill_after_erasure(store: Store, index_client: IndexClient) -> None:
    kill_after_burial(store, index_client)
    with store.read() as connection:
        gone = takedown_targets(connection, [article_id_of_url(url("herald"))])
    evaluate(store, gone.articles, change=lambda connection: erase_targets(connection, gone), now=NOON)


@pytest.mark.parametrize("killed", [kill_after_burial, kill_after_erasure])
def test_a_takedown_that_was_killed_is_completed_by_the_next(
    tmp_path: Path, redis_url: str, prefix: str, killed: object
) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'onestory.db'}")
    index_client = fresh_registry(store, redis_url, prefix)
    put(store, index_client, herald=told(1), other=wire_article(2))
    archive(tmp_path / "a.warc.gz", url("herald"), url("other"))
    killed(store, index_client)  # type: ignore[operator]
    remove(store, index_client, url("herald"), tmp_path)
    assert [name for name in holds_canary(tmp_path) if name != "onestory.db"] == []
    with store.read() as connection:
        assert connection.execute(select(articles.c.url)).scalars().all() == [url("other")]
    store.close()


@pytest.mark.parametrize("ending", [".warc", ".warc.gz"])
def test_what_stays_in_a_warc_file_is_found_at_its_new_place(
    tmp_path: Path, store: Store, index_client: IndexClient, ending: str
) -> None:
    path = tmp_path / f"a{ending}"
    archive(path, url("first"), url("herald"), url("last"))
    read = [one for one in read_captures(str(path)) if isinstance(one, Capture)]
    put(store, index_client, first=wire_article(1), herald=told(2), last=wire_article(3))
    with store.write() as connection:
        for one in read:
            where = versions.c.article_id == article_id_of_url(one.url)
            place = {"warc_file": path.name, "warc_offset": one.warc_offset}
            connection.execute(versions.update().where(where).values(**place))
    assert remove(store, index_client, url("herald"), tmp_path)[2] == 1
    [new] = tmp_path.glob("*.warc*")
    now = {one.url: one.warc_offset for one in read_captures(str(new)) if isinstance(one, Capture)}
    assert set(now) == {url("first"), url("last")}
    with store.read() as connection:
        for name in ("first", "last"):
            kept = load_article(connection, article_id_of_url(url(name)))
            assert (kept.warc_file, kept.warc_offset) == (f"a.r1{ending}", now[url(name)])


def test_a_torn_record_goes_and_a_damaged_file_is_refused(
    tmp_path: Path, store: Store, index_client: IndexClient
) -> None:
    put(store, index_client, herald=told(1))
    path = tmp_path / "a.warc.gz"
    archive(path, url("first"), url("herald"), url("last"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert remove(store, index_client, url("herald"), tmp_path)[2] == 1
    [new] = tmp_path.glob("*.warc*")
    assert [one.url for one in read_captures(str(new)) if isinstance(one, Capture)] == [url("first")]
    new.write_bytes(whole[:300] + b"!" * 40 + whole[340:])
    with pytest.raises(BadInput, match="nothing was removed"):
        remove(store, index_client, url("herald"), tmp_path)


def test_a_crawl_that_writes_the_file_goes_on_in_another(
    tmp_path: Path, store: Store, index_client: IndexClient
) -> None:
    put(store, index_client, herald=told(1))
    with WarcWriter(tmp_path) as writer:
        kept = [writer.write(Capture(url(name), NOON, body=b"<p>x</p>")) for name in ("first", "herald", "last")]
        assert remove(store, index_client, url("herald"), tmp_path)[2] == 1
        further = writer.write(Capture(url("further"), NOON, body=b"<p>x</p>"))
    assert further.warc_file not in {one.warc_file for one in kept}
    found = [
        one.url for path in tmp_path.glob("*.warc.gz") for one in read_captures(str(path)) if isinstance(one, Capture)
    ]
    assert sorted(found) == sorted(url(name) for name in ("first", "last", "further"))


def test_tombstones_hold_digests_and_a_reason(store: Store, index_client: IndexClient, redis_client: Redis) -> None:
    put(store, index_client, herald=told(1))
    remove(store, index_client, "www.herald.example")
    with store.read() as connection:
        rows = tombstone_records(connection)
    assert sorted(row.kind for row in rows) == ["article", "content", "host"]
    assert {row.reason for row in rows} == {"order 7"}
    assert all(len(row.digest) == 64 for row in rows)


def test_the_sources_of_a_host_that_is_taken_down_are_polled_no_more(store: Store, index_client: IndexClient) -> None:
    put(store, index_client, herald=told(1))
    feeds = [SourceEntry(f"https://{host}.example/feed", "feed", host) for host in ("www.herald", "mirror")]
    with store.write() as connection:
        add_sources(connection, feeds, now=NOON)
    remove(store, index_client, "www.herald.example")
    with store.read() as connection:
        off, on = sorted(source_records(connection), key=lambda record: record.enabled)
    assert (off.outlet, off.enabled, off.status) == ("www.herald", False, "gone")
    assert off.why == "www.herald.example was taken down: order 7"
    assert (on.outlet, on.enabled) == ("mirror", True)
