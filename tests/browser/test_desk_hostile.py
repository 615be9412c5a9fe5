"""Two hundred headlines, outlets and texts that want to be more than text."""

from collections.abc import Sequence
from itertools import islice, pairwise, product
from urllib.parse import urlencode

from sqlalchemy import insert

from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.pipelines.watches.creation import WatchRequest, create_watch
from onestory.store.events.event_log import add_event
from onestory.store.news_events.records import events_of_stories
from onestory.store.schema import sources
from onestory.store.stories.records import StoryRecord, load_article
from tests.browser.conftest import Served, Watched
from tests.browser.desk_news import Told, bring
from tests.news_texts import wire_article
from tests.newsroom.news import NOON
from tests.readings import stories_of

# Each would set window.ran, where a page took it for more than text.
RUNS = "window.ran=1"
CORES = (
    f"<script>{RUNS}</script>",
    f"<img src=x onerror={RUNS}>",
    f"<svg/onload={RUNS}>",
    f"<svg><animate onbegin={RUNS} attributeName=x dur=1s>",
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'></iframe>",
    f"<body onload={RUNS}>",
    f"<details open ontoggle={RUNS}>",
    f"<a href=\"javascript:{RUNS}\">x</a>",
    f"javascript:{RUNS}",
    f"<input autofocus onfocus={RUNS}>",
    f"<math><mtext><style><img src=x onerror={RUNS}></style>",
    f"<object data='data:text/html,<script>{RUNS}</script>'></object>",
    "<link rel=stylesheet href=https://evil.example/x.css><img src=https://evil.example/{n}.png>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<style>@import 'https://evil.example/y.css'; * { background: url(https://evil.example/z) }</style>",
    f"{{{{ ''.__class__ }}}}{{% for x in (1,) %}}{RUNS}{{% endfor %}}",
    "<base href=https://evil.example/><form action=https://evil.example/ id=filters>",
)  # fmt: skip
BEFORE = (
    "", '">', "'>", "</title>", "</textarea>", "</script>", "-->", "]]>", "</option></select>", "</text></svg>",
    "\u202e", "&lt;",
)  # fmt: skip
HOSTILE = [f"{before}{core}" for core, before in islice(product(CORES, BEFORE), 200)]


def test_nothing_of_two_hundred_hostile_texts_runs_or_asks_elsewhere(reader: Watched, desk: Served) -> None:
    pieces = [
        Told(f"https://www.evil{number}.example/x", f"{calm(number)}\n{evil}", evil, evil, number / 10, evil[:200])
        for number, evil in enumerate(HOSTILE)
    ]
    bring(desk.store, desk.index_client, pieces, now=NOON)
    seen = 0
    path: str | None = "/?q=captains"
    while path:
        page = reader.go(path)
        seen += page.locator("li[data-story]").count()
        path = page.locator("a[rel=next]").get_attribute("href") if page.locator("a[rel=next]").count() else None
        assert page.evaluate("window.ran") is None
    assert seen == len(HOSTILE)
    stories = [story for story in stories_of(desk.store) if story.first_outlet in HOSTILE]
    assert len(stories) == len(HOSTILE)
    paths = [f"/stories/{story.id}" for story in stories] + [f"/articles/{story.id}" for story in stories[::10]]
    for path in [*paths, *other_pages(desk, stories)]:
        page = reader.go(path)
        assert (page.evaluate("window.ran"), page.url) == (None, desk.url + path)
    page = reader.go("/?view=stories")
    page.get_by_label("Search", exact=True).fill("captains window")
    page.locator("#told", has_text="shown").wait_for(state="attached")
    assert page.evaluate("window.ran") is None
    assert page.locator("#list script, #list img, #list iframe, #list style").count() == 0
    # A filter that cannot be used, and an address that is none, are answered so; nothing else is at fault.
    reader.faults = [fault for fault in reader.faults if "422" not in fault]
    reader.check()


def other_pages(desk: Served, stories: Sequence[StoryRecord]) -> list[str]:
    """Two texts side by side, a list by a filter, feeds, watches and sources: all of them as hostile."""
    with desk.store.write() as connection:
        for number, evil in enumerate(HOSTILE[::20]):
            row = {"outlet": evil, "kind": "feed", "host": "evil.example", "status": "blocked", "why": evil}
            row |= {"url": f"https://evil.example/{number}?{RUNS}", "interval_seconds": 900, "next_poll": NOON}
            connection.execute(insert(sources).values(row))
        for story in stories[::20]:
            add_event(connection, "story.corrected", now=NOON, story_id=story.id, data={"is_original": True})
    begun = [
        create_watch(desk.store, WatchRequest([evil], name=evil[:200]), clock=lambda _: NOON).watch.id
        for evil in HOSTILE[12:132:30]
    ]
    grouper = NewsEventGrouper(desk.store)
    while grouper.step(now=NOON):
        pass
    with desk.store.read() as connection:
        events = set(events_of_stories(connection, [story.id for story in stories[::40]]).values())
        numbers = [load_article(connection, story.original).number for story in stories[::10]]
    return [
        *(f"/compare?a={a}&b={b}" for a, b in pairwise(numbers)),
        *(f"/?{urlencode({name: HOSTILE[41]})}" for name in ("q", "outlet", "credit", "since", "owner")),
        *(f"/watches/{number}" for number in begun),
        *(f"/news-events/{event}" for event in events),
        "/news-events",
        "/counts?by=outlet",
        "/watches",
        "/sources",
        "/sources/4",
        "/changed",
        "/v1/stories.atom?limit=200",
        "/v1/stories.json-feed?limit=200",
        f"/lookup?{urlencode({'url': HOSTILE[41]})}",
    ]


def test_a_hostile_text_that_is_looked_up_is_shown_and_not_run(reader: Watched, desk: Served) -> None:
    pieces = [
        Told(f"https://www.evil{number}.example/x", f"{calm(number)}\n{evil}", evil, evil, number / 10)
        for number, evil in enumerate(HOSTILE[:20])
    ]
    bring(desk.store, desk.index_client, pieces, now=NOON)
    page = reader.go("/lookup")
    page.get_by_label("Text, or part of it").fill(
        "\n".join(f"{calm(number)}\n{evil}" for number, evil in enumerate(HOSTILE[:20]))
    )
    page.get_by_role("button", name="Look up text").click()
    page.get_by_role("heading", name="Text that ran before is highlighted").wait_for()
    assert page.evaluate("window.ran") is None
    assert page.locator("main script, main img, main iframe, main style, main svg").count() == 0
    reader.check()


def calm(number: int) -> str:
    """A text of its own for each number, so that none is a copy of another."""
    return f"{wire_article(number)}\nThe captains of harbour{number} were not asked."
