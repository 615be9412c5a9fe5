"""Feeds of story lists: Atom and JSON Feed, with permanent URNs (RFC 9562) that do not depend on the host."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5
from xml.etree import ElementTree as Xml

from onestory.pipelines.extract.language import known_language
from onestory.store.stories.records import StoryRecord
from onestory.store.stories.summaries import StorySummary
from onestory.text import plural
from onestory.times import iso_utc

__all__ = ["ATOM", "JSON_FEED", "StoryFeed", "record_urn", "render_atom", "render_json_feed"]


# uuid5(NAMESPACE_DNS, "onestory")
URN_NAMESPACE = UUID("44d8a380-d446-58f5-9abd-bc426153c985")


def record_urn(kind: Literal["story", "article", "list"], identity: str) -> str:
    return uuid5(URN_NAMESPACE, f"{kind}:{identity}").urn


ATOM = "application/atom+xml"

JSON_FEED = "application/feed+json"

ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"

MAX_OUTLETS = 10  # named in an entry

EMPTY_FEED_TIME = datetime(1970, 1, 1, tzinfo=UTC)

# Characters that XML 1.0 does not allow, even escaped.
INVALID_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class StoryFeed:
    """A page of a list. `base` is the site's URL, `here` and `next` are URLs of the feed, `name` is the list's."""

    name: str
    title: str
    base: str
    here: str
    next: str | None
    stories: Sequence[StoryRecord]
    summaries: Mapping[str, StorySummary] = field(default_factory=dict)

    def summary(self, story: StoryRecord) -> StorySummary:
        return self.summaries.get(story.id, StorySummary(outlets=(story.first_outlet,)))

    def story_url(self, story: StoryRecord) -> str:
        return f"{self.base}/stories/{story.id}"

    @property
    def updated(self) -> datetime:
        return max((story.updated for story in self.stories), default=EMPTY_FEED_TIME)


def render_atom(feed: StoryFeed) -> bytes:
    Xml.register_namespace("", ATOM_NAMESPACE)
    root = Xml.Element(_in_atom("feed"))
    _add(root, "id", record_urn("list", feed.name))
    _add(root, "title", feed.title)
    _add(root, "updated", iso_utc(feed.updated))
    _add(root, "generator", "Onestory")
    _add(root, "link", rel="self", type=ATOM, href=feed.here)
    _add(root, "link", rel="alternate", type="text/html", href=f"{feed.base}/")
    if feed.next is not None:
        _add(root, "link", rel="next", type=ATOM, href=feed.next)
    for story in feed.stories:
        _add_entry(root, feed, story)
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_entry(root: Xml.Element, feed: StoryFeed, story: StoryRecord) -> None:
    entry = _add(root, "entry")
    _add(entry, "id", record_urn("story", story.id))
    _add(entry, "title", story.title or "(no headline)")
    _add(entry, "published", iso_utc(story.first_seen))
    _add(entry, "updated", iso_utc(story.updated))
    summary = feed.summary(story)
    _add(_add(entry, "author"), "name", story.original_outlet or story.first_outlet)
    for outlet in summary.outlets[:MAX_OUTLETS]:
        if outlet != story.original_outlet:
            _add(_add(entry, "contributor"), "name", outlet)
    if story.credit:
        _add(entry, "category", term=story.credit, label=f"Credit: {story.credit}")
    _add(entry, "link", rel="alternate", type="text/html", href=feed.story_url(story))
    _add(entry, "link", rel="related", type="application/json", href=f"{feed.base}/v1/stories/{story.id}")
    _add(entry, "summary", _summary(story, summary))


def _add(parent: Xml.Element, name: str, value: str | None = None, **attributes: str) -> Xml.Element:
    cleaned = {key: INVALID_IN_XML.sub("", each) for key, each in attributes.items()}
    element = Xml.SubElement(parent, _in_atom(name), cleaned)
    element.text = None if value is None else INVALID_IN_XML.sub("", value)
    return element


def _in_atom(name: str) -> str:
    return f"{{{ATOM_NAMESPACE}}}{name}"


def render_json_feed(feed: StoryFeed) -> dict[str, Any]:
    """Render JSON Feed 1.1: https://www.jsonfeed.org/version/1.1/"""
    result = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": f"{feed.base}/",
        "feed_url": feed.here,
        "next_url": feed.next,
        "items": [_item(feed, story) for story in feed.stories],
    }
    return {name: value for name, value in result.items() if value is not None}


def _item(feed: StoryFeed, story: StoryRecord) -> dict[str, Any]:
    result = {
        "id": record_urn("story", story.id),
        "url": feed.story_url(story),
        "title": story.title,
        "content_text": _summary(story, feed.summary(story)),
        "summary": feed.summary(story).lead or None,
        "date_published": iso_utc(story.first_seen),
        "date_modified": iso_utc(story.updated),
        "authors": [{"name": story.original_outlet or story.first_outlet}],
        "tags": [f"Credit: {story.credit}"] if story.credit else None,
        "language": known_language(story.language),
        "_onestory": {
            "id": story.id,
            "copies": story.copies,
            "outlets": story.outlets,
            "owners": story.owners,
            "outlet_names": list(feed.summary(story).outlets[:MAX_OUTLETS]),
            "credit": story.credit,
        },
    }
    return {name: value for name, value in result.items() if value is not None}


def _summary(story: StoryRecord, summary: StorySummary) -> str:
    """The lead, the spread of the story with its outlets, where it was first seen, and its credit."""
    spread = f"{plural(story.copies, 'copy', 'copies')} in {plural(story.outlets, 'outlet', 'outlets')}"
    names = ", ".join(summary.outlets[:MAX_OUTLETS])
    more = len(summary.outlets) - MAX_OUTLETS
    outlets = f"{names} and {more} more" if more > 0 else names
    seen = story.first_seen.strftime("%Y-%m-%d %H:%M")
    credit = f" Credit: {story.credit}." if story.credit else ""
    lead = f"{summary.lead} " if summary.lead else ""
    return f"{lead}{spread}: {outlets}. First seen {seen} UTC at {story.first_outlet}.{credit}"
