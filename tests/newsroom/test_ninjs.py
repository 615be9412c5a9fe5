"""Whatever we tell as ninjs: by our reading of its schema, and by the IPTC's own where a developer has that."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import select, update

from onestory.newsroom.http.openapi import MEDIA_TYPE_EXAMPLES
from onestory.newsroom.stories.ninjs import NINJS_TYPE
from onestory.store.articles.captures import ProcessedCapture
from onestory.store.schema import articles
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON
from tests.newsroom.ninjs import SCHEMA, disagreements, faults_of, published_validator
from tests.readings import reading, take

VARIABLE = "ONESTORY_TEST_NINJS_SCHEMA"
NAME = "ninjs-schema_3.1.json"
LANTERNS = (
    "ポートエラリーの港で来週、恒例の灯ろう祭りが開かれ、千隻を超える小舟が夜の湾に浮かぶと市の観光課が発表した。"
    "祭りは六十年前に漁師の三兄弟が始めたもので、今年は橋の工事のため会場が北の桟橋に移される。🏮"
)
MARKET = (
    "The fish market of Port Ellery opens an hour earlier from Tuesday, so that boats that come in at night sell "
    "before the ice is gone, its keeper said.\n"
    "Buyers from three valleys had asked for it since the spring; the bakers on the quay open earlier, too."
)


def ran(host: str, text: str, *, minutes: float = 0, **told: Any) -> ProcessedCapture:
    """The text as that outlet ran it; `told` is what its page tells besides."""
    seen = NOON + timedelta(minutes=minutes)
    one = reading(f"https://www.{host}.example/{host}", text, observed=seen, title="Bridge to close", outlet=host)
    return replace(one, extracted=replace(one.extracted, **told))


def of_every_kind() -> list[ProcessedCapture]:
    rights = {"mining": "reserved", "observed": None, "signals": [{"source": "tdmrep", "value": "1", "says": "no"}]}
    hostile = "<b>Market</b> &amp; \x00\x01\x9b\u202e\u2028]]> \ud800"
    return [
        ran("wire", BRIDGE, credit="Coast Wire", byline=("Marta Holm", "Jón Þór"), published=NOON),
        ran("bay", BRIDGE, minutes=5, credit="Coast Wire", rights=rights),
        ran("north", BRIDGE, minutes=9, published=datetime(1, 1, 1, tzinfo=UTC), kind="paywall_stub"),
        ran("brief", "\n".join(BRIDGE.split("\n")[:3]), minutes=12, title=None, language="und"),
        ran("island", FERRY, title=None, language="und"),
        ran("minato", LANTERNS, title="港の灯ろう祭り、北の桟橋で 🏮", language="ja", byline=("山田 花子",)),
        ran("market", MARKET, title=hostile, credit=hostile, byline=(hostile,), published=NOON.replace(microsecond=7)),
    ]


@pytest.fixture
def told(served: Served) -> list[dict[str, Any]]:
    """Every story and every article, each as ninjs."""
    take(served.store, served.index_client, of_every_kind(), now=NOON + timedelta(minutes=20))
    corrected = [ran("wire", BRIDGE.replace("eleven", "seventeen"), minutes=30, credit="Coast Wire")]
    take(served.store, served.index_client, corrected, now=NOON + timedelta(minutes=30))
    with served.store.write() as connection:
        gone = select(articles.c.id).where(articles.c.outlet == "bay").scalar_subquery()
        connection.execute(update(articles).where(articles.c.id == gone).values(withdrawn=NOON, withdrawn_reason="410"))
    return list(everything(served.client))


def everything(client: httpx.Client) -> Iterator[dict[str, Any]]:
    for story in client.get("/v1/stories").json()["stories"]:
        copies = client.get(f"/v1/stories/{story['id']}").json()["articles"]
        for path in (f"/v1/stories/{story['id']}", *(f"/v1/articles/{copy['id']}" for copy in copies)):
            by_format = client.get(path, params={"format": "ninjs"}).raise_for_status()
            by_accept = client.get(path, headers={"Accept": NINJS_TYPE})
            assert by_accept.content == by_format.content
            yield by_format.json()


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    """The IPTC's own schema, which does not come with this project."""
    path = os.environ.get(VARIABLE)
    if not path:
        pytest.skip(f"{VARIABLE} is not set: let it name {NAME}, which the IPTC publishes with its ninjs standard")
    schema: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    assert schema["$id"].endswith((f"/{NAME}", f"/{NAME}#")), f"{VARIABLE} names {schema['$id']}, not {NAME}"
    return schema


def test_what_is_told_is_of_every_kind(told: list[dict[str, Any]]) -> None:
    several = next(one for one in told if len(one["associations"]) > 1)
    assert {one["rel"] for one in several["associations"]} == {"edited", "excerpt"}
    assert "canceled" in {one["pubStatus"] for one in several["associations"]}
    assert {"publisher", "credit"} == {one["role"] for one in several["infoSources"]}
    assert any(not one["associations"] for one in told)
    assert any("headlines" not in one and "language" not in one for one in told)
    assert {one.get("language") for one in told} == {"en", "ja", None}
    assert "seventeen million" in str(told)


def test_all_of_it_is_ninjs_as_we_read_its_schema(told: list[dict[str, Any]]) -> None:
    assert [fault for one in told for fault in faults_of(one)] == []


def test_all_of_it_is_ninjs_by_the_schema_of_the_iptc(published: dict[str, Any], told: list[dict[str, Any]]) -> None:
    validator = published_validator(published)
    assert [fault for one in told for fault in faults_of(one, by=validator)] == []


def test_the_example_in_our_document_is_ninjs(published: dict[str, Any]) -> None:
    assert faults_of(MEDIA_TYPE_EXAMPLES[NINJS_TYPE], by=published_validator(published)) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        {"language": None},
        {"more": 1},
        {"pubStatus": "gone"},
        {"firstCreated": "noon"},
        {"associations": [{"rel": "x"}]},
        {"places": [{"geoJSON": {}}]},
    ],
)
def test_the_schema_of_the_iptc_finds_what_is_no_ninjs(spoiled: dict[str, Any], published: dict[str, Any]) -> None:
    assert len(faults_of({**MEDIA_TYPE_EXAMPLES[NINJS_TYPE], **spoiled}, by=published_validator(published))) >= 1


def test_our_reading_says_what_the_schema_of_the_iptc_says(published: dict[str, Any]) -> None:
    assert list(disagreements(SCHEMA, published, within=published)) == []


def test_a_reading_that_says_otherwise_is_found() -> None:
    theirs = {**SCHEMA, "required": [], "properties": {**SCHEMA["properties"], "language": {"type": "number"}}}
    del theirs["properties"]["altIds"]
    found = "\n".join(disagreements(SCHEMA, theirs, within={}))
    assert found.startswith("ninjs: ")
    assert "ninjs.altIds is not there" in found
    assert "ninjs.language: " in found
