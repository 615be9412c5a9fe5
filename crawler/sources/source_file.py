"""Source lists in TOML and OPML, the shipped one or the operator's, and their import into the store."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from onestory.crawler.sources.opml import read_opml, write_opml
from onestory.crawler.sources.schedule import checked_schedule
from onestory.errors import BadInput
from onestory.ssrf import checked_url
from onestory.store.articles.captures import MAX_OUTLET_CHARS
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.polls import outlet_of_url
from onestory.store.sources.source_list import (
    DEFAULT_INTERVAL_SECONDS,
    DEFAULT_MIN_SECONDS,
    PollSchedule,
    SourceEntry,
    add_sources,
    list_source_entries,
)
from onestory.times import utc_now

__all__ = ["KINDS", "SHIPPED", "SourceImport", "add_new_sources", "export_opml", "import_opml", "load_sources"]

SHIPPED = Path(__file__).with_name("sources.toml")
KINDS = ("feed", "sitemap", "section")
WORDS = {"url", "kind", "outlet", "homepage", "owner", "country", "language", "cron", "timezone"}
NUMBERS = {"interval_seconds", "min_seconds", "max_seconds", "daily_pages"}
CHUNK = 500


def load_sources(path: Path | None = None) -> tuple[SourceEntry, ...]:
    """The sources of a TOML file, by default the shipped one. Raises BadInput that names the entry."""
    place = path or SHIPPED
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{place} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{place} is not TOML: {error}") from error
    listed = raw.get("source")
    if not isinstance(listed, list) or not listed:
        raise BadInput(f"{place} contains no sources: each begins with [[source]]")
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
    if len(raw["outlet"]) > MAX_OUTLET_CHARS:
        raise BadInput(f"{where}: the name of an outlet has at most {MAX_OUTLET_CHARS} characters")
    if unknown := raw.keys() - WORDS - NUMBERS - {"agencies", "ours"}:
        raise BadInput(f"{where}: {sorted(unknown)[0]!r} is no word for a source")
    if raw.get("kind", "feed") not in KINDS:
        raise BadInput(f"{where}: kind is one of {', '.join(KINDS)}, not {raw['kind']!r}")
    said = {name: raw[name].strip() for name in WORDS & raw.keys() if isinstance(raw[name], str)}
    try:
        url = checked_url(said["url"])
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error
    agencies = tuple(str(agency) for agency in raw.get("agencies", ()))
    schedule = _schedule(raw, said, where)
    return SourceEntry(
        url=url,
        kind=said.get("kind", "feed"),
        outlet=said["outlet"],
        homepage=said.get("homepage"),
        owner=said.get("owner"),
        country=_short(said.get("country"), 2, where),
        language=_short(said.get("language"), 8, where),
        interval_seconds=schedule.interval_seconds,
        agencies=agencies,
        min_seconds=schedule.min_seconds,
        max_seconds=schedule.max_seconds,
        cron=schedule.cron,
        timezone=schedule.timezone,
        daily_pages=_number(raw, "daily_pages", where),
        ours=_yes_or_no(raw, "ours", where),
    )


def _short(value: str | None, longest: int, where: str) -> str | None:
    if value is not None and not (value.isascii() and 2 <= len(value) <= longest):
        raise BadInput(f"{where}: {value!r} is no code; a language reads like de, a country like DE")
    return value


def _number(raw: dict[str, Any], name: str, where: str) -> int | None:
    number = raw.get(name)
    if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
        raise BadInput(f"{where}: {name} is a number from 1 up, not {number!r}")
    return number


def _yes_or_no(raw: dict[str, Any], name: str, where: str) -> bool | None:
    said = raw.get(name)
    if said is not None and not isinstance(said, bool):
        raise BadInput(f"{where}: {name} is true or false, not {said!r}")
    return said


def _schedule(raw: dict[str, Any], said: dict[str, str], where: str) -> PollSchedule:
    """The schedule of an entry. An interval below the default minimum becomes the minimum."""
    interval = _number(raw, "interval_seconds", where)
    lowest = _number(raw, "min_seconds", where)
    if lowest is None and interval is not None and interval < DEFAULT_MIN_SECONDS:
        lowest = interval
    named = PollSchedule(
        DEFAULT_INTERVAL_SECONDS if interval is None else interval,
        lowest,
        _number(raw, "max_seconds", where),
        said.get("cron"),
        said.get("timezone"),
    )
    try:
        return checked_schedule(named, now=utc_now())
    except BadInput as error:
        raise BadInput(f"{where}: {error}") from error


def add_new_sources(store: Store, entries: Iterable[SourceEntry]) -> int:
    """Add new sources and return their number. Known sources stay unchanged, and with them an operator's changes."""
    with store.write() as connection:
        return add_sources(connection, tuple(entries), now=utc_now())


@dataclass(frozen=True, slots=True)
class SourceImport:
    """The result of an import: sources added, sources known before, outlines left out with their reasons."""

    added: int
    known: int
    left_out: tuple[tuple[str, str], ...]


def import_opml(store: Store, body: bytes) -> SourceImport:
    """Add the sources of an OPML list; none is polled yet. Raises BadInput for anything but OPML.

    A feed without a stated outlet belongs to the outlet that is known for its homepage's host.
    """
    lines = read_opml(body)
    with store.write() as connection:
        entries = [
            entry if line.names_outlet else replace(entry, outlet=_outlet(connection, entry))
            for line in lines
            if (entry := line.entry) is not None
        ]
        added = sum(
            add_sources(connection, entries[start : start + CHUNK], now=database_time(connection))
            for start in range(0, len(entries), CHUNK)
        )
    left_out = tuple((line.name, line.why or "") for line in lines if line.entry is None)
    return SourceImport(added, len(entries) - added, left_out)


def _outlet(connection: Connection, entry: SourceEntry) -> str:
    return outlet_of_url(connection, entry.homepage or entry.url) or entry.outlet


def export_opml(store: Store) -> bytes:
    with store.read() as connection:
        return write_opml(list_source_entries(connection), now=database_time(connection))
