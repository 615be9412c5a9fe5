"""The `onestory sources` commands that list and poll: list, add, check."""

from collections.abc import Sequence
from typing import Annotated

import typer

from onestory.config import Config
from onestory.crawler.crawl import add_source, poll_sources
from onestory.crawler.sources.discovery import discover, discover_section
from onestory.crawler.sources.source_file import add_new_sources, load_sources
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    open_store,
    parse_language_option,
    print_json,
    print_records,
    spinner,
)
from onestory.newsroom.terminal.output import format_time, plural, print_line
from onestory.newsroom.watches.cli import apply_watched_only
from onestory.store.database import Store
from onestory.store.sources.polls import find_sources
from onestory.store.sources.source_list import remove_source
from onestory.store.sources.source_records import SourceRecord, source_records
from onestory.text import printable

__all__ = ["ensure_sources", "print_sources", "sources_app"]


sources_app = typer.Typer(help="Manage the feeds, sitemaps and section pages that are polled.", no_args_is_help=True)
SourcesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[SOURCE…]", help="Sources by id, URL, host or outlet. Default: all.")
]


def ensure_sources(store: Store, config: Config) -> None:
    """Add the shipped sources to an empty store, and those of ONESTORY_SOURCES in any case."""
    with store.read() as connection:
        # Search feeds of watches do not count.
        empty = all(record.kind == "search" for record in source_records(connection))
    if config.sources_file is not None or empty:
        add_new_sources(store, load_sources(config.sources_file))


@sources_app.command("list")
def list_sources_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """List sources with their state, the most urgent first."""
    config = load_config(home)
    with open_store(config) as store:
        ensure_sources(store, config)
        with store.read() as connection:
            records = sorted(source_records(connection), key=lambda record: record.rank)
    print_records(records, print_sources, as_json=json)


@sources_app.command("add")
def add_source_command(
    url: Annotated[str, typer.Argument(help="A feed, a sitemap, or a homepage that names one.")],
    outlet: Annotated[str | None, typer.Option(help="The outlet. Default: the host name.")] = None,
    language: Annotated[str | None, typer.Option(help="A code such as en, or a name such as English.")] = None,
    section: Annotated[
        bool, typer.Option("--section", help="Use the page itself as the source, and follow its links to articles.")
    ] = False,
    only_watched: Annotated[
        bool, typer.Option("--only-watched", "--only", help="Fetch only pages that a watch wants.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Detect the kind of source at a URL, and add it."""
    config = load_config(home)
    with open_store(config) as store:
        record = add_source(
            store,
            url,
            finding=discover_section if section else discover,
            outlet=outlet,
            language=parse_language_option(language),
            contact=config.contact,
            allow_private=config.allow_private,
        )
        [record] = apply_watched_only(store, [record], only=True if only_watched else None)
    if json:
        print_json(record)
    else:
        print_sources([record])


@sources_app.command("remove")
def remove_source_command(
    sources: Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Sources by id, URL, host or outlet.")],
    home: HomeOption = None,
) -> None:
    """Remove sources. Their articles stay; a source that ONESTORY_SOURCES lists comes back."""
    with open_store(load_config(home)) as store, store.write() as connection:
        numbers = find_sources(connection, sources)
        for number in numbers:
            remove_source(connection, number)
    print_line(f"{plural(len(numbers), 'source', 'sources')} removed")


@sources_app.command("check")
def check_sources_command(sources: SourcesArgument = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Poll sources now and report the results, without fetching articles."""
    config = load_config(home)
    with open_store(config) as store, spinner("checking"):
        ensure_sources(store, config)
        records = poll_sources(store, sources or (), contact=config.contact, allow_private=config.allow_private)
    print_records(records, print_sources, as_json=json)
    raise typer.Exit(0 if all(record.is_well for record in records) else 1)


def print_sources(records: Sequence[SourceRecord]) -> None:
    for record in records:
        status = record.status if record.enabled else "off"
        alarm = f"  ALARM since {format_time(record.alarmed)}" if record.alarmed and record.enabled else ""
        print_line(f"{record.id:>4}  {status:<8} {printable(record.outlet):<28} {printable(record.url)}{alarm}")
        only = "fetches only pages that a watch wants" if record.watched_only else None
        wire = f"holds dispatches of {record.wire}" if record.wire else None
        for said in (record.why, record.location_why, record.left_out_why, only, wire):
            if said:
                print_line(f"      {printable(said)}", style="dim")
