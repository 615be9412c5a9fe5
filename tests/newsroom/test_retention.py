"""How long things are kept, by form, API, setting and command; and what is left of a text that was dropped."""

import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import or_, select, update

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.retention.enforcement import enforce_retention, prune_events_and_messages
from onestory.pipelines.versions.corrections import record_corrections
from onestory.pipelines.versions.rewriting import attach_unattached, rewrite_versions
from onestory.store.articles.dropped_texts import drop_earlier_texts
from onestory.store.articles.earlier_versions import copies_of_earlier_versions
from onestory.store.articles.history import version_records
from onestory.store.articles.save import SaveResult
from onestory.store.articles.text_replacement import ReplacementText
from onestory.store.articles.versions import signatures_of, version_texts
from onestory.store.database import Store
from onestory.store.events.event_log import add_event, event_log_bounds
from onestory.store.frontier.hosts import database_time
from onestory.store.schema import matches, versions
from onestory.store.settings import Retention, read_retention, write_retention
from onestory.store.stories.records import find_article_id
from tests.cli import onestory
from tests.newsroom.conftest import Served
from tests.newsroom.locked import Locked
from tests.newsroom.news import BRIDGE, FERRY, NOON, Piece, put
from tests.newsroom.test_pages import read, words
from tests.readings import fresh_registry, partition_by_url, reading


@pytest.mark.parametrize(("days", "is_kept"), [(30, False), (60, True)])
def test_events_are_kept_as_long_as_was_set(store: Store, days: int, *, is_kept: bool) -> None:
    with store.write() as connection:
        write_retention(connection, Retention(events_days=days))
        add_event(connection, "story.grew", now=database_time(connection) - timedelta(days=45))
    prune_events_and_messages(store)
    with store.read() as connection:
        bounds = event_log_bounds(connection)
    assert (bounds.deleted_up_to == 0) == is_kept


def test_administrators_set_it_by_form_and_api(small: Locked) -> None:
    with small.signed_in("admin") as client:
        token = read(client.get("/settings")).xpath("//input[@name='form_token']/@value")[0]
        form = {"form_token": token, "events_days": "90", "removed_lines_days": "7", "earlier_texts_days": "365"}
        form["pages_days"] = "500"
        assert client.post("/settings/retention", data=form).headers["location"].startswith("/settings?saved=retention")
        for wrong in ("0", "x", "99999", ""):
            refused = read(client.post("/settings/retention", data={**form, "events_days": wrong}), 422)
            assert "The retention was not saved" in words(refused, "//*[@role='alert']")
    told = small.client.get("/v1/settings/retention", headers=small.bearer("admin")).json()
    days = {"events_days": 90, "removed_lines_days": 7, "earlier_texts_days": 365, "warcs_days": None}
    assert told == {**days, "pages_days": 500}
    wanted = {"events_days": 10, "removed_lines_days": 10, "earlier_texts_days": None, "warcs_days": 60}
    wanted["pages_days"] = 70
    assert small.client.put("/v1/settings/retention", headers=small.bearer("edit"), json=wanted).status_code == 403
    assert small.client.put("/v1/settings/retention", headers=small.bearer("admin"), json=wanted).json() == wanted
    with small.store.read() as connection:
        assert read_retention(connection) == Retention(10, 10, None, 60, 70)


def versions_of_bridge(served: Served) -> tuple[str, list[int]]:
    """An article that has three versions, of which a copy runs the second; their numbers."""
    added = (BRIDGE.split("\n")[0], *FERRY.split("\n")[:2])
    texts = [f"{BRIDGE}\n{line}" for line in added]
    pieces = [Piece("https://a.example/1", text, "Bridge to close", minutes=60 * at) for at, text in enumerate(texts)]
    for piece in [pieces[0], Piece("https://b.example/1", texts[1], "Bridge", minutes=70), *pieces[1:]]:
        put(served.store, served.index_client, [piece])
    with served.store.read() as connection:
        article = find_article_id(connection, "https://a.example/1")
        assert article is not None
        return article, [one.number for one in version_records(connection, article)]


def runs(store: Store, article: str) -> int | None:
    """The number of the earlier version that the copy runs."""
    with store.read() as connection:
        copy = find_article_id(connection, "https://b.example/1")
        assert copy is not None
        found = copies_of_earlier_versions(connection, article, [copy])
    return found[copy].number if copy in found else None


def evidence_of(store: Store, numbers: list[int]) -> set[tuple[int, int, str]]:
    """The matches of these versions with those of other articles."""
    touches = or_(matches.c.a.in_(numbers), matches.c.b.in_(numbers))
    query = select(matches.c.a, matches.c.b, matches.c.kind).where(touches, matches.c.a_article != matches.c.b_article)
    with store.read() as connection:
        return {(row.a, row.b, row.kind) for row in connection.execute(query)}


def drop(store: Store) -> int:
    with store.write() as connection:
        return drop_earlier_texts(connection, before=NOON + timedelta(days=1), now=NOON + timedelta(days=2))


