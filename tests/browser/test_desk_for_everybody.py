"""Every page, wide and narrow, light and dark: axe-core finds nothing, nothing overflows, and it prints."""

from typing import Any

import pytest

from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.store.news_events.records import event_of_story
from tests.browser.conftest import Served, Watched
from tests.browser.desk_news import Told, bring
from tests.newsroom.news import BRIDGE, NOON
from tests.readings import stories_of

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

LOOKS: list[dict[str, Any]] = [
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def paths_of(desk: Served) -> list[str]:
    bridge = next(story.id for story in stories_of(desk.store) if story.title == "Bridge to close")
    grouper = NewsEventGrouper(desk.store)
    while grouper.step(now=NOON):
        pass
    with desk.store.read() as connection:
        event = event_of_story(connection, bridge)
    return [
        "/",
        "/?q=bridge&outlet=Bay+News",
        "/?q=%22",
        "/?min_outlets=30",
        "/changed",
        "/changed?kind=withdrawn",
        f"/stories/{bridge}",
        f"/articles/{bridge}",
        "/compare?a=1&b=9",
        "/watches",
        "/watches/1",
        "/compare",
        "/lookup",
        "/lookup?url=https://nowhere.example/x",
        "/sources",
        "/sources/2",
        "/sources/2?asked=2&was=&had=0",
        "/outlets",
        "/searches",
        "/wire",
        "/news-events",
        f"/news-events/{event}",
        "/counts",
        "/counts?by=agency&q=bridge",
        "/docs",
        "/outlet?name=Bay+News",
        "/nothing",
    ]


def looked_at(page: Any, path: str) -> None:
    """Unfolded, with nothing that axe finds, and no wider than its window."""
    for folded in page.locator("summary").all():
        folded.click()
    found = axe.Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, path


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look['viewport']['width']} {look['color_scheme']}")
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_its_window(
    browser: Any, desk: Served, look: dict[str, Any]
) -> None:
    context = browser.new_context(**look)
    reader = Watched(context.new_page(), desk.url).listen()
    for path in paths_of(desk):
        looked_at(reader.go(path), path)
    page = reader.go("/lookup")
    page.get_by_label("Text, or part of it").fill(BRIDGE)
    page.get_by_role("button", name="Look up text").click()
    looked_at(page, "a text that was looked up")
    reader.faults = [one for one in reader.faults if "404" not in one and "422" not in one]
    reader.check()
    context.close()


def test_every_page_prints_on_two_pages(reader: Watched, desk: Served) -> None:
    for path in paths_of(desk):
        reader.go(path)
        printed = reader.page.pdf(format="A4")
        assert 1 <= printed.count(b"/Type /Page\n") <= 2, path


def test_a_front_page_of_25_stories_and_a_story_of_12_copies_print_on_two_pages(reader: Watched, desk: Served) -> None:
    said = [f"{BRIDGE}\nThe paper of place {number} adds a line of its own." for number in range(11)]
    copies = [
        Told(
            f"https://www.place{number}.example/bridge",
            text,
            f"Bridge shuts at {number}",
            f"Place {number}",
            90,
        )
        for number, text in enumerate(said)
    ]
    others = [
        Told(f"https://www.isle{number}.example/x", sentence_of(number), f"What isle {number} decided", "Isle Post", 95)
        for number in range(25)
    ]
    bring(desk.store, desk.index_client, [*copies, *others], now=desk.now)
    bridge = max(stories_of(desk.store), key=lambda story: story.copies)
    assert bridge.copies > 12
    for path in ("/", f"/stories/{bridge.id}"):
        reader.go(path)
        assert reader.page.pdf(format="A4").count(b"/Type /Page\n") <= 2, path
    reader.check()


def sentence_of(number: int) -> str:
    """One for each, so that none is a copy of another."""
    return (
        f"In the year {1700 + 3 * number} the isle of Ellery{number} counted {number * 31 + 5} boats in harbour{number}"
        f" and {number + 3} captains, of whom {number * 7} were called Holm{number}, like mill {number * 13} on a hill."
    )
