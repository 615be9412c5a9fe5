"""The page of a story and the comparison, on a wide screen and on a phone."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import STEP_MILLISECONDS, Served, Watched
from tests.browser.desk_news import Told, bring
from tests.newsroom.news import BRIDGE
from tests.readings import stories_of

expect = pytest.importorskip("playwright.sync_api").expect
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def phone(browser: Any, desk: Served) -> Iterator[Watched]:
    """A reader in Berlin with a phone."""
    context = browser.new_context(viewport=PHONE, timezone_id="Europe/Berlin", locale="en-GB")
    context.set_default_timeout(STEP_MILLISECONDS)
    watched = Watched(context.new_page(), desk.url).listen()
    yield watched
    context.close()


def bridge_of(desk: Served) -> str:
    return max(stories_of(desk.store), key=lambda story: story.copies).id


def test_ten_copies_are_read_on_two_screens_of_a_phone(phone: Watched, desk: Served) -> None:
    parts = BRIDGE.split("\n")
    more = [
        Told(f"https://www.place{at}.example/b", "\n".join(parts[: 5 - at % 2]), f"Shut, {at}", f"Place {at}", 90)
        for at in range(5)
    ]
    bring(desk.store, desk.index_client, more, now=desk.now)
    page = phone.go(f"/stories/{bridge_of(desk)}")
    rows = page.locator(".copies-table tbody tr")
    first, tenth = (rows.nth(at).bounding_box() for at in (0, 9))
    assert tenth["y"] + tenth["height"] - first["y"] <= 2 * PHONE["height"]
    expect(rows.first).to_contain_text("Our bridge shuts")
    expect(page.locator("svg.spread text[data-at]").first).to_have_text("23 Nov, 13:00")
    phone.check()


def test_which_paragraphs_are_kept_is_read_by_keyboard_and_leads_to_the_text(reader: Watched, desk: Served) -> None:
    page = reader.go(f"/stories/{bridge_of(desk)}")
    table = page.get_by_role("table", name="Paragraphs of the original that each copy keeps")
    briefly = table.get_by_role("row", name="Briefly")
    expect(briefly.get_by_role("cell")).to_have_text(["kept", "kept", "kept", "cut", "cut"])
    table.get_by_role("link", name="Paragraph 5").press("Enter")
    assert page.url.endswith("#paragraph-5")
    expect(page.locator("#paragraph-5")).to_contain_text("seventeen million crowns")
    reader.check()


def test_a_phone_compares_in_one_text_and_a_wide_screen_may(phone: Watched, reader: Watched) -> None:
    page = phone.go("/compare?a=1&b=9")
    expect(page.locator(".one-text .text")).to_contain_text("expected to cost eleven seventeen million crowns")
    expect(page.locator(".one-text del").first).to_have_text("eleven")
    expect(page.locator(".sides")).to_be_hidden()
    phone.check()
    page = reader.go("/compare?a=1&b=9")
    expect(page.locator(".one-text")).to_be_hidden()
    page.get_by_role("link", name="As one text").press("Enter")
    expect(page.locator(".one-text ins").first).to_have_text("seventeen")
    expect(page.locator(".sides")).to_be_hidden()
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator(".sides")).to_be_visible()
    reader.check()
