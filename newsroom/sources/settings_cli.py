"""Commands that change the list of sources: sources set, import, export; and outlets list, set."""

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from onestory.crawler.sources.opml import MAX_BYTES
from onestory.crawler.sources.source_changes import ScheduleChange, change_sources
from onestory.crawler.sources.source_file import export_opml, import_opml
from onestory.errors import BadInput
from onestory.newsroom.sources.cli import ensure_sources, print_sources, sources_app
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    print_json,
    print_records,
)
from onestory.newsroom.terminal.output import format_time, plural, print_line
from onestory.newsroom.watches.cli import apply_watched_only
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.coverage import DailyYield, Gap, daily_yields, gaps_of
from onestory.store.sources.health import enable_hint, schedule_poll_now
from onestory.store.sources.polls import find_sources
from onestory.store.sources.source_records import SourceRecord, load_source
from onestory.store.stories.outlets import OutletRecord, outlet_records, update_outlet
from onestory.text import printable

__all__ = ["outlets_app", "sources_app"]


outlets_app = typer.Typer(help="Whose sources they are.", no_args_is_help=True)

SPAN_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _seconds(value: str) -> int:
    """`900`, `15m`, `6h`, `1d`."""
    said = re.fullmatch(r"([0-9]{1,6})\s*([smhd]?)", value.strip().lower())
    if said is None:
        raise BadInput(f"{value!r} is no time span: it reads like 900, 15m, 6h or 1d")
    return int(said[1]) * SPAN_UNITS[said[2]]


ChangedSourcesArgument = Annotated[
    list[str], typer.Argument(metavar="SOURCE…", help="Sources by id, URL, host or outlet.")
]


