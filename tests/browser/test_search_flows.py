"""Keyboard shortcuts, the day picker, and searches that are kept."""

import pytest

from tests.browser.conftest import Served, Watched
from tests.browser.test_story_flows import phone

expect = pytest.importorskip("playwright.sync_api").expect
__all__ = ["phone"]


def test_shortcuts_move_open_search_and_can_be_switched_off(reader: Watched) -> None:
    page = reader.go("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    first = page.locator("ol.stories > li h2 > a").first
    expect(first).to_be_focused()
    page.keyboard.press("o")
    page.wait_for_url("**/stories/*")
    page.go_back()
    page.keyboard.press("/")
    search = page.get_by_label("Search", exact=True)
    expect(search).to_be_focused()
    page.keyboard.type("jo/?")
    expect(search).to_have_value("jo/?")
    page.get_by_label("Shortcuts", exact=True).select_option("off")
    page.get_by_label("Shortcuts", exact=True).blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_hidden()
    reader.faults = [one for one in reader.faults if "422" not in one]
    reader.check()


def test_a_day_is_picked_and_the_search_is_saved_on_a_phone(phone: Watched, desk: Served) -> None:
    page = phone.go("/")
    page.get_by_label("Day").fill("2026-11-23")
    expect(page.locator("#told")).to_contain_text("shown")
    assert "zone=Europe%2FBerlin" in page.url
    page.get_by_label("Search", exact=True).fill("harbour")
    expect(page.locator("li[data-story]")).to_have_count(1)
    page.reload()
    page.get_by_label("Save this search as").fill("Harbour today")
    page.get_by_role("button", name="Save").press("Enter")
    saved = page.get_by_role("navigation", name="Saved searches")
    expect(saved.get_by_role("link", name="Harbour today")).to_be_visible()
    saved.get_by_role("link", name="edit saved searches").click()
    page.get_by_role("button", name="Remove Harbour today").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    phone.check()
