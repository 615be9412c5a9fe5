"""`onestory status`: what is stored, how fast it grows, when the disk is full, what waits, and what to do first."""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import typer
from sqlalchemy import Connection

from onestory.config import Config
from onestory.crawler.disk_space import FREE_SHARE
from onestory.errors import OnestoryError
from onestory.newsroom.backup.database_copy import is_sqlite
from onestory.newsroom.backup.writing import archive_folders
from onestory.newsroom.maintenance.checks import MAX_NAMED, MAX_OVERDUE_SECONDS
from onestory.newsroom.terminal.console import HomeOption, JsonOption, load_config, print_json
from onestory.newsroom.terminal.output import format_time, print_line
from onestory.pipelines.archive.redaction import warc_files
from onestory.pipelines.news_events.embedding import is_installed
from onestory.pipelines.runtime.engine import Engine, open_engine
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.audits import AuditRecord, read_last_audit
from onestory.store.migrate import HEAD
from onestory.store.sizes import RECENT_DAYS, StoreSizes, recent_days, store_sizes
from onestory.store.sources.failing import failing_sources
from onestory.store.sources.source_records import count_overdue_sources, source_records
from onestory.text import plural, printable
from onestory.times import utc_now

__all__ = ["DiskForecast", "Status", "disk_forecasts", "status_command", "status_lines", "status_of"]

BACKUP_LATE = timedelta(days=2)
DISK_SOON = timedelta(days=30)
# A forecast beyond this is no information.
HORIZON_DAYS = 3650
MANY_WAITING = 1000
NAME_WIDTH = 12


@dataclass(frozen=True, slots=True)
class DiskForecast:
    """One disk: `free` bytes, `growth` in bytes a day, and the day when 5% are left and the crawl stops.

    `full` is None if that is more than ten years away. `is_full` is whether it has happened.
    """

    folder: str
    free: int
    growth: float
    full: date | None
    is_full: bool


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do. `cause` is a stable word, `what` a sentence for people."""

    cause: Literal["disk", "index", "backlog", "backup", "network", "overdue", "sources", "audit"]
    what: str


@dataclass(frozen=True, slots=True)
class Status:
    """Sizes are in bytes. `semantic` is whether stories get sentence embeddings;
    `waiting` has the lengths of queues; `todo` what to do, the most urgent first."""

    version: str
    schema: str
    rows: Mapping[str, int]
    size: Mapping[str, int]
    articles_a_day: float
    disks: tuple[DiskForecast, ...]
    index: Literal["ready", "rebuilding", "unreachable"]
    semantic: bool
    waiting: Mapping[str, int]
    last_backup: datetime | None
    last_audit: AuditRecord | None
    todo: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """What grows in a folder: its bytes now, and those of a day."""

    folder: Path
    size: int
    growth: float


def status_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show what is stored, how fast it grows, what is queued, and what to do. Exits with 1 if action is needed."""
    config = load_config(home)
    with open_engine(config) as engine:
        found = status_of(config, engine, now=utc_now())
    if json:
        print_json(found)
    else:
        for line in _lines(found):
            print_line(line)
    raise typer.Exit(1 if found.todo else 0)


def status_of(config: Config, engine: Engine, *, now: datetime) -> Status:
    """The status at this moment. Raises DatabaseUnavailable; an index that does not answer is part of the status."""
    with engine.store.read() as connection:
        sizes = store_sizes(connection)
        crawl = list(_crawl_todo(connection))
        last_audit = read_last_audit(connection)
    archives = [_archive(folder, now) for folder in archive_folders(config)]
    places = [*archives, *([_Place(config.home, sizes.size, sizes.growth)] if is_sqlite(config.database_url) else [])]
    disks = disk_forecasts([(place.folder, place.growth) for place in places] or [(config.home, 0.0)], today=now.date())
    index, index_size = _index(engine.index_client)
    health = [*_disk_todo(disks, now.date()), *_index_todo(index, sizes), *_backup_todo(sizes, now)]
    return Status(
        version=version("onestory"),
        schema=HEAD,
        rows=sizes.rows,
        size={"database": sizes.size, "warc": sum(place.size for place in archives), "index": index_size},
        articles_a_day=sizes.articles_a_day,
        disks=tuple(disks),
        index=index,
        semantic=config.semantic != "off" and is_installed(),
        waiting=sizes.waiting,
        last_backup=sizes.last_backup,
        last_audit=last_audit,
        todo=(*health, *crawl, *_audit_todo(last_audit)),
    )


def disk_forecasts(places: list[tuple[Path, float]], *, today: date) -> list[DiskForecast]:
    """One forecast for each disk, from folders and their growth in bytes a day."""
    found: dict[int, list[tuple[Path, float]]] = defaultdict(list)
    for folder, growth in places:
        # The folder may not exist yet; its parent is on the same disk.
        here = next(one for one in (folder, *folder.parents) if one.exists())
        found[here.stat().st_dev].append((here, growth))
    return [_forecast(on_disk[0][0], sum(growth for _, growth in on_disk), today) for on_disk in found.values()]


def _forecast(folder: Path, growth: float, today: date) -> DiskForecast:
    usage = shutil.disk_usage(folder)
    room = usage.free - usage.total * FREE_SHARE
    days = room / growth if growth > 0 else float(HORIZON_DAYS)
    full = today + timedelta(days=int(max(days, 0.0))) if days < HORIZON_DAYS else None
    return DiskForecast(str(folder), usage.free, growth, full, room < 0)


