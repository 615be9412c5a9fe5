"""Writes clients/onestory_client/__init__.py from the OpenAPI document of this version.

    python clients/generate.py

The client needs nothing but Python. Its types are those of the document: a record is a TypedDict, an operation a
method.
"""

import keyword
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import redis

from onestory.dedupe.index import BandIndex
from onestory.newsroom.server.app import create_app
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store

CLIENT = Path(__file__).parent / "onestory_client" / "__init__.py"
JSON_TYPE = "application/json"
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
HEAD = '''"""The API of Onestory {version}, generated from its OpenAPI document by clients/generate.py."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, cast

__all__ = ["Client", "OnestoryError"]


class OnestoryError(Exception):
    """An answer that is a problem (RFC 9457): `reason` is a stable word, `detail` a sentence."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(f"{{status}} {{reason}}: {{detail}}")
        self.status, self.reason, self.detail = status, reason, detail

'''
CLIENT_HEAD = '''

class Client:
    """A client of one Onestory. `key` is needed where keys are required."""

    def __init__(self, url: str = "http://127.0.0.1:8000", key: str | None = None, *, timeout: float = 60.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is not an http(s) address")
        self._url, self._key, self._timeout = url.rstrip("/"), key, timeout

    def _call(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None, media: str | None = None
    ) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
        tail = f"?{urllib.parse.urlencode(plain, doseq=True)}" if plain else ""
        headers = {"Accept": "application/json", "User-Agent": "onestory-client"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None
        if media is not None:
            headers["Content-Type"] = media
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self._url}{path}{tail}", data, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=self._timeout) as answer:
                content = answer.read()
                kind = answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            raise _problem(error) from None
        return json.loads(content) if kind == "application/json" else content or None
'''
TAIL = """

def _problem(error: urllib.error.HTTPError) -> OnestoryError:
    try:
        told = json.loads(error.read())
        return OnestoryError(error.code, str(told["reason"]), str(told["detail"]))
    except (ValueError, KeyError, TypeError):
        return OnestoryError(error.code, "unknown", error.reason)
"""


