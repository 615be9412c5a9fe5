"""What ninjs 3.1 says of the members that we tell, as a JSON Schema of our own.

Made after `ninjs-schema_3.1.json` of the IPTC (https://iptc.org/std/ninjs/, CC BY 4.0), read member by member: names,
types, words that are allowed, what is required, and that there are no others. What it has beside these (events,
places, renditions, ...) we never tell, and it is left out here: what passes here passes there. Whoever has that file
lets the tests read it, too: see `disagreements` and `published_validator`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema_rs import Draft202012Validator

__all__ = ["SCHEMA", "disagreements", "faults_of", "published_validator"]

STRING = {"type": "string"}
URI = {"type": "string", "format": "uri"}
TIME = {"type": "string", "format": "date-time"}


def closed(*required: str, **members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


def words(*allowed: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(allowed)}


def several(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": one}


ITEM: dict[str, dict[str, Any]] = {
    "uri": URI,
    "type": words("text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"),
    "representationType": words("full", "partial"),
    "version": STRING,
    "firstCreated": TIME,
    "versionCreated": TIME,
    "contentCreated": TIME,
    "pubStatus": words("usable", "withheld", "canceled"),
    "language": STRING,
    "by": STRING,
    "headlines": several(closed("value", role=STRING, contentType=STRING, value=STRING)),
    "bodies": several(
        closed(
            "value",
            role=STRING,
            contentType=STRING,
            charCount={"type": "integer"},
            wordCount={"type": "integer"},
            value=STRING,
        )
    ),
    "infoSources": several(closed(name=STRING, role=STRING, uri=URI, literal=STRING)),
    "altIds": several(closed(role=STRING, value=STRING)),
    "standard": closed(name=STRING, version=STRING, schema=URI),
}
SCHEMA = closed("uri", **ITEM, associations=several(closed("name", "uri", **ITEM, name=STRING, rel=STRING)))
VALIDATOR = Draft202012Validator(SCHEMA, validate_formats=True)


def faults_of(told: object, *, by: Draft202012Validator = VALIDATOR) -> list[str]:
    """What is wrong with it, by place; nothing where it is ninjs."""
    return [f"{error.instance_path}: {error.message[:200]}" for error in by.iter_errors(told)]


def published_validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """The IPTC's own. It refers to GeoJSON on another site: nothing is fetched, and whatever is told of it fails."""
    return Draft202012Validator(dict(schema), validate_formats=True, retriever=lambda _: {"not": {}})


def disagreements(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], *, within: Mapping[str, Any], place: str = "ninjs"
) -> Iterator[str]:
    """Where `theirs`, a part of the schema `within`, says otherwise of what `ours` says; it may have more members."""
    theirs = _with_what_it_names(theirs, within)
    if _said(ours) != _said(theirs):
        yield f"{place}: {_said(ours)} is {_said(theirs)} there"
    there = theirs.get("properties", {})
    yield from (f"{place}.{name} is not there" for name in ours.get("properties", {}) if name not in there)
    for name, member in ours.get("properties", {}).items():
        yield from disagreements(member, there.get(name, member), within=within, place=f"{place}.{name}")
    if "items" in ours:
        yield from disagreements(ours["items"], theirs["items"], within=within, place=f"{place}[]")


def _with_what_it_names(part: Mapping[str, Any], within: Mapping[str, Any]) -> Mapping[str, Any]:
    """Together with its `$ref`, as draft 2020-12 has it."""
    if "$ref" not in part:
        return part
    named = within["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return {
        **named,
        **part,
        "properties": {**named.get("properties", {}), **part.get("properties", {})},
        "required": [*named.get("required", ()), *part.get("required", ())],
    }


def _said(part: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: part[name] for name in ("type", "format", "enum") if name in part}
    closed = False in (part.get("additionalProperties"), part.get("unevaluatedProperties"))
    return {**said, "required": sorted({*part.get("required", ())}), "closed": closed}
