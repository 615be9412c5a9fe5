"""Invented dispatches, in the formats in which agencies file them."""

import json
from datetime import UTC, datetime, timedelta
from html import escape

from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.wire.reading import read_dispatch_file
from onestory.pipelines.wire.receiving import Receipt, receive
from onestory.store.database import Store
from tests.newsroom.news import BRIDGE, NOON

__all__ = ["CORRECTED", "URI", "filed", "newsml", "ninjs"]

URI = "urn:newsml:coastwire.example:20261123:bridge"
CORRECTED = BRIDGE.replace("eleven million crowns", "seventeen million crowns").replace("two thirds", "one half")


def ninjs(text: str = BRIDGE, *, uri: str = URI, version: int = 1, minutes: int = 0, status: str = "usable") -> bytes:
    """A ninjs 3 item, issued so many minutes after noon."""
    return json.dumps(
        {
            "uri": uri,
            "type": "text",
            "version": str(version),
            "firstCreated": NOON.isoformat(),
            "versionCreated": (NOON + timedelta(minutes=minutes)).isoformat(),
            "pubStatus": status,
            "headlines": [{"role": "main", "value": "Port Ellery bridge to close"}],
            "bodies": [{"contentType": "text/html", "value": "".join(f"<p>{line}</p>" for line in text.split("\n"))}],
            "infoSources": [{"name": "Coast Wire", "role": "provider"}],
        }
    ).encode()


def newsml(text: str = BRIDGE, *, uri: str = URI, version: int = 1, status: str = "stat:usable") -> str:
    """A NewsML-G2 item whose text is NITF, issued at noon."""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in text.split("\n"))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" '
        f'standard="NewsML-G2" standardversion="2.33" guid="{uri}" version="{version}"><itemMeta>'
        '<itemClass qcode="ninat:text"/><provider literal="Coast Wire"/>'
        f'<versionCreated>{NOON.isoformat()}</versionCreated><pubStatus qcode="{status}"/>'
        "<edNote>Mandatory kill</edNote></itemMeta><contentMeta><by>Ann Bell</by>"
        "<headline>Port Ellery bridge to close</headline></contentMeta><contentSet>"
        '<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body>'
        "<body.head><hedline><hl1>Bridge</hl1></hedline></body.head>"
        f"<body.content><block>{paragraphs}</block></body.content></body></nitf></inlineXML></contentSet></newsItem>"
    )


def filed(store: Store, index_client: IndexClient, body: bytes, *, provider: str | None = None) -> list[Receipt]:
    """Import a file in this process."""
    now = NOON + timedelta(hours=1)
    file = read_dispatch_file(body, provider=provider, source="test", furniture={}, now=datetime.now(UTC))
    assert file.faults == ()
    return receive(store, index_client, file, now=now)