def render(document: Mapping[str, Any]) -> str:
    """The source of the client."""
    parts = [HEAD.format(version=document["info"]["version"])]
    parts += [_record(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    parts.append(CLIENT_HEAD)
    for path, operations in document["paths"].items():
        parts += [_method(path, verb, one) for verb, one in operations.items() if not _is_stream(one)]
    return "".join([*parts, TAIL])


def _is_stream(operation: Mapping[str, Any]) -> bool:
    return list(operation["responses"].get("200", {}).get("content", {})) == ["text/event-stream"]


def _record(name: str, schema: Mapping[str, Any]) -> str:
    if "properties" not in schema:
        return f"\n\n{_name(name)} = {_type(schema)}\n" if "enum" in schema else f"\n\n{_name(name)} = dict[str, Any]\n"
    required = set(schema.get("required", ()))
    members = [
        f"    {member}: {_type(one) if member in required else f'NotRequired[{_type(one)}]'}\n"
        for member, one in schema["properties"].items()
    ]
    return f'\n\nclass {_name(name)}(TypedDict):\n    """{_sentence(schema, name)}"""\n\n{"".join(members)}'


def _name(schema: str) -> str:
    return re.sub(r"\W", "_", schema)


def _sentence(schema: Mapping[str, Any], name: str) -> str:
    told = str(schema.get("description") or f"A record of the kind {name}.").strip().split("\n\n")[0]
    return " ".join(told.split()).replace("\\", "").replace('"""', "'''")[:100].rstrip('"')


def _type(schema: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one for each kind of schema
    if "$ref" in schema:
        return f'"{_name(schema["$ref"].rsplit("/", 1)[-1])}"'
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return _union([_type(one) for one in schema[word]])
    if "allOf" in schema:
        return _type(schema["allOf"][0])
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(repr(value) for value in schema['enum'])}]"
    if "prefixItems" in schema:
        return f"list[{_union([_type(one) for one in schema['prefixItems']])}]"
    kind = schema.get("type")
    if kind == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    if kind == "object":
        further = schema.get("additionalProperties")
        return f"dict[str, {_type(further) if isinstance(further, dict) else 'Any'}]"
    return PLAIN.get(str(kind), "Any")


def _union(types: list[str]) -> str:
    """One annotation for several: as a text, since some of them are names of records further down."""
    found = list(dict.fromkeys(part for one in types for part in _parts(one)))
    if len(found) == 1:
        return next(one for one in types if one.replace('"', "") == found[0])
    return '"' + " | ".join(found) + '"'


def _parts(annotation: str) -> list[str]:
    """The members of a union; other annotations are one."""
    bare = annotation.replace('"', "")
    return bare.split(" | ") if annotation.startswith('"') and "[" not in bare else [bare]


def _method(path: str, verb: str, operation: Mapping[str, Any]) -> str:
    name = re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[0].lower()}", operation["operationId"])
    # The client reads JSON.
    given = [
        one for one in operation.get("parameters", ()) if one["in"] in {"path", "query"} and one["name"] != "format"
    ]
    given.sort(key=lambda one: one["in"] != "path")
    media, body = _body(operation)
    arguments = [f"{_argument(one['name'])}: {_type(one['schema'])}" for one in given if one["in"] == "path"]
    arguments += [f"body: {body}"] if body else []
    options = list(_options(one for one in given if one["in"] == "query"))
    signature = ", ".join(["self", *arguments, *(["*", *options] if options else [])])
    result = _result(operation)
    values = ", ".join(f'"{one["name"]}": {_argument(one["name"])}' for one in given if one["in"] == "query")
    call = [f'"{verb.upper()}"', _path(path), f"{{{values}}}" if values else "None"]
    call += ["body", f'"{media}"'] if body else []
    returned = f"self._call({', '.join(call)})"
    told = _sentence({"description": operation["summary"]}, name)
    quoted = result if result.startswith('"') else repr(result)
    inner = returned if result == "None" else f"return cast({quoted}, {returned})"
    return f'\n    def {name}({signature}) -> {result}:\n        """{told}."""\n        {inner}\n'


def _argument(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _options(given: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for one in given:
        kind = _type(one["schema"])
        if one.get("required"):
            yield f"{_argument(one['name'])}: {kind}"
        else:
            yield f"{_argument(one['name'])}: {_union([kind, 'None'])} = None"


def _body(operation: Mapping[str, Any]) -> tuple[str, str | None]:
    content = operation.get("requestBody", {}).get("content", {})
    if JSON_TYPE in content:
        return JSON_TYPE, _type(content[JSON_TYPE]["schema"])
    return (next(iter(content)), "bytes") if content else ("", None)


def _result(operation: Mapping[str, Any]) -> str:
    success = next((one for status, one in operation["responses"].items() if status.startswith("2")), {})
    content = success.get("content", {})
    if not content:
        return "None"
    return _type(content[JSON_TYPE]["schema"]) if JSON_TYPE in content else "bytes"


def _path(path: str) -> str:
    quoted = re.sub(r"\{(\w+)\}", lambda found: f"{{urllib.parse.quote(str({_argument(found[1])}), safe='')}}", path)
    return f'f"{quoted}"' if "{" in path else f'"{path}"'


def document() -> dict[str, Any]:
    """The document of this version, from an app that answers nothing."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{folder}/onestory.db")
        connection = redis.Redis(port=1)
        found: dict[str, Any] = create_app(
            store, IndexClient(store, BandIndex(connection), ensure_server=bool)
        ).openapi()
        connection.close()
        store.close()
    return found


if __name__ == "__main__":
    CLIENT.write_text(render(document()), encoding="utf-8")
    sys.stdout.write(f"{CLIENT.relative_to(Path.cwd())}\n")
