"""The list of sources: the one that is shipped, or the operator's own, and how it gets into the store."""

import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.guard import checked_url
from store.database import Store
from store.errors import BadInput
from store.sources import DEFAULT_INTERVAL_SECONDS, SourceEntry, keep_sources

__all__ = ["SHIPPED", "load", "sync"]

SHIPPED = Path(__file__).with_name("sources.toml")
KINDS = ("feed", "sitemap")
WORDS = {"url", "kind", "outlet", "homepage", "owner", "country", "language"}
SHORTEST_SECONDS, LONGEST_SECONDS = 60, 86_400


def load(path: Path | None = None) -> tuple[SourceEntry, ...]:
    """The sources of a TOML file; of the shipped one without a path. Raises BadInput that names the entry."""
    place = path or SHIPPED
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{place} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{place} is not TOML: {error}") from error
    listed = raw.get("source")
    if not isinstance(listed, list) or not listed:
        raise BadInput(f"{place} names no source: each begins with [[source]]")
    entries = tuple(_entry(one, f"{place}, source {number}") for number, one in enumerate(listed, 1))
    _refuse_twins(entries, place)
    return entries


def _refuse_twins(entries: Iterable[SourceEntry], place: Path) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.url in seen:
            raise BadInput(f"{place} names {entry.url} twice")
        seen.add(entry.url)


def _entry(raw: Any, where: str) -> SourceEntry:
    if not isinstance(raw, dict):
        raise BadInput(f"{where} is not a table")
    for name in ("url", "outlet"):
        if not isinstance(raw.get(name), str) or not raw[name].strip():
            raise BadInput(f"{where} has no {name}")
    if unknown := raw.keys() - WORDS - {"agencies", "interval_seconds"}:
        raise BadInput(f"{where}: {sorted(unknown)[0]!r} is no word for a source")
    if raw.get("kind", "feed") not in KINDS:
        raise BadInput(f"{where}: kind is one of {', '.join(KINDS)}, not {raw['kind']!r}")
    said = {name: raw[name].strip() for name in WORDS & raw.keys() if isinstance(raw[name], str)}
    try:
        url = checked_url(said["url"])
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    agencies = tuple(str(agency) for agency in raw.get("agencies", ()))
    return SourceEntry(
        url=url,
        kind=said.get("kind", "feed"),
        outlet=said["outlet"],
        homepage=said.get("homepage"),
        owner=said.get("owner"),
        country=_short(said.get("country"), 2, where),
        language=_short(said.get("language"), 8, where),
        interval_seconds=_interval(raw, where),
        agencies=agencies,
    )


def _short(value: str | None, longest: int, where: str) -> str | None:
    if value is not None and not (value.isascii() and 2 <= len(value) <= longest):
        raise BadInput(f"{where}: {value!r} is no code; a language reads like de, a country like DE")
    return value


def _interval(raw: dict[str, Any], where: str) -> int:
    seconds = raw.get("interval_seconds", DEFAULT_INTERVAL_SECONDS)
    if not isinstance(seconds, int) or not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise BadInput(f"{where}: interval_seconds is a number from {SHORTEST_SECONDS} to {LONGEST_SECONDS}")
    return seconds


def sync(store: Store, entries: Iterable[SourceEntry]) -> int:
    """Adds what is new; how many. What the store knows stays as it is, so an operator's change is never undone."""
    with store.write() as connection:
        return keep_sources(connection, tuple(entries), now=datetime.now(UTC))
