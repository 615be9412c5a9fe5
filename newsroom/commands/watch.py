"""onestory watch add, list, show, end, remove: what an editor wants followed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from crawler.searches import load_templates
from crawler.watch_making import WatchWish, begin_watch
from newsroom.commands.options import HomeOption, JsonOption
from newsroom.printable import printable
from newsroom.session import configuration, notice, opened_store, print_json, read_time, spinner
from newsroom.watch_lines import print_begun, print_report, print_watches
from store.database import Store
from store.errors import BadInput
from store.hosts import database_time
from store.source_records import SourceRecord, source_records
from store.watch_pages import set_watched_only
from store.watch_report import watch_report
from store.watches import end_expired, end_watch, remove_watch, watch_records

__all__ = ["keep_to_watched", "watch_app"]

MAX_LIMIT = 1_000

watch_app = typer.Typer(help="Stories and topics that are followed: their coverage goes first.", no_args_is_help=True)
WatchArgument = Annotated[str, typer.Argument(metavar="WATCH", help="Its number, as the list has it.")]


@watch_app.command("add")
def add_command(
    phrases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS…]",
            help='A phrase in quotation marks: its words next to each other. "a + b": both. Several: any one of them.',
        ),
    ] = None,
    urls: Annotated[
        list[str] | None, typer.Option("--url", help="An article to begin with, fetched at once; may be given again.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="When it ends, as in 2026-12-24 (its beginning, UTC).", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call it; else its words.", show_default=False)] = None,
    no_search: Annotated[
        bool, typer.Option("--no-search", help="Ask no search feeds: nobody learns what is watched.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Follow a story or a topic."""
    config = configuration(home)
    end = read_time(until, option="--until")
    if end is not None and end <= datetime.now(UTC):
        raise BadInput(f"--until: {until} is past; a watch ends later than now")
    templates = () if no_search else load_templates(config.sources_file)
    wish = WatchWish(phrases or (), urls or (), name, end, templates)
    with opened_store(config) as store, spinner("looking back") as progress:
        task = progress.add_task("", total=None)
        begun = begin_watch(
            store, wish, progress=lambda seen: progress.update(task, description=f"{seen:,} articles looked through")
        )
    for reason in begun.unused:
        notice(f"not searched with: {reason}")
    if json:
        print_json(begun)
    else:
        print_begun(begun)


@watch_app.command("list")
def list_command(
    include_ended: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List the watches, the newest first."""
    with opened_store(configuration(home)) as store:
        with store.write() as connection:
            end_expired(connection, now=database_time(connection))
        with store.read() as connection:
            records = [record for record in watch_records(connection) if include_ended or record.ended is None]
    if not json:
        print_watches(records, include_ended=include_ended)
    for record in records if json else ():
        print_json(record)


@watch_app.command("show")
def show_command(
    watch: WatchArgument,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many stories.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show what a watch gathered: story by story, outlet by outlet."""
    number = _number(watch)
    with opened_store(configuration(home)) as store, store.read() as connection:
        report = watch_report(connection, number, limit=limit)
    if json:
        print_json(asdict(report))
    else:
        print_report(report)


@watch_app.command("end")
def end_command(watch: WatchArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Gather nothing more; what was gathered stays."""
    number = _number(watch)
    with opened_store(configuration(home)) as store, store.write() as connection:
        record = end_watch(connection, number, now=database_time(connection))
    if json:
        print_json(record)
    else:
        typer.echo(f"watch {record.id} has ended: {printable(record.name)}")


@watch_app.command("remove")
def remove_command(watch: WatchArgument, home: HomeOption = None) -> None:
    """End a watch and forget it; the articles stay."""
    number = _number(watch)
    with opened_store(configuration(home)) as store, store.write() as connection:
        remove_watch(connection, number, now=database_time(connection))
    typer.echo(f"watch {number} is removed")


def keep_to_watched(store: Store, records: Sequence[SourceRecord], *, only: bool | None) -> list[SourceRecord]:
    """Has only what a watch wants fetched of these sources, or all; None leaves them. The records as they are then."""
    if only is None:
        return list(records)
    ids = {record.id for record in records}
    with store.write() as connection:
        set_watched_only(connection, ids, only=only)
    with store.read() as connection:
        return [record for record in source_records(connection) if record.id in ids]


def _number(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise BadInput(f"{typed[:80]!r} is no watch: `onestory watch list` has their numbers")
    return int(typed)
