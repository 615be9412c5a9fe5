"""Every page, wide and narrow, light and dark: axe-core finds nothing, nothing overflows, and it prints."""

from typing import Any

import pytest

from tests.browser.conftest import Served, Watched
from tests.readings import stories_of

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

LOOKS: list[dict[str, Any]] = [
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def paths_of(desk: Served) -> list[str]:
    bridge = next(story.id for story in stories_of(desk.store) if story.title == "Bridge to close")
    return [
        "/",
        "/?q=bridge&outlet=Bay+News",
        "/?q=%22",
        "/changed",
        f"/stories/{bridge}",
        f"/articles/{bridge}",
        "/compare?a=1&b=9",
        "/watches",
        "/watches/1",
        "/lookup",
        "/sources",
        "/nothing",
    ]


def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_its_window(browser: Any, desk: Served) -> None:
    for look in LOOKS:
        context = browser.new_context(**look)
        reader = Watched(context.new_page(), desk.url).listen()
        for path in paths_of(desk):
            page = reader.go(path)
            for folded in page.locator("summary").all():
                folded.click()
            found = axe.Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{path}: {found.generate_report()}"
            wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert wide <= window, path
        reader.faults = [one for one in reader.faults if "404" not in one and "422" not in one]
        reader.check()
        context.close()


def test_a_story_prints_on_two_pages(reader: Watched, desk: Served) -> None:
    reader.go(paths_of(desk)[4])
    printed = reader.page.pdf(format="A4")
    assert 1 <= printed.count(b"/Type /Page\n") <= 2
    reader.check()
