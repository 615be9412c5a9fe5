"""No query of a page or of the API reads a table that grows from end to end, by the databases' own plans."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text, update

from onestory.store.database import Store
from onestory.store.schema import articles, outlets
from onestory.store.search.full_text_index import index_all_due
from onestory.store.stories.listing import StoryFilter, list_stories
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, put, story_of
from tests.readings import stories_of

PATHS = (
    "/",
    "/?span=7d",
    "/?ours=true",
    "/?ours=false&language=en",
    "/?outlet=Bridge+1&owner=Coast&credit=AFP&min_outlets=2",
    "/?q=bridge",
    "/?q=bridge&outlet=Bridge+1&order=relevance",
    "/changed",
    "/stories/{story}",
    "/stories/{story}?copies=2",
    "/articles/{story}",
    "/v1/stories",
    "/v1/stories?since=24h&min_outlets=3",
    "/v1/stories?outlet=Bridge+1",
    "/v1/stories?owner=Coast",
    "/v1/stories?credit=AFP",
    "/v1/stories?ours=true&limit=1",
    "/v1/stories?watch=1",
    "/v1/stories?updated_since=24h",
    "/v1/stories/{story}",
    "/v1/stories/{story}?limit=2",
    "/v1/stories/{story}?format=ninjs",
    "/v1/articles/{story}",
    "/v1/search?q=bridge",
    "/v1/search?q=bridge+-ferry&order=time",
    '/v1/search?q="harbour+bridge"&credit=AFP',
    "/v1/events?after=0",
    "/v1/changes",
)
GROWING = "articles|versions|stories|events|matches|search_words|pages|watch_articles"
# An index that has all that is asked for may be walked: it is so that a list is read, up to its limit.
SQLITE_SCAN = re.compile(rf"SCAN ({GROWING})(?! USING| VIRTUAL TABLE)")
SQLITE_WALK = re.compile(r"SCAN articles")
POSTGRESQL_SCAN = re.compile(rf"Seq Scan on ({GROWING})\b")


@pytest.mark.parametrize("few", [1_000, 0])
def test_no_request_scans_a_table_that_grows(served: Served, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once where few articles have what is asked for, and once where many do, which are looked through otherwise."""
    monkeypatch.setattr("onestory.store.search.query_matches.FEW_MATCHES", few)
    monkeypatch.setattr("onestory.store.stories.listing.FEW_MATCHES", few)
    home = _filled(served)
    with _Asked(served.store) as asked:
        for path in PATHS:
            answer = served.client.get(path.format(story=home))
            assert answer.status_code == 200, (path, answer.text[:300])
            while following := answer.links.get("next", {}).get("url"):
                answer = served.client.get(following)
    assert len(asked.statements) >= len(PATHS) * 2
    with served.store.read() as connection:
        plans = {statement: _plan(connection, statement, values) for statement, values in asked.statements.items()}
    bad = [f"{statement}\n{plan}" for statement, plan in plans.items() if _scans(served.store, plan)]
    assert bad == []


def _filled(served: Served) -> str:
    """Two stories of several copies, with owners, credits and outlets of ours; the id of the wider one."""
    put(served.store, served.index_client, story_of(BRIDGE, copies=5, name="bridge", title="Bridge"))
    put(served.store, served.index_client, story_of(FERRY, copies=3, name="ferry", title="Ferry"))
    with served.store.write() as connection:
        connection.execute(insert(outlets), [{"name": "Bridge 1", "ours": True, "owner": "Coast"}])
        connection.execute(update(articles).where(articles.c.outlet == "Bridge 1").values(credit="AFP"))
    index_all_due(served.store)
    return max(stories_of(served.store), key=lambda story: story.copies).id


