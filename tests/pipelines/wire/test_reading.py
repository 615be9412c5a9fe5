"""Files of providers in every format: identity, version, time, status, headline and paragraphs."""

import json
from datetime import UTC, datetime

import pytest

from onestory.pipelines.wire.reading import FiledCaptures, captures_of_file
from onestory.store.articles.captures import Capture, Filing
from tests.newsroom.dispatches import URI, newsml, ninjs
from tests.newsroom.news import BRIDGE, NOON

NOW = datetime(2026, 11, 30, tzinfo=UTC)
NINJS_1 = {
    "uri": URI,
    "type": "text",
    "version": "1",
    "versioncreated": NOON.isoformat(),
    "pubstatus": "usable",
    "headline": "Port Ellery bridge to close",
    "body_xhtml": "".join(f"<p>{line}</p>" for line in BRIDGE.split("\n")),
    "source": "Coast Wire",
}
NINJS_2 = {
    "uri": URI,
    "version": "1",
    "versioncreated": NOON.isoformat(),
    "headlines": [{"role": "short", "value": "Bridge"}, {"role": "main", "value": "Port Ellery bridge to close"}],
    "bodies": [{"role": "main", "contenttype": "text/plain", "value": BRIDGE}],
    "infosources": [{"name": "Photo desk", "role": "creator"}, {"name": "Coast Wire", "role": "isrol:provider"}],
}
PLAIN = {"id": URI, "version": 1, "updated": NOON.isoformat(), "title": "Port Ellery bridge to close", "text": BRIDGE}
RSS = (
    '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    f"<item><guid isPermaLink='false'>{URI}</guid><title>Port Ellery bridge to close</title>"
    "<pubDate>Mon, 23 Nov 2026 12:00:00 GMT</pubDate><description>Short.</description><content:encoded><![CDATA["
    + "".join(f"<p>{line}</p>" for line in BRIDGE.split("\n"))
    + "]]></content:encoded></item></channel></rss>"
)
XHTML = newsml().replace("<block>", "<div>").replace("</block>", "</div>").replace("body.content", "article")


def of(body: bytes | str, provider: str | None = None) -> FiledCaptures:
    return captures_of_file(body.encode() if isinstance(body, str) else body, provider=provider, source="test", now=NOW)


def only(body: bytes | str, provider: str | None = None) -> Capture:
    found = of(body, provider)
    assert (found.faults, len(found.captures)) == ((), 1)
    return found.captures[0]


@pytest.mark.parametrize(
    "body",
    [
        ninjs(),
        json.dumps(NINJS_1),
        json.dumps(NINJS_2),
        json.dumps({"items": [PLAIN | {"provider": {"name": "Coast Wire"}}]}),
        newsml(),
        newsml().replace("UTF-8", "UTF-16").encode("utf-16"),
        XHTML,
    ],
    ids=["ninjs 3", "ninjs 1", "ninjs 2", "JSON", "NITF", "UTF-16", "XHTML"],
)
def test_every_format_gives_the_same_dispatch(body: bytes | str) -> None:
    capture = only(body)
    assert capture.filing is not None
    assert (capture.filing.uri, capture.filing.provider, capture.filing.version) == (URI, "Coast Wire", "1")
    assert (capture.filing.issued, capture.filing.status) == (NOON, "usable")
    assert (capture.title, capture.text) == ("Port Ellery bridge to close", BRIDGE)
    assert capture.url == f"https://coast-wire-wire.invalid/{URI}"


def test_a_feed_with_whole_texts_holds_dispatches() -> None:
    capture = only(RSS, "Coast Wire")
    assert (capture.text, capture.title) == (BRIDGE, "Port Ellery bridge to close")
    assert capture.filing == Filing("Coast Wire", URI, None, NOON)


@pytest.mark.parametrize("status", ["stat:canceled", "http://cv.iptc.org/newscodes/pubstatusg2/canceled"])
def test_a_kill_is_a_notice_whatever_text_it_carries(status: str) -> None:
    body = newsml(status=status) if ":" in status[:6] else newsml().replace('qcode="stat:usable"', f'uri="{status}"')
    found = of(body)
    assert (found.captures, [notice.status for notice in found.notices]) == ((), ["canceled"])
    assert found.notices[0].note == "Mandatory kill"


def test_a_message_holds_several_items_and_pictures_are_left_out() -> None:
    items = [newsml(uri=f"urn:{number}").partition("?>")[2] for number in range(3)]
    items[1] = items[1].replace("ninat:text", "ninat:picture")
    message = f'<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><header/><itemSet>{"".join(items)}</itemSet></newsMessage>'
    found = of(message)
    assert ([one.filing.uri for one in found.captures if one.filing], found.left_out) == (["urn:0", "urn:2"], 1)


def test_the_operator_names_the_provider_before_the_file_does() -> None:
    capture = only(ninjs(), "Our CMS")
    assert (capture.outlet, capture.url.startswith("https://our-cms-wire.invalid/")) == ("Our CMS", True)
    assert only(ninjs(), "北方通信").url != only(ninjs(), "南方通信").url


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty"),
        (b"Bridge to close", "neither JSON nor XML"),
        (b"[" * 100_000, "not JSON"),
        (b'"text"', "neither JSON nor XML"),
        (b"[3]", "not an object"),
        (b'{"text": "no identity"}', "no identity"),
        (b"<html><body/></html>", "no NewsML-G2"),
        (newsml().replace(f'guid="{URI}"', "").encode(), "no identity"),
        (newsml().replace("inlineXML", "remote").encode(), "no text"),
        (ninjs(uri="urn:" + "x" * 4_000), "too long"),
        (b"x" * 8_000_001, "larger than 8 MB"),
    ],
)
def test_bad_input_is_one_line_with_a_remedy(body: bytes, said: str) -> None:
    found = of(body)
    assert (found.captures, found.notices, len(found.faults)) == ((), (), 1)
    assert said in found.faults[0]
    assert "\n" not in found.faults[0]
