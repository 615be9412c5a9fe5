"""What ninjs 3.1 says of the members that we tell, as a JSON Schema of our own.

Made after `ninjs-schema_3.1.json` of the IPTC (https://iptc.org/std/ninjs/, CC BY 4.0), read member by member: names,
types, words that are allowed, what is required, and that there are no others. What it has beside these (events,
places, renditions, ...) we never tell, and it is left out here: what passes here passes there.
"""

from typing import Any

from jsonschema_rs import Draft202012Validator

__all__ = ["faults_of"]

STRING = {"type": "string"}
URI = {"type": "string", "format": "uri"}
TIME = {"type": "string", "format": "date-time"}


def closed(*required: str, **members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


def several(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": one}


ITEM: dict[str, dict[str, Any]] = {
    "uri": URI,
    "type": {"enum": ["text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"]},
    "representationType": {"enum": ["full", "partial"]},
    "version": STRING,
    "firstCreated": TIME,
    "versionCreated": TIME,
    "contentCreated": TIME,
    "pubStatus": {"enum": ["usable", "withheld", "canceled"]},
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


def faults_of(told: object) -> list[str]:
    """What is wrong with it, by place; nothing where it is ninjs."""
    return [f"{error.instance_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(told)]
