"""The leads of a dispatch, on the page of its story and in the API."""

from dataclasses import replace
from datetime import timedelta

from onestory.store.articles.captures import ProcessedCapture
from tests.news_texts import wire_article
from tests.newsroom.conftest import Served
from tests.newsroom.news import NOON
from tests.newsroom.test_pages import read
from tests.readings import reading, take

TOP, BASE = wire_article(1).split("\n"), wire_article(2).split("\n")
LEADS = ["\n".join([*TOP[:at], *BASE[:5]]) for at in (0, 2, 4)]


def copy(host: str, text: str, minutes: int) -> ProcessedCapture:
    made = reading(f"https://{host}.example/talks", text, observed=NOON + timedelta(minutes=minutes), title="Talks end")
    return replace(made, extracted=replace(made.extracted, credit="AP"))


def test_each_copy_says_which_lead_it_runs_and_how_far_it_is_behind(served: Served) -> None:
    rows = [copy(f"{name}{lead}", text, 10 * lead) for lead, text in enumerate(LEADS) for name in ("post", "herald")]
    take(served.store, served.index_client, rows)
    [found] = served.client.get("/v1/stories").json()["stories"]
    told = served.client.get(f"/v1/stories/{found['id']}").json()["articles"]
    leads = {one["host"]: (one["lead"]["number"], one["lead"]["count"], one["lead"]["behind"]) for one in told}
    assert leads == {f"{name}{at}.example": (at + 1, 3, 2 - at) for at in range(3) for name in ("post", "herald")}
    page = read(served.client.get(f"/stories/{found['id']}"))
    rows_shown = [" ".join(row.text_content().split()) for row in page.xpath("//tbody/tr")]
    assert sum("lead 1 of 3, 2 behind" in row for row in rows_shown) == 2
    assert sum("lead 3 of 3" in row and "behind" not in row for row in rows_shown) == 2


def test_a_story_of_one_text_has_no_leads(served: Served) -> None:
    take(served.store, served.index_client, [copy(f"post{at}", LEADS[0], at) for at in range(5)])
    [found] = served.client.get("/v1/stories").json()["stories"]
    told = served.client.get(f"/v1/stories/{found['id']}").json()["articles"]
    assert [one["lead"] for one in told] == [None] * 5
