"""Sources on pages, in the API and on the command line; and what the server tells Prometheus."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from onestory.newsroom.pages.display import time_until
from onestory.store.database import Store
from onestory.store.schema import hosts, sources
from onestory.store.sources.coverage import close_gap, extend_gap, record_yield
from onestory.store.sources.source_list import SourceEntry, add_sources
from tests.cli import onestory
from tests.newsroom.conftest import Served, serve_store
from tests.newsroom.news import BRIDGE, NOON, put, story_of
from tests.newsroom.test_pages import read, words

FEED = "https://a.example/feed"
WHY = "the server answers 403: it does not want to be asked"
LATER = NOON + timedelta(days=30_000)


def add_source(store: Store, url: str = FEED, **state: object) -> int:
    with store.write() as connection:
        add_sources(connection, [SourceEntry(url, "feed", "A Paper")], now=NOON)
        changed = update(sources).where(sources.c.url == url).values(next_poll=LATER, **state)
        return int(connection.execute(changed.returning(sources.c.id)).scalar_one())


@pytest.fixture
def lite(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Served]:
    """Served from SQLite: what SQL there is has its tests on both databases."""
    store = Store.open(sqlite_store_url)
    yield from serve_store(store, redis_url, prefix)
    store.close()


@pytest.fixture
def blocked(lite: Served) -> int:
    """A source that was seen at noon, and is blocked since."""
    number = add_source(
        lite.store, status="blocked", why=WHY, status_since=NOON, last_success=NOON, alarmed=NOON, failures=3
    )
    with lite.store.write() as connection:
        record_yield(connection, number, now=NOON - timedelta(days=1), failed=0, pages_found=40, longest_pause=None)
        record_yield(connection, number, now=NOON, failed=1, pages_found=2, longest_pause=None)
        extend_gap(connection, number, began=NOON - timedelta(hours=9), status="error", why="it was away")
        close_gap(connection, number, ended=NOON - timedelta(hours=8))
        extend_gap(connection, number, began=NOON, status="blocked", why=WHY)
    return number


def due(store: Store, number: int) -> bool:
    with store.read() as connection:
        return connection.execute(select(sources.c.next_poll).where(sources.c.id == number)).scalar_one() < LATER


def test_what_was_told_stands_at_the_top_of_the_page(lite: Served, blocked: int) -> None:
    add_source(lite.store, "https://b.example/feed", status="ok")
    with lite.store.write() as connection:
        connection.execute(update(sources).values(next_poll=NOON + timedelta(hours=5)))
    page = read(lite.client.get("/sources"))
    assert "Missing coverage: 1 blocked." in words(page)
    assert "42" in words(page, "//tbody/tr[1]/td[last()]")
    assert "in 3" in words(page, "//tbody/tr[1]/td[4]")
    assert page.xpath("//tbody/tr[1]//form/@action") == [f"/sources/{blocked}/try"]


def test_a_source_has_a_page_with_its_yield_and_its_gaps(lite: Served, blocked: int) -> None:
    page = read(lite.client.get(f"/sources/{blocked}"))
    assert WHY in words(page)
    assert [row.text_content().split()[0] for row in page.xpath("//section[2]//tbody/tr")] == [
        "2026-11-23",
        "2026-11-22",
    ]
    gaps = [" ".join(row.text_content().split()) for row in page.xpath("//section[1]//tbody/tr")]
    assert len(gaps) == 2
    assert "now blocked" in gaps[0]
    assert "it was away" in gaps[1]
    for wrong in ("999", "0", "x", "99999999999999999999"):
        assert lite.client.get(f"/sources/{wrong}").status_code in (404, 422)


def test_check_now_makes_the_source_due_and_its_page_has_the_result(lite: Served, blocked: int) -> None:
    answer = lite.client.post(f"/sources/{blocked}/try", headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sources/{blocked}?asked={blocked}&was=&had=0")
    assert due(lite.store, blocked)
    page = read(lite.client.get(answer.headers["location"]))
    assert "Queued. The result will appear here" in words(page, "//*[@data-awaits]")
    with lite.store.write() as connection:
        done = {"last_poll": NOON + timedelta(hours=2), "status": "ok", "why": None, "pages_found": 3, "entries": 20}
        connection.execute(update(sources).values(**done))
    page = read(lite.client.get(answer.headers["location"]))
    assert "Checked just now: ok, 20 entries listed, 3 new pages." in words(page)
    assert not page.xpath("//*[@data-awaits]")


ELSEWHERE = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://[bad"},
)


def test_no_other_site_may_ask(lite: Served, blocked: int) -> None:
    for path in (f"/sources/{blocked}/try", f"/v1/sources/{blocked}/try"):
        for headers in ELSEWHERE:
            assert lite.client.post(path, headers=headers).status_code == 403, headers
    assert not due(lite.store, blocked)


def test_our_own_origin_and_programs_may_ask(lite: Served, blocked: int) -> None:
    own = str(lite.client.base_url).rstrip("/")
    assert lite.client.post(f"/v1/sources/{blocked}/try", headers={"Origin": own}).status_code == 202
    answer = lite.client.post(f"/v1/sources/{blocked}/try")
    assert (answer.status_code, answer.json()["source_id"]) == (202, blocked)


def test_the_wish_of_a_host_stands_above_ours(lite: Served, blocked: int) -> None:
    with lite.store.write() as connection:
        connection.execute(update(hosts).values(next_fetch=LATER))
    assert lite.client.post(f"/v1/sources/{blocked}/try").json()["not_before"] > "2030"
    with lite.store.write() as connection:
        connection.execute(update(sources).values(enabled=False))
    refused = lite.client.post(f"/v1/sources/{blocked}/try")
    assert (refused.status_code, "is disabled" in refused.json()["detail"]) == (422, True)
    assert lite.client.post("/v1/sources/99/try").status_code == 404


def test_the_api_tells_the_health_of_a_source(lite: Served, blocked: int) -> None:
    told = lite.client.get(f"/v1/sources/{blocked}").json()
    assert (told["status"], told["alarmed"]) == ("blocked", "2026-11-23T12:00:00Z")
    assert told["days"][0] == {"day": "2026-11-23", "polls": 1, "failed": 1, "pages_found": 2}
    assert told["gaps"][0] == {
        "began": "2026-11-23T12:00:00Z",
        "ended": None,
        "status": "blocked",
        "why": WHY,
        "polls": 1,
    }
    schemas = lite.client.get("/openapi.json").json()["components"]["schemas"]
    assert set(told) == set(schemas["SourceWithHealth"]["properties"])
    assert lite.client.get("/v1/sources/99").status_code == 404


@pytest.mark.parametrize(("minutes", "told"), [(-9, "due"), (0, "due"), (0.5, "in a moment"), (5, "in 5\u00a0min")])
def test_what_lies_ahead_is_not_just_now(minutes: float, told: str) -> None:
    assert time_until(NOON + timedelta(minutes=minutes), NOON) == told


def test_metrics_are_the_figures_of_the_store_and_of_the_server(served: Served) -> None:
    number = add_source(served.store, status="blocked", alarmed=NOON)
    with served.store.write() as connection:
        extend_gap(connection, number, began=NOON, status="blocked", why=WHY)
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge"))
    story = served.client.get("/v1/stories").json()["stories"][0]["id"]
    served.client.get(f"/v1/stories/{story}")
    served.client.get("/nowhere/at/all")
    served.client.head("/sources")
    answer = served.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = answer.text.splitlines()
    for line in (
        "onestory_database_up 1.0",
        "onestory_stories 1.0",
        "onestory_articles 3.0",
        "onestory_articles_waiting 0.0",
        'onestory_sources{status="blocked"} 1.0',
        'onestory_sources_alarmed{status="blocked"} 1.0',
        "onestory_sources_unseen 1.0",
        'onestory_hosts{state="free"} 1.0',
        'onestory_http_requests_total{method="GET",route="/v1/stories/{story_id}",status="200"} 1.0',
        'onestory_http_requests_total{method="GET",route="none",status="404"} 1.0',
        'onestory_http_request_seconds_count{route="/v1/stories/{story_id}"} 1.0',
    ):
        assert line in lines, answer.text
    assert story not in answer.text
    assert "nowhere" not in answer.text
    assert "a.example" not in answer.text


def test_sources_are_shown_and_tried_from_the_command_line(home: Path) -> None:
    store = Store.open(f"sqlite:///{home / 'onestory.db'}")
    number = add_source(store, status="blocked", why=f"\x1b[31m{WHY}", alarmed=NOON, status_since=NOON)
    off = add_source(store, "https://b.example/feed", enabled=False)
    with store.write() as connection:
        record_yield(connection, number, now=NOON, failed=1, pages_found=2, longest_pause=None)
        extend_gap(connection, number, began=NOON, status="blocked", why=WHY)
    shown = onestory("sources", "show", FEED, home=home).stdout
    assert "ALARM since 2026-11-23 12:00" in shown
    assert "2026-11-23      2 new  1 poll, 1 failed" in shown
    assert "not seen 2026-11-23 12:00 to now" in shown
    assert "\x1b" not in shown
    lines = onestory("sources", "show", "A Paper", "--json", home=home).stdout.splitlines()
    told = json.loads(lines[0])
    assert (told["status"], told["days"][0]["pages_found"], told["gaps"][0]["status"]) == ("blocked", 2, "blocked")
    tried = onestory("sources", "try", "A Paper", home=home)
    assert (tried.returncode, "due now" in tried.stdout) == (1, True)
    assert "https://b.example/feed is disabled: enable it" in tried.stderr
    assert (due(store, number), due(store, off)) == (True, False)
    store.close()


def test_a_dump_says_what_was_missed(home: Path, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{home / 'onestory.db'}")
    number = add_source(store)
    with store.write() as connection:
        extend_gap(connection, number, began=NOON, status="blocked", why=WHY)
    store.close()
    assert onestory("dump", str(tmp_path / "out"), home=home).returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "out" / "gaps.jsonl").read_text().splitlines()]
    assert rows == [
        {
            "source": FEED,
            "outlet": "A Paper",
            "from": "2026-11-23T12:00:00Z",
            "to": None,
            "status": "blocked",
            "why": WHY,
            "polls": 1,
        }
    ]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["counts"]["gaps"] == 1
    assert "gaps.jsonl" in manifest["files"]
    assert "gaps.jsonl" in (tmp_path / "out" / "README.md").read_text()


def test_every_failing_source_counts_on_the_front_page_and_in_the_api(lite: Served) -> None:
    for number, status in enumerate(["ok", "ok", "ok", "error", "gone"]):
        add_source(lite.store, url=f"https://a.example/{number}", status=status)
    put(lite.store, lite.index_client, story_of(BRIDGE, copies=1, name="bridge", title="Bridge"))
    counts = lite.client.get("/v1/desk").json()["happened"]
    assert (counts["failing"], counts["sources"], counts["most_sources_fail"]) == (2, 5, False)
    assert (counts["silent"], counts["blocked"]) == (0, 0)
    page = words(read(lite.client.get("/")))
    assert "2 sources failing: 1 error, 1 gone" in page
    assert "New articles are missing" not in page


def test_most_sources_failing_is_one_alarm_on_the_pages_and_in_the_api(lite: Served) -> None:
    for number in range(70):
        add_source(lite.store, url=f"https://a.example/{number}", status="error", why="the network is unreachable")
    put(lite.store, lite.index_client, story_of(BRIDGE, copies=1, name="bridge", title="Bridge"))
    counts = lite.client.get("/v1/desk").json()["happened"]
    assert (counts["failing"], counts["sources"], counts["most_sources_fail"]) == (70, 70, True)
    for path in ("/", "/sources"):
        page = words(read(lite.client.get(path)))
        assert "70 of 70 sources fail." in page


@pytest.mark.parametrize(
    ("statuses", "code", "said"),
    [
        (["ok", "ok", "slow"], 0, "ok\n"),
        (["ok", "ok", "error"], 0, "ok, but 1 of 3 sources fails (1 error): see `onestory sources list`\n"),
        (["error", "gone", "ok"], 1, "2 of 3 sources fail (1 error, 1 gone): check the network"),
    ],
)
def test_the_health_command_looks_at_the_sources(home: Path, statuses: list[str], code: int, said: str) -> None:
    store = Store.open(f"sqlite:///{home / 'onestory.db'}")
    for number, status in enumerate(statuses):
        add_source(store, url=f"https://a.example/{number}", status=status)
    store.close()
    told = onestory("health", home=home)
    assert (told.returncode, said in told.stdout + told.stderr) == (code, True), told
