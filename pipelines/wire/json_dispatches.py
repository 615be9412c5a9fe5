"""Dispatches in JSON: ninjs 3 and 2 (https://iptc.org/standards/ninjs/), also 1, and plain objects.

The versions of ninjs differ in the spelling of names (`versionCreated`, `versioncreated`), which does not count here.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from onestory.pipelines.archive.rows import by_folded_name, first_value
from onestory.pipelines.wire.lines import lines_of_markup
from onestory.pipelines.wire.parsing import BadDispatch, Dispatch, status_of, time_of

__all__ = ["json_dispatches"]

IDENTITIES = ("uri", "guid", "id", "urn", "identifier")
ISSUED = ("versioncreated", "updated", "modified", "dateupdated", "datemodified")
FIRST = ("firstcreated", "contentcreated", "published", "date")
ANNOTATIONS = ("ednote", "note", "specialinstructions")
PROVIDER_ROLES = ("provider", "publisher", "distributor", "originator")
CONTENT_TYPES = ("text/plain", "text/html", "application/xhtml+xml", "")
LISTS = ("items", "dispatches", "articles")


def json_dispatches(body: bytes) -> Iterator[Dispatch | BadDispatch | None]:
    """The dispatches of an object, of an array, or of an object's `items`; None for what is no text, as a picture.

    Raises BadDispatch for what is no JSON.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadDispatch(f"it is not JSON: {str(error)[:100]}") from error
    if isinstance(found, dict):
        found = next((found[name] for name in LISTS if isinstance(found.get(name), list)), [found])
    if not isinstance(found, list):
        raise BadDispatch("it is JSON, but neither an object nor an array of objects")
    for number, item in enumerate(found, 1):
        place = f"item {number}: " if len(found) > 1 else ""
        try:
            yield _dispatch(item)
        except BadDispatch as bad:
            yield BadDispatch(f"{place}{bad}")


def _dispatch(item: object) -> Dispatch | None:
    if not isinstance(item, dict):
        raise BadDispatch("it is not an object")
    row = by_folded_name(item)
    if str(row.get("type") or "text").lower() not in ("text", "article", "story", "composite"):
        return None
    uri = _first(row, IDENTITIES) or first_value(row, "url")
    if uri is None:
        raise BadDispatch("it has no identity: give it a `uri`")
    status = status_of(_first(row, ("pubstatus", "status")))
    text = _body(row)
    if not text and status == "usable":
        raise BadDispatch(f"{uri[:100]} has no text: give it in `bodies`, `body_text` or `text`")
    return Dispatch(
        uri=uri,
        provider=_provider(row),
        text=text,
        title=_headline(row),
        version=_first(row, ("version",)),
        issued=time_of(_first(row, ISSUED) or first_value(row, "published")),
        published=time_of(_first(row, FIRST) or first_value(row, "published")),
        status=status,
        note=_first(row, ANNOTATIONS),
        authors=tuple(one for one in (_first(row, ("by",)) or first_value(row, "authors"),) if one),
    )


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these fields that is a text or a number."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return None


def _objects(row: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = row.get(name)
    entries = found if isinstance(found, list) else [found]
    return [by_folded_name(one) for one in entries[:100] if isinstance(one, dict)]


def _headline(row: Mapping[str, Any]) -> str | None:
    found = sorted(_objects(row, "headlines"), key=lambda one: one.get("role") != "main")
    named = next((value for one in found if (value := _first(one, ("value",)))), None)
    return named or first_value(row, "title")


def _body(row: Mapping[str, Any]) -> str:
    bodies = [(str(one.get("contenttype") or "").partition(";")[0].lower(), one) for one in _objects(row, "bodies")]
    bodies.sort(key=lambda pair: CONTENT_TYPES.index(pair[0]) if pair[0] in CONTENT_TYPES else len(CONTENT_TYPES))
    for kind, body in bodies:
        if value := _first(body, ("value",)):
            return value if kind == "text/plain" else lines_of_markup(value)
    return lines_of_markup(first_value(row, "text") or _first(row, ("bodyxhtml",)) or "")


def _provider(row: Mapping[str, Any]) -> str | None:
    sources = _objects(row, "infosources") + _objects(row, "provider") + _objects(row, "source")
    ranked = sorted(sources, key=lambda one: str(one.get("role") or "").rpartition(":")[2] not in PROVIDER_ROLES)
    named = next((name for one in ranked if (name := _first(one, ("name", "literal")))), None)
    return named or _first(row, ("provider", "source", "copyrightholder"))
