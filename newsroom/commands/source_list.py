"""Commands that change the list of sources: sources set, import, export; and outlets list, set."""

import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from crawler.adjusting import Change, adjust
from crawler.opml import MAX_BYTES
from crawler.sources import export_opml, import_opml
from newsroom.commands.crawling import begin_with_sources
from newsroom.commands.options import HomeOption, JsonOption
from newsroom.commands.watch import keep_to_watched
from newsroom.lines import count, print_sources, say
from newsroom.printable import printable
from newsroom.session import configuration, notice, opened_store, print_json
from store.errors import BadInput
from store.outlets import OutletRecord, outlet_records, set_outlet

__all__ = ["export_command", "import_command", "outlets_app", "set_command"]

outlets_app = typer.Typer(help="Whose sources they are.", no_args_is_help=True)
UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _seconds(value: str) -> int:
    """`900`, `15m`, `6h`, `1d`."""
    said = re.fullmatch(r"([0-9]{1,6})\s*([smhd]?)", value.strip().lower())
    if said is None:
        raise BadInput(f"{value!r} is no time span: it reads like 900, 15m, 6h or 1d")
    return int(said[1]) * UNITS[said[2]]


NamesArgument = Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Sources by id, URL, host or outlet.")]


def set_command(
    sources: NamesArgument,
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
    change = Change(interval, min_, max_, cron, timezone, daily_pages, enable)
    if change == Change() and only_watched is None:
        raise BadInput("nothing to set: name what, as in --max 1h; `onestory sources set --help` says what there is")
    config = configuration(home)
    with opened_store(config) as store:
        begin_with_sources(store, config)
        records = keep_to_watched(store, adjust(store, sources, change), only=only_watched)
    if not json:
        print_sources(records)
    for record in records if json else ():
        print_json(record)


def import_command(
    file: Annotated[Path, typer.Argument(help="A list in OPML, as feed readers export it.", show_default=False)],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Add the sources of an OPML list; they are polled when the next crawl runs."""
    body = _read(file)
    with opened_store(configuration(home)) as store:
        imported = import_opml(store, body)
    if json:
        print_json(asdict(imported))
    else:
        say(f"{count(imported.added, 'source', 'sources')} added, {imported.known} known before")
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


def export_command(
    opml: Annotated[bool, typer.Option("--opml", help="In OPML 2.0, which is the only form there is.")] = True,
    home: HomeOption = None,
) -> None:
    """Write the list of sources to standard output."""
    config = configuration(home)
    with opened_store(config) as store:
        begin_with_sources(store, config)
        sys.stdout.buffer.write(export_opml(store))


@outlets_app.command("list")
def list_outlets_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """List the outlets, with their owners."""
    config = configuration(home)
    with opened_store(config) as store:
        begin_with_sources(store, config)
        with store.read() as connection:
            records = outlet_records(connection)
    _print(records, json=json)


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
    config = configuration(home)
    with opened_store(config) as store:
        begin_with_sources(store, config)
        with store.write() as connection:
            for name in outlets:
                set_outlet(connection, name, ours=ours, owner=owner)
        with store.read() as connection:
            records = [record for record in outlet_records(connection) if record.name in set(outlets)]
    _print(records, json=json)


def _print(records: list[OutletRecord], *, json: bool) -> None:
    for record in records:
        if json:
            print_json(record)
            continue
        ours = "ours" if record.ours else ""
        say(f"{ours:<4}  {printable(record.name):<32} {printable(record.owner or ''):<32} {printable(record.homepage)}")
