"""What an editor does at the desk, by mouse and by keyboard, in Chromium."""

import re
from datetime import timedelta
from typing import Any

import pytest

from onestory.newsroom.pages.reader_cookies import VISIT_COOKIE
from tests.browser.conftest import Served, Watched
from tests.browser.desk_news import OURS, Told, bring
from tests.newsroom.news import BRIDGE, NOON

expect = pytest.importorskip("playwright.sync_api").expect
expect.set_options(timeout=120_000)

NEWS = (
    "The lighthouse on Skarvoy was lit again on Monday night after eleven years, when volunteers finished the repair "
    "of its lens and the county agreed to pay for the current."
)


def test_a_search_narrows_the_list_while_it_is_typed(reader: Watched) -> None:
    page = reader.go("/")
    expect(page.locator("li[data-story]")).to_have_count(3)
    page.get_by_label("Search", exact=True).press_sequentially("ferries dialysis")
    expect(page.locator("li[data-story]")).to_have_count(1)
    expect(page.locator("#list mark").first).to_have_text(re.compile("dialysis|ferries", re.IGNORECASE))
    expect(page.get_by_label("Search", exact=True)).to_be_focused()
    expect(page.locator("#told")).to_have_text("1 story shown")
    assert page.url.endswith("?q=ferries+dialysis")
    reader.check()


def test_the_list_is_sorted_by_outlets_and_singles_are_unfolded_by_keyboard(reader: Watched) -> None:
    page = reader.go("/")
    first = page.locator("ol.stories > li").first
    expect(first).to_contain_text("The harbour bridge at Port Ellery will close for six weeks")
    expect(first.locator(".run-by > span").first).to_have_text(f"{OURS} (ours)")
    expect(first.locator(".run-by")).to_contain_text("+2 more outlets")
    expect(first.get_by_text("corrected")).to_be_visible()
    expect(page.get_by_role("heading", level=2, name="灯ろう")).to_be_hidden()
    page.get_by_text("1 more story in one outlet only").press("Enter")
    expect(page.get_by_role("heading", level=2, name="灯ろう")).to_be_visible()
    page.get_by_label("Sort by").select_option("outlets")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.get_by_role("list", name="Stories, most outlets first")).to_be_visible()
    assert "sort=outlets" in page.url
    reader.check()


def test_newcomers_announce_themselves_and_move_nothing(reader: Watched, desk: Served) -> None:
    page = reader.go("/")
    with page.expect_request("**/v1/events/stream**"):
        page.reload()
    newcomers = page.locator("#newcomers a")
    told = Told("https://www.isle.example/light", NEWS, "Skarvoy is lit again", "Isle Post", 121)
    bring(desk.store, desk.index_client, [told], now=NOON + timedelta(minutes=121))
    expect(newcomers).to_have_text("1 new or growing story: show")
    expect(page.locator("li[data-story]")).to_have_count(3)
    newcomers.press("Enter")
    expect(page.locator("li[data-story]")).to_have_count(4)
    page.get_by_text("2 more stories in one outlet only").press("Enter")
    expect(page.get_by_role("heading", name="Skarvoy is lit again")).to_be_visible()
    reader.check()


def test_from_what_asks_to_be_acted_on_to_the_two_texts_by_keyboard(reader: Watched) -> None:
    page = reader.go("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    act = page.get_by_role("region", name="Needs action").get_by_role("link")
    expect(page.get_by_role("region", name="Needs action")).to_contain_text(
        "3 outlets, including 1 of ours, still run the old text"
    )
    act.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".notice.bad")).to_contain_text("3 outlets (1 ours) still run the uncorrected text.")
    expect(page.locator("form tbody tr").first).to_contain_text(OURS)
    page.get_by_role("link", name=f"compare {OURS} with the original").press("Enter")
    assert "eleven" in page.locator(".sides del").all_inner_texts()
    assert "seventeen" in page.locator(".sides ins").all_inner_texts()
    page.get_by_label("Right", exact=True).select_option(label="Bay News, 23 Nov 2026, 12:20 UTC")
    page.get_by_role("button", name="Compare").press("Enter")
    expect(page.locator(".side .moved").first).to_contain_text("Shopkeepers on the eastern bank")
    expect(page.locator(".boilerplate").first).to_contain_text("Sign up for our newsletter")
    reader.check()