@sources_app.command("set")
def set_source_command(
    sources: ChangedSourcesArgument,
    interval: Annotated[
        int | None, typer.Option(parser=_seconds, metavar="SPAN", help="Where it goes on from, as in 15m; it adapts.")
    ] = None,
    min_: Annotated[
        int | None, typer.Option("--min", parser=_seconds, metavar="SPAN", help="Never polled more often; 5m.")
    ] = None,
    max_: Annotated[
        int | None, typer.Option("--max", parser=_seconds, metavar="SPAN", help="Never more rarely, what it asks; 1d.")
    ] = None,
    cron: Annotated[
        str | None, typer.Option(help="Instead: when to poll, as in '*/10 6-22 * * *'; '' goes back to the interval.")
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Of the cron expression, as in Europe/Berlin; UTC.")] = None,
    daily_pages: Annotated[int | None, typer.Option(min=1, help="At most so many new pages a day.")] = None,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it is polled.")] = None,
    only_watched: Annotated[
        bool | None,
        typer.Option("--only-watched/--all-news", "--only", help="Whether only what a watch wants is fetched of it."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Change how often sources are polled, and whether they are."""
    change = ScheduleChange(interval, min_, max_, cron, timezone, daily_pages, enable)
    if change == ScheduleChange() and only_watched is None:
        raise BadInput("nothing to set: name what, as in --max 1h; `onestory sources set --help` says what there is")
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        records = apply_watched_only(store, change_sources(store, sources, change), only=only_watched)
    print_records(records, print_sources, as_json=json)


@sources_app.command("import")
def import_sources_command(
    file: Annotated[Path, typer.Argument(help="A list in OPML, as feed readers export it.", show_default=False)],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Add the sources of an OPML list; they are polled when the next crawl runs."""
    body = _read(file)
    with open_store(load_config(home)) as store:
        imported = import_opml(store, body)
    if json:
        print_json(asdict(imported))
    else:
        print_line(f"{plural(imported.added, 'source', 'sources')} added, {imported.known} known before")
    for name, why in imported.left_out:
        notice(f"left out: {printable(name)}: {printable(why)}")
    if not imported.added and not imported.known:
        raise BadInput(f"{file} names no source: an outline needs an xmlUrl")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error


@sources_app.command("export")
def export_sources_command(
    opml: Annotated[bool, typer.Option("--opml", help="In OPML 2.0, which is the only form there is.")] = True,
    home: HomeOption = None,
) -> None:
    """Write the list of sources to standard output."""
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        sys.stdout.buffer.write(export_opml(store))


@outlets_app.command("list")
def list_outlets_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """List the outlets, with their owners."""
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        with store.read() as connection:
            records = outlet_records(connection)
    _print_outlets(records, json=json)


@outlets_app.command("set")
def set_outlet_command(
    outlets: Annotated[list[str], typer.Argument(metavar="OUTLET…", help="Outlets by name.")],
    ours: Annotated[bool | None, typer.Option("--ours/--not-ours", help="Whether it is one of your own.")] = None,
    owner: Annotated[str | None, typer.Option(help="The group it belongs to; '' for none.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say whose outlets are."""
    if ours is None and owner is None:
        raise BadInput("nothing to set: name what, as in --ours or --owner NAME")
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        with store.write() as connection:
            for name in outlets:
                update_outlet(connection, name, ours=ours, owner=owner)
        with store.read() as connection:
            records = [record for record in outlet_records(connection) if record.name in set(outlets)]
    _print_outlets(records, json=json)


def _print_outlets(records: list[OutletRecord], *, json: bool) -> None:
    for record in records:
        if json:
            print_json(record)
            continue
        ours = "ours" if record.ours else ""
        print_line(
            f"{ours:<4}  {printable(record.name):<32} {printable(record.owner or ''):<32} {printable(record.homepage)}"
        )


MAX_GAPS_AS_JSON = 100

# Lines of each list for a terminal; --json has all.
PRINTED_DAYS, PRINTED_GAPS = 14, 10

ShownSourcesArgument = Annotated[
    list[str], typer.Argument(metavar="SOURCE…", help="Sources by id, URL, host or outlet.")
]


@dataclass(frozen=True, slots=True)
class _SourceHealth:
    record: SourceRecord
    days: Sequence[DailyYield]
    gaps: Sequence[Gap]


@sources_app.command("show")
def show_source_command(sources: ShownSourcesArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show how sources do: state and reason, the yield by day, and when they were not seen."""
    with open_store(load_config(home)) as store, store.read() as connection:
        shown = [
            _SourceHealth(
                load_source(connection, number),
                daily_yields(connection, number),
                gaps_of(connection, number, most=MAX_GAPS_AS_JSON),
            )
            for number in find_sources(connection, sources)
        ]
    for one in shown:
        if json:
            print_json({**asdict(one.record), "days": one.days, "gaps": one.gaps})
        else:
            _print_health(one)


def _print_health(shown: _SourceHealth) -> None:
    record = shown.record
    print_sources([record])
    print_line(f"      polled {_schedule(record)}")
    print_line(f"      {record.kind}, so since {format_time(record.status_since) or 'never polled'}")
    print_line(
        f"      last success {format_time(record.last_success) or 'never'}, next poll {format_time(record.next_poll)}"
    )
    print_line(
        f"      last new entry {format_time(record.last_new) or 'never'}, "
        f"{plural(record.pages_found, 'page', 'pages')} found"
    )
    for day in shown.days[:PRINTED_DAYS]:
        failed = f", {day.failed} failed" if day.failed else ""
        print_line(f"  {day.day}  {day.pages_found:>5} new  {plural(day.polls, 'poll', 'polls')}{failed}")
    for gap in shown.gaps[:PRINTED_GAPS]:
        print_line(
            f"  not seen {format_time(gap.began)} to {format_time(gap.ended) or 'now':<16}  "
            f"{gap.status}: {printable(gap.why)}"
        )


def _schedule(record: SourceRecord) -> str:
    if record.cron:
        return f"as {printable(record.cron)} says, {printable(record.timezone or 'UTC')}"
    asked = record.asks_seconds or 0
    longer = f"; it asks for {asked} s" if asked > record.interval_seconds else ""
    return f"every {record.interval_seconds} s, as it yields{longer}"


@sources_app.command("try")
def try_source_command(sources: ShownSourcesArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Ask the crawler that runs to poll sources now, as soon as their hosts may be asked."""
    with open_store(load_config(home)) as store, store.write() as connection:
        now = database_time(connection)
        records = [load_source(connection, number) for number in find_sources(connection, sources)]
        asked = [(record, schedule_poll_now(connection, record.id, now=now)) for record in records if record.enabled]
    for record, not_before in asked:
        if json:
            print_json({"source_id": record.id, "not_before": not_before})
        else:
            soon = "now" if not_before <= now else f"when its host may be asked, at {format_time(not_before)} UTC"
            print_line(f"{record.id:>4}  {printable(record.outlet)}: due {soon}")
    for record in records:
        if not record.enabled:
            notice(f"{record.url} is switched off: {enable_hint(record.id)}")
    if len(asked) < len(records):
        raise typer.Exit(1 if asked else 2)
