"""Dispatches: identity, originals, corrections, kills, and the report on their use."""

import csv
import io
import itertools
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2 as httpx
from sqlalchemy import select

from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.stories.original import REASONS
from onestory.pipelines.wire.receiving import Receipt
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.database import Store
from onestory.store.schema import articles, dispatches, versions, withdrawals
from tests.cli import onestory
from tests.newsroom.conftest import Served
from tests.newsroom.dispatches import CORRECTED, URI, filed, newsml, ninjs
from tests.newsroom.locked import Locked
from tests.newsroom.news import BRIDGE, FERRY, NOON
from tests.newsroom.test_pages import read, words
from tests.readings import reading, take


def ran(outlet: str, text: str, minutes: int, credit: str | None = None) -> ProcessedCapture:
    made = reading(
        f"https://{outlet.lower()}.example/bridge",
        text,
        observed=NOON + timedelta(minutes=minutes),
        title="Bridge to close",
        outlet=outlet,
    )
    return replace(made, extracted=replace(made.extracted, credit=credit, credit_evidence=credit and f"({credit})"))


def morning(store: Store, index_client: IndexClient) -> None:
    """The Early has the text before the dispatch is filed. The dispatch is corrected; the Post follows."""
    half = "\n".join(BRIDGE.split("\n")[:3])
    take(store, index_client, [ran("Early", BRIDGE, -30)])
    filed(store, index_client, ninjs(minutes=0))
    take(store, index_client, [ran("Post", BRIDGE, 5, "Coast Wire"), ran("Herald", BRIDGE, 6, "Other Agency")])
    take(store, index_client, [ran("Mail", half, 7)])
    filed(store, index_client, ninjs(CORRECTED, version=2, minutes=30))
    take(store, index_client, [ran("Post", CORRECTED, 70, "Coast Wire")])


def test_a_dispatch_is_the_original_whoever_was_seen_first(served: Served) -> None:
    morning(served.store, served.index_client)
    [story] = served.client.get("/v1/stories").json()["stories"]
    assert (story["original_outlet"], story["original_reason"]) == ("Coast Wire", "dispatch")
    assert (story["title"], story["copies"]) == ("Port Ellery bridge to close", 5)
    page = read(served.client.get(f"/stories/{story['id']}"))
    assert REASONS["dispatch"] in words(page)
    # Its address leads nowhere, and is no link.
    assert page.xpath("//a[contains(@href, 'wire.invalid')]") == []


def test_editors_pins_outrank_a_dispatch(served: Served) -> None:
    morning(served.store, served.index_client)
    [story] = served.client.get("/v1/stories").json()["stories"]
    copies = served.client.get(f"/v1/stories/{story['id']}").json()["articles"]
    [early] = [copy["id"] for copy in copies if copy["outlet"] == "Early"]
    said = {"article": early, "who": "A. Editor", "why": "our own reporting"}
    assert served.client.post(f"/v1/stories/{story['id']}/pin", json=said).status_code == 200
    told = served.client.get(f"/v1/stories/{story['id']}").json()
    assert (told["original_outlet"], told["original_reason"]) == ("Early", "pinned")


def state_of(store: Store, receipt: Receipt) -> tuple[object, ...]:
    """What is stored of a dispatch, apart from numbers that are given in order of arrival."""
    here = articles.c.id == receipt.article_id
    with store.read() as connection:
        told = connection.execute(
            select(dispatches.c.version, dispatches.c.status).where(dispatches.c.article_id == receipt.article_id)
        ).one()
        article = connection.execute(
            select(articles.c.first_seen, articles.c.withdrawn, articles.c.withdrawn_reason, versions.c.text)
            .join(versions, versions.c.number == articles.c.version)
            .where(here)
        ).one()
        history = connection.execute(
            select(versions.c.observed, versions.c.text)
            .where(versions.c.article_id == receipt.article_id)
            .order_by(versions.c.observed)
        ).all()
        periods = connection.execute(
            select(withdrawals.c.withdrawn, withdrawals.c.returned).where(
                withdrawals.c.article_id == receipt.article_id
            )
        ).all()
    return (*told, *article, tuple(map(tuple, history)), tuple(map(tuple, periods)))


