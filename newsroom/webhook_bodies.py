"""What a message of a webhook says: as JSON for programs, or as Slack shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Connection

from newsroom.printable import printable
from store.errors import NotFound
from store.records import Copy, StoryRecord, copies_by_id, story_now
from store.webhook_messages import Message
from store.webhooks import Form

__all__ = ["body_of"]

# A message of several events is of the kind that matters most.
WEIGHT = (
    "story.withdrawn",
    "story.corrected",
    "watch.matched",
    "story.split",
    "story.merged",
    "story.created",
    "story.grew",
)
SAYS = {
    "story.created": "New",
    "story.grew": "Spreads",
    "story.corrected": "Original changed",
    "story.withdrawn": "Withdrawn",
    "story.merged": "Merged with another story",
    "story.split": "Split",
    "watch.matched": "On your watch",
    "source.blocked": "Source blocked",
    "source.silent": "Source silent",
    "webhook.disabled": "A webhook was disabled",
    "webhook.test": "A test: this webhook works",
}


def body_of(connection: Connection, message: Message, form: Form) -> str | None:
    """The body as JSON; None where the story was taken down before anybody was told of it."""
    record, original = _story(connection, message.story_id)
    taken_down = any(event["data"].get("taken_down") for event in message.gathered)
    if message.story_id is not None and record is None and not taken_down:
        return None
    kind = _kind(message.gathered)
    if form == "slack":
        return orjson.dumps(
            {"text": _line(_said(kind, message.gathered), record, original, message.gathered[-1]["data"])}
        ).decode()
    data = {
        "story_id": message.story_id,
        "source_id": message.source_id,
        "story": record and {**_plain(record), "url": original.url if original else None},
        "events": message.gathered,
    }
    told = {"type": kind, "timestamp": message.gathered[-1]["at"], "data": data}
    return orjson.dumps(told, option=orjson.OPT_UTC_Z).decode()


def _plain(record: StoryRecord) -> dict[str, Any]:
    return asdict(record)


def _story(connection: Connection, story_id: str | None) -> tuple[StoryRecord | None, Copy | None]:
    if story_id is None:
        return None, None
    try:
        record = story_now(connection, story_id)
    except NotFound:
        return None, None
    found = copies_by_id(connection, [record.original])
    return record, found[0] if found else None


def _kind(gathered: Sequence[Mapping[str, Any]]) -> str:
    kinds = [str(event["kind"]) for event in gathered]
    return next((kind for kind in WEIGHT if kind in kinds), kinds[0])


def _said(kind: str, gathered: Sequence[Mapping[str, Any]]) -> str:
    own = [event["data"] for event in gathered if event["kind"] == kind]
    if kind == "story.withdrawn" and not any(data.get("is_original", True) for data in own):
        return "A copy was withdrawn"
    if kind != "story.corrected":
        return SAYS.get(kind, kind)
    who = "Original" if any(data.get("is_original") for data in own) else "A copy"
    return f"{who} {'is back' if all(data.get('returned') for data in own) else 'changed'}"


def _line(says: str, record: StoryRecord | None, original: Copy | None, data: Mapping[str, Any]) -> str:
    if watch := data.get("watch"):
        says = f"{says} {_escaped(str(watch))}"
    if record is None:
        about = " ".join(_escaped(str(data[name])) for name in ("outlet", "url", "why") if data.get(name))
        return f"*{says}*" + (f": {about}" if about else "")
    title = _escaped(record.title or "(no headline)")
    linked = f"<{_address(original.url)}|{title}>" if original else title
    spread = f"{_count(record.copies, 'copy', 'copies')} in {_count(record.outlets, 'outlet', 'outlets')}"
    return f"*{says}*: {linked} ({spread}, first at {_escaped(record.first_outlet)})"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _escaped(text: str) -> str:
    """Slack's three signs; `*`, `_`, `~` and backquotes could only change how our own line looks."""
    plain = printable(text, width=200)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦")


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
