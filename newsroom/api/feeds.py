"""Any list of stories as a feed: Atom (RFC 4287, paged by RFC 5005) and JSON Feed 1.1."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as Xml

from newsroom.api.naming import urn
from pipelines.language import known_language
from store.records import StoryRecord

__all__ = ["ATOM", "JSON_FEED", "Feed", "as_atom", "as_json_feed"]

ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"
NAMESPACE = "http://www.w3.org/2005/Atom"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 cannot hold, even escaped.
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of a list. `base` is our own address, `here` and `next` are addresses of the feed, `name` the list's."""

    name: str
    title: str
    base: str
    here: str
    next: str | None
    stories: Sequence[StoryRecord]

    def page_of(self, story: StoryRecord) -> str:
        return f"{self.base}/stories/{story.id}"

    @property
    def updated(self) -> datetime:
        return max((story.updated for story in self.stories), default=NO_TIME)


def as_atom(feed: Feed) -> bytes:
    Xml.register_namespace("", NAMESPACE)
    root = Xml.Element(_in_atom("feed"))
    _add(root, "id", urn("list", feed.name))
    _add(root, "title", feed.title)
    _add(root, "updated", _time(feed.updated))
    _add(root, "generator", "Onestory")
    _add(root, "link", rel="self", type=ATOM, href=feed.here)
    _add(root, "link", rel="alternate", type="text/html", href=f"{feed.base}/")
    if feed.next is not None:
        _add(root, "link", rel="next", type=ATOM, href=feed.next)
    for story in feed.stories:
        _add_entry(root, feed, story)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_entry(root: Xml.Element, feed: Feed, story: StoryRecord) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", urn("story", story.id))
    _add(entry, "title", story.title or "(no headline)")
    _add(entry, "published", _time(story.first_seen))
    _add(entry, "updated", _time(story.updated))
    _add(_add(entry, "author"), "name", story.first_outlet)
    _add(entry, "link", rel="alternate", type="text/html", href=feed.page_of(story))
    _add(entry, "link", rel="related", type="application/json", href=f"{feed.base}/v1/stories/{story.id}")
    _add(entry, "summary", _summary(story))


def _add(parent: Xml.Element, name: str, value: str | None = None, **attributes: str) -> Xml.Element:
    told = {key: NO_XML.sub("", each) for key, each in attributes.items()}
    element = Xml.SubElement(parent, _in_atom(name), told)
    element.text = None if value is None else NO_XML.sub("", value)
    return element


def _in_atom(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def as_json_feed(feed: Feed) -> dict[str, Any]:
    """https://www.jsonfeed.org/version/1.1/"""
    told = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": f"{feed.base}/",
        "feed_url": feed.here,
        "next_url": feed.next,
        "items": [_item(feed, story) for story in feed.stories],
    }
    return {name: value for name, value in told.items() if value is not None}


def _item(feed: Feed, story: StoryRecord) -> dict[str, Any]:
    told = {
        "id": urn("story", story.id),
        "url": feed.page_of(story),
        "title": story.title,
        "content_text": _summary(story),
        "date_published": _time(story.first_seen),
        "date_modified": _time(story.updated),
        "authors": [{"name": story.first_outlet}],
        "language": known_language(story.language),
        "_onestory": {"id": story.id, "copies": story.copies, "outlets": story.outlets, "owners": story.owners},
    }
    return {name: value for name, value in told.items() if value is not None}


def _summary(story: StoryRecord) -> str:
    """In plain words: where it ran first, and how far it went."""
    copies = f"{story.copies} {'copy' if story.copies == 1 else 'copies'}"
    outlets = f"{story.outlets} {'outlet' if story.outlets == 1 else 'outlets'}"
    seen = story.first_seen.strftime("%Y-%m-%d %H:%M")
    credit = f" Credit: {story.credit}." if story.credit else ""
    return f"{copies} in {outlets}. First seen {seen} UTC at {story.first_outlet}.{credit}"


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