def test_the_order_of_arrival_changes_nothing_and_neither_does_importing_again(served: Served) -> None:
    states = []
    for number, order in enumerate(itertools.permutations(range(3))):
        uri = f"{URI}:{number}"
        # The two texts were issued in one moment: the number of the version tells which is the later.
        files = [ninjs(uri=uri), ninjs(CORRECTED, uri=uri, version=2)]
        files.append(ninjs(uri=uri, version=3, minutes=9, status="canceled"))
        for at in (*order, *order):
            receipts = filed(served.store, served.index_client, files[at])
        states.append(state_of(served.store, receipts[0]))
    assert all(state == states[0] for state in states)
    version, status, first_seen, withdrawn, reason, text, history, _ = states[0]
    assert (version, status, withdrawn, reason) == ("3", "canceled", NOON + timedelta(minutes=9), "killed")
    assert (first_seen, "seventeen million" in str(text), len(history)) == (
        NOON + timedelta(microseconds=1),
        True,
        2,
    )  # type: ignore[arg-type]


def test_a_killed_dispatch_is_withdrawn_and_returns_when_its_provider_says_so(served: Served) -> None:
    morning(served.store, served.index_client)
    filed(served.store, served.index_client, ninjs(version=3, minutes=40, status="canceled"))
    [story] = served.client.get("/v1/stories").json()["stories"]
    page = read(served.client.get(f"/stories/{story['id']}"))
    assert "4 outlets still run the story. The original was taken down." in words(page)
    uses = served.client.get("/v1/uses").json()["uses"]
    assert {use["standing"] for use in uses} == {"still_online"}
    kinds = [one["kind"] for one in served.client.get("/v1/events").json()["events"]]
    assert kinds.count("story.withdrawn") == 1
    filed(served.store, served.index_client, ninjs(CORRECTED, version=4, minutes=50))
    assert {use["standing"] for use in served.client.get("/v1/uses").json()["uses"]} != {"still_online"}


def test_the_use_report_says_who_ran_how_much_with_which_credit_and_whether_it_is_corrected(served: Served) -> None:
    morning(served.store, served.index_client)
    uses = {
        use["outlet"]: use for use in served.client.get("/v1/uses", params={"provider": "Coast Wire"}).json()["uses"]
    }
    assert set(uses) == {"Early", "Post", "Herald", "Mail"}
    told = {name: (use["version"], use["relation"], use["credited"], use["standing"]) for name, use in uses.items()}
    assert told == {
        "Post": (2, "verbatim", True, "corrected"),
        "Herald": (1, "verbatim", False, "old_text"),
        "Early": (1, "verbatim", False, "old_text"),
        "Mail": (2, "excerpt", False, "unaffected"),
    }
    assert (uses["Post"]["share"], uses["Post"]["credit_words"], uses["Herald"]["credit"]) == (
        1.0,
        "(Coast Wire)",
        "Other Agency",
    )
    assert 0.4 < uses["Mail"]["share"] < 0.8
    assert {(use["dispatch"], use["versions"], use["leads"]) for use in uses.values()} == {(URI, 2, 1)}


def test_uses_are_counted_by_client_and_month_on_page_api_and_tables(served: Served) -> None:
    morning(served.store, served.index_client)
    clients = {one["outlet"]: one for one in served.client.get("/v1/uses/clients").json()["clients"]}
    assert (clients["Post"]["month"], clients["Post"]["provider"], clients["Post"]["uses"]) == (
        "2026-11",
        "Coast Wire",
        1,
    )
    assert (clients["Post"]["credited"], clients["Post"]["corrected"], clients["Post"]["old_text"]) == (1, 1, 0)
    assert (clients["Herald"]["uncredited"], clients["Herald"]["old_text"], clients["Mail"]["excerpt"]) == (1, 1, 1)
    table = served.client.get("/v1/uses/clients", params={"format": "csv", "outlet": "Mail"}).text.lstrip("\ufeff")
    assert [(row["outlet"], row["excerpt"]) for row in csv.DictReader(io.StringIO(table))] == [("Mail", "1")]
    assert served.client.get("/v1/uses", params={"format": "xlsx"}).content.startswith(b"PK")
    page = read(served.client.get("/wire"))
    assert "still the old text" in words(page)
    assert "Herald" in words(read(served.client.get("/wire?month=2026-11")))
    assert "No outlet was seen to run these dispatches." in words(read(served.client.get("/wire?month=2026-10")))
    refused = read(served.client.get("/wire?month=soon"), 422)
    assert "is not a month" in words(refused, "//*[@role='alert']")
    assert served.client.get("/v1/uses/clients?month=2026-13").status_code == 422
    assert served.client.get("/v1/providers").json()["providers"][0]["dispatches"] == 1