def _archive(folder: Path, now: datetime) -> _Place:
    sizes = [(found.st_size, found.st_mtime) for found in map(os.stat, warc_files(folder))]
    if not sizes:
        return _Place(folder, 0, 0.0)
    since = now.timestamp() - RECENT_DAYS * 86_400
    recent = sum(size for size, changed in sizes if changed > since)
    first = datetime.fromtimestamp(min(changed for _, changed in sizes), UTC)
    return _Place(folder, sum(size for size, _ in sizes), recent / recent_days(first, now))


def _index(client: IndexClient) -> tuple[Literal["ready", "rebuilding", "unreachable"], int]:
    try:
        is_whole = client.is_whole()
        return ("ready" if is_whole else "rebuilding"), client.stats().bytes
    except OnestoryError:
        return "unreachable", 0


def _disk_todo(disks: list[DiskForecast], today: date) -> Iterator[Task]:
    for disk in disks:
        if disk.is_full:
            yield Task(
                "disk", f"make room on the disk of {disk.folder}: less than 5% is free, and the crawl has stopped"
            )
        elif disk.full is not None and disk.full - today <= DISK_SOON:
            yield Task("disk", f"make room on the disk of {disk.folder}: at this rate the crawl stops on {disk.full}")


def _index_todo(index: str, sizes: StoreSizes) -> Iterator[Task]:
    if index == "unreachable":
        yield Task(
            "index",
            "start Redis, or correct ONESTORY_REDIS_URL: no new article finds its story; `onestory doctor` says more",
        )
    elif index == "rebuilding" and sizes.rows["articles"]:
        yield Task("index", "start a server or crawler, or run `onestory reindex`: the index is not complete")
    elif sizes.waiting["articles"] > MANY_WAITING:
        yield Task(
            "backlog", f"start `onestory crawl` or `run`: {sizes.waiting['articles']:,} articles wait for their stories"
        )


def _backup_todo(sizes: StoreSizes, now: datetime) -> Iterator[Task]:
    if not sizes.rows["articles"]:
        return
    if sizes.last_backup is None:
        yield Task("backup", "run `onestory backup DIR`: there is no backup yet")
    elif (age := now - sizes.last_backup) > BACKUP_LATE:
        yield Task(
            "backup",
            f"run `onestory backup DIR`, best every night: the last backup is {plural(age.days, 'day', 'days')} old",
        )


def _crawl_todo(connection: Connection) -> Iterator[Task]:
    failing = failing_sources(connection)
    if failing.is_alarm:
        yield Task("network", f"check the network: {failing.sentence()}; `onestory sources list` has the reasons")
    alarmed = [one.outlet for one in source_records(connection) if one.enabled and one.alarmed]
    if alarmed and not failing.is_alarm:
        named = ", ".join(alarmed[:MAX_NAMED]) + (", …" if len(alarmed) > MAX_NAMED else "")
        silent = f"{plural(len(alarmed), 'source is', 'sources are')} silent or failing ({named})"
        yield Task("sources", f"see `onestory sources list`: {silent}")
    if late := count_overdue_sources(connection, seconds=MAX_OVERDUE_SECONDS):
        yield Task(
            "overdue",
            f"start `onestory crawl` or `run`: {plural(late, 'source is', 'sources are')} overdue by over an hour",
        )


def _audit_todo(last: AuditRecord | None) -> Iterator[Task]:
    if last is not None and last.differences:
        groups = plural(last.differences, "group of stories", "groups of stories")
        yield Task("audit", f"run `onestory audit`: the last audit found {groups} that a batch makes otherwise")


def _lines(found: Status) -> Iterator[str]:
    tasks = [(f"to do {number}", task.what) for number, task in enumerate(found.todo, start=1)]
    for name, value in (*status_lines(found), *(tasks or [("to do", "nothing")])):
        yield f"{name:<{NAME_WIDTH}} {printable(value)}"


def status_lines(found: Status) -> Iterator[tuple[str, str]]:
    """Names and figures for people, without what is to be done."""
    yield "version", f"{found.version}, schema {found.schema}"
    yield "rows", ", ".join(f"{number:,} {name}" for name, number in found.rows.items())
    yield "size", ", ".join(f"{name} {_bytes(number)}" for name, number in found.size.items())
    yield "growth", f"{found.articles_a_day:,.0f} articles a day"
    for disk in found.disks:
        end = f"full on {disk.full}" if disk.full else "not full within ten years"
        yield "disk", f"{disk.folder}: {_bytes(disk.free)} free, {_bytes(disk.growth)} more a day, {end}"
    yield "index", found.index
    yield "semantic", "on" if found.semantic else "off"
    yield "waiting", ", ".join(f"{number:,} {name}" for name, number in found.waiting.items())
    yield "last backup", format_time(found.last_backup) or "none"
    yield "last audit", _audit_line(found.last_audit)


def _audit_line(last: AuditRecord | None) -> str:
    if last is None:
        return "none"
    compared = f"{last.articles:,} articles, {last.stories:,} stories"
    return f"{format_time(last.time)}: {compared}, {last.differences:,} differences"


def _bytes(number: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1000
    return f"{number:,.1f} TB"