def test_a_copy_is_pinned_and_the_decision_undone_and_both_are_told(reader: Watched) -> None:
    page = reader.go("/")
    page.get_by_role("link", name="Bridge to close").last.click()
    page.get_by_label("Select North Post").press("Space")
    page.get_by_text("Correct this grouping").click()
    page.get_by_label("Your name", exact=True).fill("Ada Quill")
    page.get_by_label("Reason", exact=True).fill("it had it first")
    page.get_by_role("button", name="Mark as original").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mark as original?")
    expect(page.get_by_role("region", name="Afterwards")).to_contain_text("original: North Post")
    page.get_by_role("button", name="Mark as original").press("Enter")
    page.get_by_role("region", name="Its copies are now in 1 story").get_by_role("link").first.click()
    expect(page.locator(".why")).to_contain_text("North Post")
    log = page.get_by_role("region", name="Editing log")
    expect(log).to_contain_text("North Post marked as original by Ada Quill")
    log.get_by_role("button", name="Undo decision 1").press("Enter")
    page.get_by_role("button", name="Undo decision 1").press("Enter")
    expect(page.get_by_text("Undone by Ada Quill")).to_be_visible()
    page.get_by_role("region", name="Its copies are now in 1 story").get_by_role("link").first.click()
    expect(page.locator(".why")).to_contain_text("Coast Wire")
    reader.check()


