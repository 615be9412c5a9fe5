"""Bodies of webhook messages: for programs, for Slack and for mails."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Connection

from onestory.errors import NotFound
from onestory.store.stories.records import CopyRecord, StoryRecord, copies_by_id, resolve_story
from onestory.store.webhooks.outbox import OutboxMessage
from onestory.store.webhooks.webhooks import WebhookForm
from onestory.text import plural, printable

__all__ = ["message_body"]


# A message with several events has the most important kind.
KINDS_BY_IMPORTANCE = (
    "story.withdrawn",
    "story.corrected",
    "watch.matched",
    "story.split",
    "story.merged",
    "coverage.crossed_language",
    "coverage.started",
    "story.created",
    "coverage.grew",
    "story.grew",
)

KIND_LABELS = {
    "story.created": "New",
    "story.grew": "Spreads",
    "story.corrected": "Original corrected",
    "story.withdrawn": "Withdrawn",
    "story.merged": "Merged with another story",
    "story.split": "Split",
    "coverage.started": "Others report it, too",
    "coverage.grew": "More reports of it",
    "coverage.crossed_language": "Reported in another language",
    "watch.matched": "Matches your watch",
    "source.blocked": "Source blocked",
    "source.silent": "Source silent",
    "source.failed": "Source failing",
    "sources.failing": "Most sources are failing",
    "webhook.disabled": "A webhook was disabled",
    "webhook.test": "Test: this webhook works",
}


def message_body(
    connection: Connection, message: OutboxMessage, form: WebhookForm, *, desk: str | None = None
) -> str | None:
    """The body as JSON, or None if the story was taken down before anything about it was sent.

    That of a mail has `subject` and `text`, with a link to the pages if `desk` is their address.
    """
    record, original = _story(connection, message.story_id)
    taken_down = any(event["data"].get("taken_down") for event in message.gathered)
    if message.story_id is not None and record is None and not taken_down:
        return None
    kind = _kind(message.gathered)
    if form == "slack":
        return orjson.dumps(
            {"text": _line(_said(kind, message.gathered), record, original, message.gathered[-1]["data"])}
        ).decode()
    if form == "email":
        says, last = _said(kind, message.gathered), message.gathered[-1]["data"]
        return orjson.dumps(_mail(says, record, original, last, desk)).decode()
    data = {
        "story_id": message.story_id,
        "source_id": message.source_id,
        "story": record and {**_plain(record), "url": original.url if original else None},
        "events": message.gathered,
    }
    result = {"type": kind, "timestamp": message.gathered[-1]["at"], "data": data}
    return orjson.dumps(result, option=orjson.OPT_UTC_Z).decode()


def _plain(record: StoryRecord) -> dict[str, Any]:
    return asdict(record)


def _story(connection: Connection, story_id: str | None) -> tuple[StoryRecord | None, CopyRecord | None]:
    if story_id is None:
        return None, None
    try:
        record = resolve_story(connection, story_id)
    except NotFound:
        return None, None
    found = copies_by_id(connection, [record.original])
    return record, found[0] if found else None


def _kind(gathered: Sequence[Mapping[str, Any]]) -> str:
    kinds = [str(event["kind"]) for event in gathered]
    return next((kind for kind in KINDS_BY_IMPORTANCE if kind in kinds), kinds[0])


def _said(kind: str, gathered: Sequence[Mapping[str, Any]]) -> str:
    own = [event["data"] for event in gathered if event["kind"] == kind]
    if kind == "story.withdrawn" and not any(data.get("is_original", True) for data in own):
        return "Copy withdrawn"
    if kind != "story.corrected":
        return KIND_LABELS.get(kind, kind)
    copy = "Original" if any(data.get("is_original") for data in own) else "Copy"
    return f"{copy} {'is back' if all(data.get('returned') for data in own) else 'corrected'}"


def _line(says: str, record: StoryRecord | None, original: CopyRecord | None, data: Mapping[str, Any]) -> str:
    if watch := data.get("watch"):
        says = f"{says} {_escaped(str(watch))}"
    if record is None:
        about = " ".join(_escaped(str(data[name])) for name in ("outlet", "url", "why") if data.get(name))
        return f"*{says}*" + (f": {about}" if about else "")
    title = _escaped(record.title or "(no headline)")
    linked = f"<{_address(original.url)}|{title}>" if original else title
    spread = f"{plural(record.copies, 'copy', 'copies')} in {plural(record.outlets, 'outlet', 'outlets')}"
    return f"*{says}*: {linked} ({spread}, first at {_escaped(record.first_outlet)})"


def _mail(
    says: str, record: StoryRecord | None, original: CopyRecord | None, data: Mapping[str, Any], desk: str | None
) -> dict[str, str]:
    """Subject and text of a mail. What comes from the web is on lines of its own, without line ends."""
    watch = f" “{printable(str(data['watch']), width=200)}”" if data.get("watch") else ""
    if record is None:
        about = "  ".join(printable(str(data[name]), width=300) for name in ("outlet", "url", "why") if data.get(name))
        return {"subject": f"Onestory: {says}", "text": f"{says}.\n{about}\n"}
    title = printable(record.title or "(no headline)", width=200)
    spread = f"{plural(record.copies, 'copy', 'copies')} in {plural(record.outlets, 'outlet', 'outlets')}"
    lines = [f"{says}{watch}:", "", title, f"{spread}, first seen at {printable(record.first_outlet, width=200)}."]
    if original:
        lines.append(f"Original: {printable(original.url, width=2_000)}")
    if desk:
        lines += ["", f"{desk}/stories/{record.id}"]
    return {"subject": f"{says}: {title}", "text": "\n".join([*lines, "", "Sent by Onestory for a watch.", ""])}


def _escaped(text: str) -> str:
    """The text with Slack's control characters escaped. `*`, `_`, `~` and backquotes can only change the style of this
    line.
    """
    plain = printable(text, width=200)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦")


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
