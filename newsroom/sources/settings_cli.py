"""Commands that change sources and outlets: sources set, import, export; outlets list, set."""

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
from onestory.store.stories.outlets import OutletRecord, merge_outlets, outlet_records, update_outlet
from onestory.text import printable

__all__ = ["outlets_app", "sources_app"]


outlets_app = typer.Typer(help="Manage outlets and their owners.", no_args_is_help=True)

SPAN_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _seconds(value: str) -> int:
    """Parse a duration such as `900`, `15m`, `6h` or `1d`, in seconds."""
    said = re.fullmatch(r"([0-9]{1,6})\s*([smhd]?)", value.strip().lower())
    if said is None:
        raise BadInput(f"{value!r} is not a duration; it reads like 900, 15m, 6h or 1d")
    return int(said[1]) * SPAN_UNITS[said[2]]


ChangedSourcesArgument = Annotated[
    list[str], typer.Argument(metavar="SOURCE…", help="Sources by id, URL, host or outlet.")
]


@sources_app.command("set")
def set_source_command(
    sources: ChangedSourcesArgument,
    interval: Annotated[
        int | None,
        typer.Option(parser=_seconds, metavar="SPAN", help="Interval to start from, such as 15m; it adapts."),
    ] = None,
    min_: Annotated[
        int | None, typer.Option("--min", parser=_seconds, metavar="SPAN", help="Shortest interval (default 5m).")
    ] = None,
    max_: Annotated[
        int | None,
        typer.Option(
            "--max", parser=_seconds, metavar="SPAN", help="Longest interval, whatever the feed asks (default 1d)."
        ),
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option(
            help="Cron expression instead of an interval, such as '*/10 6-22 * * *'; '' restores the interval."
        ),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Time zone of the cron expression, such as Europe/Berlin (default UTC).")
    ] = None,
    daily_pages: Annotated[int | None, typer.Option(min=1, help="Maximum number of new pages per day.")] = None,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether the source is polled.")] = None,
    only_watched: Annotated[
        bool | None,
        typer.Option("--only-watched/--all-news", "--only", help="Whether only pages that a watch wants are fetched."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Change the schedule of sources, or enable and disable them."""
    change = ScheduleChange(interval, min_, max_, cron, timezone, daily_pages, enable)
    if change == ScheduleChange() and only_watched is None:
        raise BadInput("nothing to set: give an option such as --max 1h; see `onestory sources set --help`")
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        records = apply_watched_only(store, change_sources(store, sources, change), only=only_watched)
    print_records(records, print_sources, as_json=json)


@sources_app.command("import")
def import_sources_command(
    file: Annotated[Path, typer.Argument(help="A list in OPML, as exported by feed readers.", show_default=False)],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Add sources of an OPML file. The next crawl polls them."""
    body = _read(file)
    with open_store(load_config(home)) as store:
        imported = import_opml(store, body)
    if json:
        print_json(asdict(imported))
    else:
        print_line(f"{plural(imported.added, 'source', 'sources')} added, {imported.known} already known")
    for name, why in imported.left_out:
        notice(f"left out: {printable(name)}: {printable(why)}")
    if not imported.added and not imported.known:
        raise BadInput(f"{file} contains no sources: an outline needs an xmlUrl")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error


@sources_app.command("export")
def export_sources_command(
    opml: Annotated[bool, typer.Option("--opml", help="Ignored: OPML 2.0 is the only format.")] = True,
    home: HomeOption = None,
) -> None:
    """Export the list of sources to standard output as OPML 2.0."""
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        sys.stdout.buffer.write(export_opml(store))


@outlets_app.command("list")
def list_outlets_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """List outlets with their owners."""
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        with store.read() as connection:
            records = outlet_records(connection)
    _print_outlets(records, json=json)


@outlets_app.command("set")
def set_outlet_command(
    outlets: Annotated[list[str], typer.Argument(metavar="OUTLET…", help="Outlets by name.")],
    ours: Annotated[
        bool | None, typer.Option("--ours/--not-ours", help="Whether it is one of your own outlets.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="The owner's name; '' clears it.")] = None,
    country: Annotated[str | None, typer.Option(help="Two letters, such as DE; '' clears it.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Set whether outlets are yours, and their owner: of any outlet with a source or an article."""
    if ours is None and owner is None and country is None:
        raise BadInput("nothing to set: give an option such as --ours or --owner NAME")
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        with store.write() as connection:
            for name in outlets:
                update_outlet(connection, name, ours=ours, owner=owner, country=country)
        with store.read() as connection:
            records = [record for record in outlet_records(connection) if record.name in set(outlets)]
    _print_outlets(records, json=json)


@outlets_app.command("merge")
def merge_outlets_command(
    outlet: Annotated[str, typer.Argument(help="An outlet by name.")],
    into: Annotated[str, typer.Argument(help="The outlet that this name stands for.")],
    home: HomeOption = None,
) -> None:
    """Merge an outlet into another one, with its articles, sources and webhooks. This cannot be undone."""
    with open_store(load_config(home)) as store, store.write() as connection:
        changed = merge_outlets(connection, outlet, into, now=database_time(connection))
    print_line(
        f"{printable(outlet)} now stands for {printable(into)}; {plural(changed, 'article', 'articles')} changed"
    )


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

# Lines per list on a terminal; --json prints all.
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
    """Show the health of sources: status, daily yield, and gaps in coverage."""
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
    print_line(f"      {record.kind}, status since {format_time(record.status_since) or 'never polled'}")
    print_line(
        f"      last success {format_time(record.last_success) or 'never'}, next poll {format_time(record.next_poll)}"
    )
    print_line(
        f"      last new item {format_time(record.last_new) or 'never'}, "
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
        return f"at {printable(record.cron)} ({printable(record.timezone or 'UTC')})"
    asked = record.asks_seconds or 0
    longer = f"; it asks for {_minutes(asked)}" if asked > record.interval_seconds else ""
    return f"every {_minutes(record.interval_seconds)}, adaptive{longer}"


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


@sources_app.command("try")
def try_source_command(sources: ShownSourcesArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Ask the running crawler to poll sources as soon as their hosts allow."""
    with open_store(load_config(home)) as store, store.write() as connection:
        now = database_time(connection)
        records = [load_source(connection, number) for number in find_sources(connection, sources)]
        asked = [(record, schedule_poll_now(connection, record.id, now=now)) for record in records if record.enabled]
    for record, not_before in asked:
        if json:
            print_json({"source_id": record.id, "not_before": not_before})
        else:
            soon = (
                "now" if not_before <= now else f"at {format_time(not_before)} UTC, when its host may be fetched from"
            )
            print_line(f"{record.id:>4}  {printable(record.outlet)}: due {soon}")
    for record in records:
        if not record.enabled:
            notice(f"{record.url} is disabled: {enable_hint(record.id)}")
    if len(asked) < len(records):
        raise typer.Exit(1 if asked else 2)