class _Asked:
    """Every kind of SELECT that is sent meanwhile, with the values of one of them."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine
        self.statements: dict[str, Any] = {}

    def __enter__(self) -> "_Asked":
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            self.statements.setdefault(statement, values)


def _plan(connection: Connection, statement: str, values: Any) -> str:
    if connection.dialect.name == "postgresql":
        # Of tables as small as these it would read every row; what has no other way still shows.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values))
    return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))


def _scans(store: Store, plan: str) -> bool:
    if store.dialect == "postgresql":
        return POSTGRESQL_SCAN.search(plan) is not None
    return any(pattern.search(plan) for pattern in (SQLITE_SCAN, SQLITE_WALK))


def test_a_story_with_many_copies_is_told_page_by_page_each_once(served: Served) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=7, name="bridge", title="Bridge"))
    [home] = stories_of(served.store)
    path: str | None = f"/v1/stories/{home.id}?limit=3"
    copies: list[str] = []
    pairs: list[tuple[str, str]] = []
    pages = 0
    while path:
        answer = served.client.get(path)
        told = answer.json()
        copies += [copy["id"] for copy in told["articles"]]
        pairs += [(pair["a_article"], pair["b_article"]) for pair in told["evidence"]]
        path, pages = answer.links.get("next", {}).get("url"), pages + 1
    whole = served.client.get(f"/v1/stories/{home.id}").json()
    assert pages == 3
    assert whole["next"] is None
    assert copies == [copy["id"] for copy in whole["articles"]]
    assert sorted(pairs) == sorted((pair["a_article"], pair["b_article"]) for pair in whole["evidence"])


@pytest.mark.parametrize("asked", ["limit=0", "limit=201", "limit=x"])
def test_more_copies_than_an_answer_holds_are_refused(served: Served, asked: str) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=1, name="bridge", title="Bridge"))
    [home] = stories_of(served.store)
    assert served.client.get(f"/v1/stories/{home.id}?{asked}").status_code == 422


def test_a_cursor_of_another_story_is_refused(served: Served) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge"))
    put(served.store, served.index_client, story_of(FERRY, copies=3, name="ferry", title="Ferry"))
    one, other = stories_of(served.store)
    cursor = served.client.get(f"/v1/stories/{one.id}?limit=1").json()["next"]
    assert served.client.get(f"/v1/stories/{other.id}?cursor={cursor}").status_code == 400


def test_a_page_of_a_wide_story_shows_ours_first_and_leads_to_the_others(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onestory.newsroom.stories.web.COPIES_PER_PAGE", 2)
    put(served.store, served.index_client, story_of(BRIDGE, copies=5, name="bridge", title="Bridge"))
    with served.store.write() as connection:
        connection.execute(insert(outlets), [{"name": "Bridge 4", "ours": True}])
    [home] = stories_of(served.store)
    pages = [_outlets_on(served.client.get(f"/stories/{home.id}?copies={number}").text) for number in (1, 2, 3)]
    assert pages[0][0] == "Bridge 4"
    assert sorted(name for page in pages for name in page) == [f"Bridge {number}" for number in range(5)]
    assert [len(page) for page in pages] == [2, 2, 1]


@pytest.mark.parametrize("asked", ["0", "-1", "x", "999999", "9" * 400, "%00"])
def test_a_page_of_copies_that_is_none_is_the_nearest_that_there_is(served: Served, asked: str) -> None:
    put(served.store, served.index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge"))
    [home] = stories_of(served.store)
    answer = served.client.get(f"/stories/{home.id}?copies={asked}")
    assert answer.status_code == 200
    assert len(_outlets_on(answer.text)) == 2


def _outlets_on(page: str) -> Sequence[str]:
    return re.findall(r'aria-label="Select ([^"]+)"', page)


@pytest.mark.parametrize("asked", ["outlet=Bridge+1", "owner=Coast", "credit=AFP", "ours=true"])
def test_a_walk_along_the_list_asks_each_story_for_its_own_copies(
    sqlite_store_url: str, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index of outlets or agencies alone would be read anew for each story."""
    monkeypatch.setattr("onestory.store.stories.listing.FEW_MATCHES", -1)
    name, _, value = asked.partition("=")
    wanted = StoryFilter(**{name: True if value == "true" else value.replace("+", " ")})
    store = Store.open(sqlite_store_url)
    with store.read() as connection, _Asked(store) as sent:
        list_stories(connection, wanted, limit=5)
    with store.read() as connection:
        plans = [_plan(connection, statement, values) for statement, values in sent.statements.items()]
    store.close()
    [walk] = [plan for plan in plans if "CORRELATED" in plan]
    assert "SCAN stories USING INDEX ix_stories_listed" in walk
    assert re.search(r"SEARCH articles .*story_id=\?", walk)