def test_a_copy_is_the_use_of_the_dispatch_that_it_has_most_of(served: Served) -> None:
    longer = BRIDGE + "\nThe ministry will report on all other bridges of the coast before the end of the year."
    filed(served.store, served.index_client, ninjs(uri=f"{URI}:first"))
    filed(served.store, served.index_client, ninjs(longer, uri=f"{URI}:second", minutes=20))
    take(served.store, served.index_client, [ran("Post", longer, 30), ran("Herald", BRIDGE, 31)])
    pages, cursor = [], None
    while not pages or cursor:
        answer = served.client.get("/v1/uses", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        pages += answer["uses"]
        cursor = answer["next"]
    assert {use["outlet"]: (use["dispatch"], use["lead"], use["leads"]) for use in pages} == {
        "Post": (f"{URI}:second", 2, 2),
        "Herald": (f"{URI}:first", 1, 2),
    }
    assert len(pages) == 2
    assert served.client.get("/v1/uses?cursor=x&limit=1").status_code == 400


def test_dispatches_are_posted_with_an_edit_key_and_hostile_ones_refused(small: Locked) -> None:
    def post(body: bytes | str, scope: str = "edit", kind: str = "application/xml") -> httpx.Response:
        headers = {**small.bearer(scope), "Content-Type": kind}
        return small.client.post("/v1/dispatches", content=body, headers=headers)

    def refusal(body: str) -> str:
        answer = post(body)
        assert answer.status_code == 422
        return str(answer.json()["detail"])

    assert post(newsml(), "read").status_code == 403
    [first] = post(newsml()).json()["dispatches"]
    assert (first["uri"], first["provider"], first["result"]) == (URI, "Coast Wire", "stored")
    assert post(newsml()).json()["dispatches"][0]["result"] == "known"
    assert post(newsml(status="stat:canceled", version=2)).json()["dispatches"][0]["result"] == "withdrawn"
    item = newsml().partition("?>")[2]
    laughs = "".join(f'<!ENTITY x{at} "{f"&x{at - 1};" * 10}">' for at in range(1, 9))
    assert "document type" in refusal(f'<!DOCTYPE a [<!ENTITY x0 "ha">{laughs}]>{item.replace("Bridge", "&x8;")}')
    assert "document type" in refusal(f'<!DOCTYPE newsItem SYSTEM "http://evil.example/x.dtd">{item}')
    assert "well-formed" in refusal("<newsItem>" * 50_000)
    assert "tags, more than" in refusal(f"<newsItem>{'<a/>' * 100_001}</newsItem>")
    assert post(ninjs(), kind="text/plain").status_code == 415
    mixed = [json.loads(ninjs(FERRY, uri="urn:ferry")), {"uri": "urn:none"}, {"type": "picture", "uri": "urn:p"}]
    told = post(json.dumps(mixed), kind="application/json").json()
    assert ([one["uri"] for one in told["dispatches"]], told["left_out"]) == (["urn:ferry"], 1)
    assert "item 2: urn:none has no text" in told["faults"][0]


def test_a_folder_is_imported_with_a_line_for_each_fault(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.json").write_bytes(ninjs())
    (folder / "2.xml").write_text(newsml(FERRY, uri="urn:ferry"))
    (folder / "3.json").write_text("{not json")
    (folder / "4.json").write_text(json.dumps({"id": "plain-1", "title": "Ferry", "text": FERRY}))
    (folder / ".5.json").write_text("half a file")
    (folder / "readme.txt").write_text("no dispatch")
    done = onestory("wire", "import", folder, home=home)
    assert done.returncode == 1
    faults = done.stderr.strip().splitlines()
    assert [line.partition(": ")[0] for line in faults] == [str(folder / "3.json"), str(folder / "4.json")]
    assert "it is not JSON" in faults[0]
    assert "names no provider" in faults[1]
    again = onestory("wire", "import", folder, "--provider", "Coast Wire", "--json", home=home)
    told = json.loads(again.stdout)
    assert (told["files"], told["stored"], told["known"], len(told["faults"])) == (4, 1, 2, 1)
    rows = tmp_path / "rows.jsonl"
    row = {"url": "https://post.example/bridge", "text": BRIDGE, "outlet": "Post", "fetched": NOON.isoformat()}
    forged = {"url": "https://coast-wire-wire.invalid/urn:forged", "text": FERRY}
    rows.write_text(json.dumps(row) + "\n" + json.dumps(forged) + "\n")
    assert "bad_url" in onestory("import", rows, home=home).stdout
    [use] = [json.loads(line) for line in onestory("wire", "uses", "--json", home=home).stdout.splitlines()]
    assert (use["outlet"], use["dispatch"], use["standing"]) == ("Post", URI, "unchanged")
    assert "1 copy of 1 dispatch of Coast Wire" in onestory("wire", "report", "--month", "2026-11", home=home).stdout