def test_a_dropped_text_keeps_its_row_its_signature_and_its_place(served: Served) -> None:
    article, (first, second, current) = versions_of_bridge(served)
    before, story = partition_by_url(served.store), served.client.get(f"/v1/articles/{article}").json()
    with served.store.read() as connection:
        signatures = {one.number: one.signature for one in signatures_of(connection, [first, second, current])}
    assert drop(served.store) == 2
    assert drop(served.store) == 0
    with served.store.read() as connection:
        texts = {one.number: one.text for one in version_texts(connection, [first, second, current])}
        assert {one.number: one.signature for one in signatures_of(connection, texts)} == signatures
    assert [bool(texts[number]) for number in (first, second, current)] == [False, False, True]
    assert served.client.get(f"/v1/articles/{article}").json() == story
    told = served.client.get(f"/v1/articles/{article}/versions").json()["versions"]
    assert [one["text_dropped"] is None for one in told] == [False, False, True]
    assert served.client.get("/v1/compare", params={"a": first, "b": current}).status_code == 404
    assert "text no longer kept" in served.client.get(f"/articles/{article}").text
    refused = served.client.get("/compare", params={"a": first, "b": current})
    assert (refused.status_code, "is no longer kept" in refused.text) == (404, True)
    assert partition_by_url(served.store) == before


def test_a_copy_of_the_current_text_and_a_further_version_come_as_ever(served: Served) -> None:
    article, (_, second, current) = versions_of_bridge(served)
    drop(served.store)
    with served.store.read() as connection:
        [kept] = version_texts(connection, [current])
    put(served.store, served.index_client, [Piece("https://c.example/1", kept.text, "Bridge", minutes=300)])
    put(served.store, served.index_client, [Piece("https://a.example/1", f"{kept.text} More.", "Bridge", minutes=400)])
    assert partition_by_url(served.store) == {frozenset(f"https://{outlet}.example/1" for outlet in "abc")}
    with served.store.write() as connection:
        record_corrections(connection, [SaveResult("stored", article, number=current, replaces=second)])
        told = {one.number: one.changes for one in version_records(connection, article)}
    assert told[current] is None


def test_rules_of_other_parameters_leave_dropped_texts_as_they_were_signed(served: Served) -> None:
    article, (first, second, current) = versions_of_bridge(served)
    before, evidence = partition_by_url(served.store), evidence_of(served.store, [first, second])
    assert {kind for _, _, kind in evidence} == {"copy"}
    assert runs(served.store, article) == second
    drop(served.store)
    with served.store.write() as connection:
        connection.execute(update(versions).values(signature_params="of other days"))
    served.index_client.rebuild()
    assert served.index_client.left_as_signed == 2
    assert evidence_of(served.store, [first, second]) == evidence
    attach_unattached(served.store, served.index_client, now=NOON)
    with served.store.read() as connection:
        params = {one.number: one.signature_params for one in version_texts(connection, [first, second, current])}
    assert [params[number] == "of other days" for number in (first, second, current)] == [True, True, False]
    assert partition_by_url(served.store) == before
    assert evidence_of(served.store, [first, second]) == evidence
    assert runs(served.store, article) == second


def test_a_copy_that_is_read_again_keeps_what_it_shared_with_a_dropped_text(
    served: Served, redis_url: str, prefix: str
) -> None:
    _, (first, second, _) = versions_of_bridge(served)
    evidence = evidence_of(served.store, [first, second])
    drop(served.store)
    with served.store.read() as connection:
        copy = find_article_id(connection, "https://b.example/1")
        assert copy is not None
        [number] = [one.number for one in version_records(connection, copy)]
        [kept] = version_texts(connection, [number])
    better = ReplacementText.from_capture(number, reading("https://b.example/1", f"{kept.text}\nOne line more."))
    # Another process, which has no text in its memory.
    other = fresh_registry(served.store, redis_url, prefix)
    assert rewrite_versions(served.store, other, [better], now=NOON) == 1
    other.index.redis.close()
    assert evidence_of(served.store, [first, second]) == evidence


def test_the_setting_wins_and_old_archives_go(store: Store, tmp_path: Path) -> None:
    warcs = tmp_path / "warcs"
    warcs.mkdir()
    for name, days in (("old", 200), ("new", 20)):
        (warcs / f"{name}.warc.gz").write_bytes(b"")
        then = time.time() - days * 86_400
        os.utime(warcs / f"{name}.warc.gz", (then, then))
    given = {"ONESTORY_RETENTION": "warcs=180, events=60, pages=90", "ONESTORY_WARC_DIR": str(warcs)}
    config = Config.read(given, home=tmp_path)
    assert enforce_retention(store, config).warcs == 1
    assert [path.name for path in warcs.iterdir()] == ["new.warc.gz"]
    with store.read() as connection:
        assert read_retention(connection) == Retention(60, 30, None, 180, 90)


@pytest.mark.parametrize("given", ["texts=3", "warcs", "warcs=0", "events=-1", "events=3651"])
def test_a_retention_that_cannot_be_is_named(given: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ONESTORY_RETENTION"):
        Config.read({"ONESTORY_RETENTION": given}, home=tmp_path)


def test_the_command_shows_what_is_kept(home: Path) -> None:
    told = onestory("retention", "--apply", home=home).stdout
    assert "texts of earlier versions    for good" in told
    assert "pages not visited again      365 days" in told
    assert re.search(r"dropped 0 texts, .* 0 pages", told)