def test_copies_leave_their_story_and_are_merged_again(reader: Watched) -> None:
    page = reader.go("/")
    page.get_by_role("link", name="Bridge to close").last.click()
    page.get_by_label("Select Briefly").check()
    page.get_by_text("Correct this grouping").click()
    page.get_by_label("Your name", exact=True).fill("Ada Quill")
    page.get_by_label("Reason", exact=True).fill("a brief")
    page.get_by_role("button", name="Split selected copies off").click()
    expect(page.get_by_text("No change made yet. 1 story becomes 2 stories.")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Select Briefly")).to_have_count(1)
    page.go_back()
    page.get_by_role("button", name="Split copies off").click()
    page.get_by_role("region", name="Its copies are now in 2 stories").get_by_role("link").first.click()
    expect(page.get_by_label("Select Briefly")).to_have_count(0)
    page.get_by_text("Correct this grouping").click()
    page.get_by_label("Reason", exact=True).fill("it is the same")
    page.get_by_label("Another story").fill("https://www.brief.example/d")
    page.get_by_role("button", name="Merge with this story").click()
    expect(page.get_by_text("2 stories become 1 story")).to_be_visible()
    page.get_by_role("button", name="Merge stories").click()
    page.get_by_role("region", name="Its copies are now in 1 story").get_by_role("link").first.click()
    expect(page.get_by_label("Select Briefly")).to_have_count(1)
    reader.check()


def test_a_watch_is_begun_shows_what_it_gathered_and_ends(reader: Watched) -> None:
    page = reader.go("/watches")
    page.get_by_label("Phrases").fill("dialysis ward\nnight shifts")
    page.get_by_role("button", name="Follow").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("dialysis ward, night shifts")
    expect(page.get_by_role("heading", name="Ferry crews to strike")).to_be_visible()
    page.get_by_role("button", name="End this watch").click()
    expect(page.locator(".kicker")).to_contain_text("ended")
    page.get_by_role("link", name="Watches").first.click()
    expect(page.locator("tbody tr")).to_have_count(2)
    reader.check()


def test_a_pasted_text_has_what_ran_before_marked(reader: Watched) -> None:
    page = reader.go("/lookup")
    ran = "\n".join(BRIDGE.split("\n")[2:4])
    page.get_by_label("Text, or part of it").fill(f"A line of our own that nobody ran, about something else.\n{ran}")
    page.get_by_role("button", name="Look up text").press("Enter")
    expect(page.locator("mark").first).to_contain_text("Shopkeepers on the eastern bank")
    expect(page.get_by_role("heading", name="Found in 1 story")).to_be_visible()
    expect(page.locator("mark").first).not_to_contain_text("our own")
    reader.check()


def test_a_sentence_from_a_pdf_is_found_and_for_a_paraphrase_the_search_is_offered(reader: Watched) -> None:
    page = reader.go("/lookup")
    page.get_by_label("Text, or part of it").fill(
        "Engineers noticed the dam-\nage during a routine check in early\nspring"
    )
    page.get_by_role("button", name="Look up text").press("Enter")
    expect(page.get_by_role("heading", name="Found in 1 story")).to_be_visible()
    page.get_by_label("Text, or part of it").fill(
        "Port Ellery shuts a harbour bridge where inspectors saw cracked bearings"
    )
    page.get_by_role("button", name="Look up text").press("Enter")
    expect(page.get_by_text("No match.")).to_be_visible()
    page.get_by_role("link", name="Port Ellery").press("Enter")
    expect(page.get_by_role("heading", name="Bridge to close").first).to_be_visible()
    reader.check()


def test_the_time_that_is_looked_back_to_is_remembered(reader: Watched) -> None:
    page = reader.go("/")
    page.get_by_role("link", name="7 days ago").click()
    reader.go("/lookup")
    reader.go("/")
    expect(page.locator("nav [aria-current=true]")).to_have_text("7 days ago")
    reader.check()


def test_a_source_is_tried_by_keyboard_and_looked_at(reader: Watched) -> None:
    page = reader.go("/sources")
    expect(page.locator("tbody tr").first).to_contain_text("blocked")
    page.get_by_role("button", name="Check Outlet 2 now").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Queued. The result will appear here.")
    reader.go("/sources")
    page.get_by_role("link", name="More on source 2 of Outlet 1").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Outlet 1")
    expect(page.locator(".notice.bad")).to_contain_text("Nothing new for two days")
    page.get_by_role("button", name="Check Outlet 1 now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Outlet 1")
    reader.check()


def test_an_address_leads_to_its_story_and_an_unknown_one_may_be_fetched(reader: Watched) -> None:
    page = reader.go("/lookup")
    page.get_by_label("Or the URL of an article").fill("https://www.bay.example/b?utm_source=mail")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bridge to close")
    reader.go("/lookup")
    page.get_by_label("Or the URL of an article").fill("https://nowhere.example/x")
    page.get_by_role("button", name="Look up URL").click()
    expect(page.get_by_role("alert")).to_contain_text("No article with the URL https://nowhere.example/x is stored")
    expect(page.get_by_role("button", name="Fetch it now")).to_be_visible()
    reader.faults = [fault for fault in reader.faults if "404" not in fault]
    reader.check()


def test_filters_narrow_the_list_by_keyboard_and_its_feed_has_the_same(reader: Watched) -> None:
    page = reader.go("/")
    page.get_by_label("Language").select_option("ja")
    expect(page.locator("li[data-story]")).to_have_count(1)
    atom = page.get_by_role("link", name="Atom")
    expect(atom).to_have_attribute("href", re.compile("language=ja"))
    page.get_by_label("Language").select_option("")
    expect(atom).not_to_have_attribute("href", re.compile("language=ja"))
    page.get_by_text("More filters").press("Enter")
    page.get_by_label("Agency").fill("Coast Wire")
    page.get_by_label("Agency").press("Enter")
    expect(page.locator("li[data-story]")).to_have_count(1)
    expect(atom).to_have_attribute("href", re.compile("credit="))
    page.get_by_label("Watch").select_option(label="The bridge")
    expect(page.locator("#told")).to_have_text("1 story shown")
    expect(atom).to_have_attribute("href", re.compile("watch="))
    address = atom.get_attribute("href")
    assert address is not None
    feed = page.request.get(reader.home + address).text()
    assert feed.count("<entry>") == 1
    assert "Bridge to close" in feed
    reader.check()


def test_what_came_since_the_last_visit_is_marked_as_new(reader: Watched, desk: Served) -> None:
    told = Told("https://www.isle.example/light", NEWS, "Skarvoy is lit again", "Isle Post", 90)
    bring(desk.store, desk.index_client, [told], now=NOON + timedelta(minutes=91))
    hour_ago = int((NOON + timedelta(minutes=60)).timestamp())
    page = reader.go("/")
    expect(page.locator("h2 .pill.lead")).to_have_count(0)
    page.context.add_cookies([{"name": VISIT_COOKIE, "value": f"0.{hour_ago}", "url": reader.home}])
    reader.go("/?span=visit")
    expect(page.locator("h2", has=page.locator(".pill.lead"))).to_have_text("Skarvoy is lit again new")
    expect(page.locator("nav [aria-current=true]")).to_have_text("my last visit")
    reader.check()


def test_from_what_changed_to_two_versions_and_back_the_other_way_round(reader: Watched) -> None:
    page = reader.go("/")
    page.get_by_role("link", name="1 corrected").press("Enter")
    page.get_by_role("link", name="Bridge to close").click()
    page.get_by_role("link", name="2 versions at Coast Wire").press("Enter")
    page.get_by_role("link", name="changes").click()
    assert page.locator(".sides del").all_inner_texts() == ["eleven", "two thirds"]
    page.get_by_role("link", name="Swap").press("Enter")
    assert page.locator(".sides del").all_inner_texts() == ["seventeen", "one half"]
    tops = page.locator(".sides section").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
    assert len(tops) == 2
    assert tops[0] == tops[1]
    reader.check()


def test_times_are_those_of_the_readers_zone_and_utc_on_hover(browser: Any, desk: Served) -> None:
    context = browser.new_context(locale="de-DE", timezone_id="Europe/Berlin")
    reader = Watched(context.new_page(), desk.url).listen()
    page = reader.go("/sources")
    reader.go("/")
    page.get_by_role("link", name="Bridge to close").last.click()
    seen = page.locator("td[data-label='First seen'] time").first
    expect(seen).to_have_text("23. Nov. 2026, 13:12")
    expect(seen).to_have_attribute("title", "23 Nov 2026, 12:12 UTC")
    expect(page.get_by_text("times in Europe/Berlin; point at one for UTC")).to_be_visible()
    page.get_by_label("Clock").select_option("12")
    expect(seen).to_contain_text(re.compile(r"(?<!\d)1:12"))
    page.get_by_label("Clock").select_option("")
    page.get_by_label("Times").select_option("UTC")
    expect(seen).to_have_text("23 Nov 2026, 12:12 UTC")
    reader.go("/")
    expect(page.get_by_text("all times are UTC")).to_be_visible()
    page.get_by_label("Times").select_option("local")
    expect(page.locator(".stories time").first).to_have_attribute(
        "title", "23. Nov. 2026, 13:00 (23 Nov 2026, 12:00 UTC)"
    )
    reader.check()
    context.close()


def test_without_scripts_times_are_utc(browser: Any, desk: Served) -> None:
    context = browser.new_context(java_script_enabled=False, timezone_id="Europe/Berlin")
    reader = Watched(context.new_page(), desk.url).listen()
    page = reader.go("/")
    expect(page.get_by_text("all times are UTC")).to_be_visible()
    expect(page.get_by_label("Times")).to_be_hidden()
    context.close()
