"""Sources, outlets, mails of watches, saved searches and the use report: by mouse on a wide screen, by keyboard on a
phone.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.store.database import Store
from onestory.store.sources.requests import recent_source_requests
from onestory.store.sources.source_records import load_source
from onestory.store.stories.outlets import load_outlet
from onestory.store.watches.saved_searches import list_saved_searches
from onestory.store.webhooks.webhooks import webhooks_of_watch
from tests.browser.conftest import STEP_MILLISECONDS, Served, Watched
from tests.browser.desk_news import morning_news
from tests.browser.test_desk_for_everybody import looked_at
from tests.newsroom.dispatches import filed, ninjs
from tests.newsroom.news import NOON
from tests.readings import fresh_registry

expect = pytest.importorskip("playwright.sync_api").expect


@pytest.fixture
def office(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Served]:
    """A desk that sends mails, and has a dispatch that others ran."""
    store = Store.open(sqlite_store_url)
    ours, theirs = (fresh_registry(store, redis_url, prefix) for _ in range(2))
    ours.rebuild()
    morning_news(store, ours)
    filed(store, ours, ninjs())
    app = create_app(store, theirs, clock=lambda: NOON + timedelta(hours=2), sends_mail=True)
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(app, listening) as url:
        yield Served(url, store, ours)
    ours.index.redis.close()
    theirs.index.redis.close()
    store.close()


@pytest.fixture
def manager(browser: Any, office: Served, request: pytest.FixtureRequest) -> Iterator[Watched]:
    context = browser.new_context(**request.param)
    context.set_default_timeout(STEP_MILLISECONDS)
    yield Watched(context.new_page(), office.url).listen()
    context.close()


WIDE = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


def managed(office: Served) -> dict[str, object]:
    """What the store holds after a flow."""
    with office.store.read() as connection:
        return {
            "interval": load_source(connection, 2).interval_seconds,
            "enabled": load_source(connection, 2).enabled,
            "owner": load_outlet(connection, "Bay News").owner,
            "requests": [
                one.url for one in recent_source_requests(connection, since=NOON - timedelta(days=999), limit=9)
            ],
            "searches": [(one.name, one.query) for one in list_saved_searches(connection)],
            "mails": [one.url for one in webhooks_of_watch(connection, 1, form="email")],
        }


EXPECTED = {
    "interval": 1_200,
    "enabled": False,
    "owner": "Coast Media",
    "requests": ["https://www.fjordpost.example/"],
    "searches": [("Bridges", "q=bridge")],
    "mails": ["mailto:desk@post.example"],
}


@pytest.mark.parametrize("manager", [WIDE], indirect=True)
def test_an_office_is_managed_by_mouse(manager: Watched, office: Served) -> None:
    page = manager.go("/sources")
    page.get_by_text("Add sources").click()
    page.get_by_label("Homepage, feed, sitemap or section page").fill("https://www.fjordpost.example/")
    page.get_by_role("button", name="Add source").click()
    expect(page.locator("#requested")).to_contain_text("Waiting for the crawler.")
    manager.go("/sources/2")
    page.get_by_text("Schedule", exact=True).click()
    page.get_by_label("Interval (minutes)").fill("20")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    manager.go("/outlet?name=Bay+News")
    page.get_by_label("Owner").fill("Coast Media")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("owner: Coast Media")).to_be_visible()
    manager.go("/watches/1")
    page.get_by_label("Send new matches and corrections to").fill("desk@post.example")
    page.get_by_role("button", name="Add address").click()
    expect(page.get_by_role("button", name="Send no more mails to desk@post.example")).to_be_visible()
    looked_at(page, "a watch with a recipient")
    manager.go("/?q=bridge")
    page.get_by_label("Save this search as").fill("Bridges")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("navigation", name="Saved searches")).to_contain_text("Bridges")
    manager.go("/wire")
    page.get_by_label("Provider").select_option("Coast Wire")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("table", name="Uses by client and month")).to_contain_text("Bay News")
    looked_at(page, "the use report")
    manager.check()
    assert managed(office) == EXPECTED


def entered(page: Any, label: str, text: str) -> None:
    """Type into a field and send its form, all by keyboard."""
    page.get_by_label(label, exact=True).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("manager", [PHONE], indirect=True)
def test_an_office_is_managed_by_keyboard_on_a_phone(manager: Watched, office: Served) -> None:
    page = manager.go("/sources")
    page.get_by_text("Add sources").press("Enter")
    entered(page, "Homepage, feed, sitemap or section page", "https://www.fjordpost.example/")
    expect(page.locator("#requested")).to_contain_text("Waiting for the crawler.")
    manager.go("/sources/2")
    page.get_by_text("Schedule", exact=True).press("Enter")
    entered(page, "Interval (minutes)", "20")
    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    manager.go("/outlet?name=Bay+News")
    entered(page, "Owner", "Coast Media")
    expect(page.get_by_text("owner: Coast Media")).to_be_visible()
    manager.go("/watches/1")
    entered(page, "Send new matches and corrections to", "desk@post.example")
    expect(page.get_by_role("button", name="Send no more mails to desk@post.example")).to_be_visible()
    looked_at(page, "a watch with a recipient")
    manager.go("/?q=bridge")
    entered(page, "Save this search as", "Bridges")
    expect(page.get_by_role("navigation", name="Saved searches")).to_contain_text("Bridges")
    manager.go("/wire")
    entered(page, "Client (outlet)", "Bay News")
    expect(page.get_by_role("table", name="Uses by client and month")).to_contain_text("Coast Wire")
    looked_at(page, "the use report")
    manager.check()
    assert managed(office) == EXPECTED
