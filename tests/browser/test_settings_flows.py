"""Signing in, and what an administrator does on the page of settings, by keyboard and by mouse, in Chromium."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from onestory.store.database import Store
from tests.browser.conftest import Watched
from tests.browser.test_desk_for_everybody import LOOKS, RULES
from tests.newsroom.locked import Locked, locked_desk

expect = pytest.importorskip("playwright.sync_api").expect
axe = pytest.importorskip("axe_playwright_python.sync_playwright")


@pytest.fixture
def locked(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Locked]:
    store = Store.open(sqlite_store_url)
    with locked_desk(store, redis_url, prefix) as desk:
        yield desk
    store.close()


@pytest.fixture
def admin(browser: Any, locked: Locked) -> Iterator[Watched]:
    """Somebody before the door, with a browser that runs no script of ours."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    yield Watched(context.new_page(), str(locked.client.base_url).rstrip("/")).listen()
    context.close()


@pytest.fixture
def visitor(browser: Any, locked: Locked) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield Watched(context.new_page(), str(locked.client.base_url).rstrip("/")).listen()
    context.close()


def calm(watched: Watched) -> None:
    """Chromium calls an answer of 401 or 422 an error of the page; it is what was asked for here."""
    watched.faults = [one for one in watched.faults if "401" not in one and "422" not in one]
    watched.check()


def test_signing_in_and_out_by_keyboard(visitor: Watched, locked: Locked) -> None:
    page = visitor.go("/sources")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    page.keyboard.type("onestory_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Key not recognised or revoked")
    page.get_by_label("Key", exact=True).focus()
    page.keyboard.type(locked.keys["edit"].secret)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sources")
    assert page.url.endswith("/sources")
    expect(page.get_by_role("link", name="Settings")).to_have_count(0)
    expect(page.get_by_text("Signed in as editer")).to_be_visible()
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    visitor.go("/sources")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    calm(visitor)


def test_an_administrator_adds_and_revokes_without_any_script(admin: Watched, locked: Locked) -> None:
    page = admin.go("/settings")
    page.get_by_label("Key", exact=True).fill(locked.keys["admin"].secret)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name (person or program)").fill("Ada Quill")
    page.get_by_label("Access").select_option("edit")
    page.get_by_role("button", name="Add key").click()
    made = page.get_by_role("status")
    expect(made).to_contain_text("The new key “Ada Quill” is shown only once")
    secret = made.locator("code").inner_text()
    assert re.fullmatch(r"onestory_[0-9a-f]{8}_[0-9a-f]{48}", secret)
    page.get_by_label("Address").fill("https://hooks.example/in")
    page.get_by_label("story.corrected").check()
    page.get_by_role("button", name="Add webhook").click()
    expect(page.get_by_role("status")).to_contain_text("The secret of the new webhook “https://hooks.example/in”")
    assert secret not in page.content()
    page.get_by_role("button", name="Send webhook 1 a test").click()
    expect(page.get_by_text("test queued")).to_be_visible()
    page.get_by_text("Remove webhook 1").click()
    page.get_by_role("button", name="Remove with its messages webhook 1").click()
    expect(page.get_by_text("No webhooks yet.")).to_be_visible()
    page.get_by_text("Revoke Ada Quill").click()
    page.get_by_role("button", name="Revoke permanently Ada Quill").click()
    expect(page.locator("tr.off")).to_contain_text("Ada Quill")
    admin.go("/settings")
    assert secret not in page.content()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    calm(admin)


def test_axe_finds_nothing_on_these_pages_and_none_is_wider_than_its_window(browser: Any, locked: Locked) -> None:
    for number, look in enumerate(LOOKS):
        context = browser.new_context(**look)
        watched = Watched(context.new_page(), str(locked.client.base_url).rstrip("/")).listen()
        page = watched.go("/settings")
        check(page)
        page.get_by_label("Key", exact=True).fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check(page)
        page.get_by_label("Key", exact=True).fill(locked.keys["admin"].secret)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Name (person or program)").fill(f"A desk {number}")
        page.get_by_role("button", name="Add key").click()
        page.get_by_label("Address").fill(f"https://hooks.example/{number}/" + "x" * 200)
        page.get_by_role("button", name="Add webhook").click()
        expect(page.get_by_role("status")).to_contain_text("The secret of the new webhook")
        for folded in page.locator("summary").all():
            folded.click()
        check(page)
        page.get_by_label("Address").fill("https://user:word@hooks.example/")
        page.get_by_role("button", name="Add webhook").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check(page)
        calm(watched)
        context.close()


def check(page: Any) -> None:
    found = axe.Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window
