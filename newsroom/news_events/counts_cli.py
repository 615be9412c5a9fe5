"""`onestory counts`."""

from typing import Annotated

import typer
from rich.table import Table

from onestory.newsroom.news_events.cli import group_what_is_due
from onestory.newsroom.terminal.console import (
    LANGUAGE_HELP,
    TIME_HELP,
    HomeOption,
    JsonOption,
    load_config,
    open_store,
    parse_language_option,
    parse_time_option,
    print_json,
)
from onestory.newsroom.terminal.output import output_console
from onestory.store.news_events.counts import COUNT_DIMENSIONS, CoverageCounts, coverage_counts
from onestory.store.news_events.records import resolve_news_event
from onestory.store.stories.listing import StoryFilter
from onestory.text import printable

__all__ = ["counts_command"]


def counts_command(
    by: Annotated[str, typer.Option(help="day, outlet, owner, country, language, or agency.")] = "day",
    query: Annotated[str | None, typer.Option(help="Only articles with all these words.")] = None,
    since: Annotated[str | None, typer.Option(help=f"First seen at or after this time. {TIME_HELP}")] = None,
    until: Annotated[str | None, typer.Option(help=f"First seen before this time. {TIME_HELP}")] = None,
    outlet: Annotated[str | None, typer.Option(help="Only articles of this outlet.")] = None,
    language: Annotated[str | None, typer.Option(help=LANGUAGE_HELP)] = None,
    event: Annotated[str | None, typer.Option(help="Only coverage of this news event.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Count articles and stories: coverage with copies and without."""
    if by not in COUNT_DIMENSIONS:
        raise typer.BadParameter(f"choose one of {', '.join(COUNT_DIMENSIONS)}", param_hint="--by")
    wanted = StoryFilter(
        since=parse_time_option(since, option="--since"),
        until=parse_time_option(until, option="--until"),
        outlet=outlet,
        language=parse_language_option(language),
        query=query,
    )
    with open_store(load_config(home)) as store:
        if event is not None:
            group_what_is_due(store)
        with store.read() as connection:
            home_event = None if event is None else resolve_news_event(connection, event)
            found = coverage_counts(connection, wanted, by, news_event=home_event)
    if json:
        for row in found.rows:
            print_json(row)
    else:
        _print_counts(found, by)


def _print_counts(found: CoverageCounts, by: str) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column(by.capitalize())
    for name in ("Articles", "Stories", "Credited"):
        table.add_column(name, justify="right")
    for row in found.rows:
        value = "–" if row.value is None else printable(row.value, width=60)
        table.add_row(value, f"{row.articles:,}", f"{row.stories:,}", f"{row.credited:,}")
    table.add_row("all", f"{found.articles:,}", f"{found.stories:,}", f"{found.credited:,}", style="bold")
    output_console.print(table)
    if not found.is_complete:
        output_console.print("The search has more matches; the newest were counted.", style="dim")
