"""Search feeds for watches: the `[[search]]` entries of a source list."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onestory.crawler.sources.source_file import SHIPPED
from onestory.errors import BadInput
from onestory.pipelines.watches.creation import QUERY, SearchTemplate
from onestory.ssrf import checked_url

__all__ = ["load_templates"]

WORDS = {"name", "url", "language"}


def load_templates(path: Path | None = None) -> tuple[SearchTemplate, ...]:
    """The templates of a TOML file, by default the shipped one. Raises BadInput that names the entry.

    An operator's own list without `[[search]]` disables searches: no search engine then learns what is watched.
    """
    place = path or SHIPPED
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{place} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{place} is not TOML: {error}") from error
    listed = raw.get("search", [])
    if not isinstance(listed, list):
        raise BadInput(f"{place}: each search begins with [[search]]")
    return tuple(_template(one, f"{place}, search {number}") for number, one in enumerate(listed, 1))


def _template(raw: Any, where: str) -> SearchTemplate:
    if not isinstance(raw, Mapping) or not all(isinstance(value, str) for value in raw.values()):
        raise BadInput(f"{where} is not a table of texts")
    if unknown := raw.keys() - WORDS:
        raise BadInput(f"{where}: {sorted(unknown)[0]!r} is no word for a search")
    for name in ("name", "url"):
        if not raw.get(name, "").strip():
            raise BadInput(f"{where} has no {name}")
    url = raw["url"].strip()
    if QUERY not in url.partition("?")[2]:
        raise BadInput(f"{where}: its url says {QUERY} behind a question mark, where the words belong")
    try:
        checked_url(url.replace(QUERY, "words"))
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    return SearchTemplate(raw["name"].strip(), url, raw.get("language"))
