"""The `onestory watch` commands."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from onestory.crawler.sources.search_feeds import load_templates
from onestory.errors import BadInput
from onestory.newsroom.news_events.cli import group_what_is_due
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    parse_time_option,
    print_json,
    print_records,
    spinner,
)
from onestory.newsroom.terminal.output import format_time, plural, print_line
from onestory.pipelines.watches.creation import CreatedWatch, WatchRequest, create_watch
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.source_records import SourceRecord, source_records
from onestory.store.watches.hits import WatchStory
from onestory.store.watches.report import SeedPage, WatchReport, WatchSearch, watch_report
from onestory.store.watches.watch_pages import set_watched_only
from onestory.store.watches.watches import WatchRecord, end_expired_watches, end_watch, remove_watch, watch_records
from onestory.text import printable
from onestory.times import utc_now

__all__ = ["apply_watched_only", "print_added_watch", "print_watch_report", "print_watches", "watch_app"]


HIT_REASONS = {"text": "", "seed": "given by URL", "event": "in its news event", "story": "through its story"}


def print_added_watch(begun: CreatedWatch) -> None:
    print_line(f"watch {begun.watch.id}: {printable(begun.watch.name)}")
    print_line(f"  {plural(begun.gathered, 'matching article', 'matching articles')} already stored")
    if begun.first:
        print_line(f"  {plural(begun.first, 'queued page goes', 'queued pages go')} first")
    if begun.searches:
        print_line(f"  {plural(begun.searches, 'search feed is', 'search feeds are')} polled for it")


def print_watches(records: Sequence[WatchRecord], *, include_ended: bool) -> None:
    if not records:
        print_line(
            "No watches yet: onestory watch add WORDS"
            if include_ended
            else "No active watches: onestory watch add WORDS"
        )
    for record in records:
        print_line(f"{record.id:>4}  {_span(record):<44} {printable(record.name)}")
        if record.phrases:
            print_line(f"      {_quoted(record)}", style="dim")


def _span(record: WatchRecord) -> str:
    if record.ended is not None:
        return f"since {format_time(record.created)}, ended {format_time(record.ended)}"
    return f"since {format_time(record.created)}" + (f", until {format_time(record.until)}" if record.until else "")


def _quoted(record: WatchRecord) -> str:
    return " or ".join(f'"{printable(phrase)}"' for phrase in record.phrases)


def print_watch_report(report: WatchReport) -> None:
    record = report.watch
    print_line(printable(record.name), style="bold")
    print_line(f"watch {record.id}  {_span(record)}")
    if record.phrases:
        print_line(f"searches for {_quoted(record)}")
    if record.news_event:
        print_line(f"follows the news event {record.news_event}")
    for seed in report.seeds:
        print_line(f"started with {printable(seed.url)}  {_became(seed)}")
    for search in report.searches:
        print_line(f"polls {printable(search.name)}  {_searched(search)}", style="dim")
    found = ", ".join(f"{number} by {how}" for how, number in report.found.items() if number)
    print_line(f"{plural(report.waiting, 'page queued', 'pages queued')}" + (f"; found {found}" if found else ""))
    spread = f"{plural(report.story_count, 'story', 'stories')}, {plural(report.copy_count, 'copy', 'copies')}"
    print_line(spread if report.story_count else "No stories found yet.")
    for gathered in report.stories:
        _print_story(gathered)
    if report.story_count > len(report.stories):
        print_line(f"and {report.story_count - len(report.stories)} more: --limit shows them")


def _became(seed: SeedPage) -> str:
    if seed.article_id is not None:
        return f"article {seed.article_id}"
    return seed.state + (f" ({printable(seed.reason)})" if seed.reason else "")


def _searched(search: WatchSearch) -> str:
    return f"{search.status}, last polled {format_time(search.last_poll) or 'never'}" + (
        f": {printable(search.why)}" if search.why else ""
    )


def _print_story(gathered: WatchStory) -> None:
    story = gathered.story
    print_line("")
    print_line(printable(story.title) or "(no headline)", style="bold")
    outlets = plural(story.outlets, "outlet", "outlets")
    print_line(
        f"story {story.id}  {plural(story.copies, 'copy', 'copies')} in {outlets}  "
        f"first {format_time(story.first_seen)}"
    )
    for one in gathered.copies:
        copy = one.copy
        print_line(
            f"  {format_time(copy.first_seen)}  {copy.relation:<9} {printable(copy.outlet):<28} "
            f"{HIT_REASONS.get(one.how, one.how)}"
        )
        print_line(f"  {'':<17} {printable(copy.url)}", style="dim")


MAX_WATCH_STORIES = 1_000


watch_app = typer.Typer(help="Follow stories and topics. Their pages are fetched first.", no_args_is_help=True)

WatchArgument = Annotated[str, typer.Argument(metavar="WATCH", help="Number shown by `list`.")]


@watch_app.command("add")
def add_watch_command(
    phrases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORDS…]",
            help='A phrase in quotation marks, whose words are consecutive; "a + b" requires both. With several '
            "phrases, one match is enough.",
        ),
    ] = None,
    urls: Annotated[
        list[str] | None, typer.Option("--url", help="An article to start from, fetched immediately. Repeatable.")
    ] = None,
    news_event: Annotated[
        str | None, typer.Option(metavar="EVENT", help="A news event, or a story in it: what joins it matches.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(help="End of the watch, such as 2026-12-24 (start of the day, UTC).", show_default=False),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the watch. Default: its phrases.", show_default=False)
    ] = None,
    no_search: Annotated[
        bool, typer.Option("--no-search", help="Do not query search engines, which would see these terms.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Follow a story or a topic."""
    config = load_config(home)
    end = parse_time_option(until, option="--until", is_past=False)
    if end is not None and end <= utc_now():
        raise BadInput(f"--until: {until} is in the past; choose a time in the future")
    templates = () if no_search else load_templates(config.sources_file)
    wish = WatchRequest(phrases or (), urls or (), name, end, templates, news_event)
    if news_event is not None:
        with open_store(config) as store:
            group_what_is_due(store)
    with open_store(config) as store, spinner("searching stored articles") as progress:
        task = progress.add_task("", total=None)
        begun = create_watch(
            store, wish, progress=lambda seen: progress.update(task, description=f"{seen:,} articles searched")
        )
    for reason in begun.unused:
        notice(f"search feed not used: {reason}")
    if json:
        print_json(begun)
    else:
        print_added_watch(begun)


@watch_app.command("list")
def list_watches_command(
    include_ended: Annotated[bool, typer.Option("--all", help="Include ended watches.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List watches, newest first."""
    with open_store(load_config(home)) as store:
        with store.write() as connection:
            end_expired_watches(connection, now=database_time(connection))
        with store.read() as connection:
            records = [record for record in watch_records(connection) if include_ended or record.ended is None]
    print_records(records, lambda found: print_watches(found, include_ended=include_ended), as_json=json)


@watch_app.command("show")
def show_watch_command(
    watch: WatchArgument,
    limit: Annotated[int, typer.Option(min=1, max=MAX_WATCH_STORIES, help="Maximum number of stories.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show a watch with its stories and their copies."""
    number = _number(watch)
    with open_store(load_config(home)) as store, store.read() as connection:
        report = watch_report(connection, number, limit=limit)
    if json:
        print_json(asdict(report))
    else:
        print_watch_report(report)


@watch_app.command("end")
def end_watch_command(watch: WatchArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """End a watch. What was found stays."""
    number = _number(watch)
    with open_store(load_config(home)) as store, store.write() as connection:
        record = end_watch(connection, number, now=database_time(connection))
    if json:
        print_json(record)
    else:
        typer.echo(f"watch {record.id} has ended: {printable(record.name)}")


@watch_app.command("remove")
def remove_watch_command(watch: WatchArgument, home: HomeOption = None) -> None:
    """End a watch and delete its matches. The articles stay."""
    number = _number(watch)
    with open_store(load_config(home)) as store, store.write() as connection:
        remove_watch(connection, number, now=database_time(connection))
    typer.echo(f"watch {number} was removed")


def apply_watched_only(store: Store, records: Sequence[SourceRecord], *, only: bool | None) -> list[SourceRecord]:
    """Set watched_only on these sources, and return the updated records; None leaves it unchanged."""
    if only is None:
        return list(records)
    ids = {record.id for record in records}
    with store.write() as connection:
        set_watched_only(connection, ids, only=only)
    with store.read() as connection:
        return [record for record in source_records(connection) if record.id in ids]


def _number(typed: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise BadInput(f"{typed[:80]!r} is not the number of a watch: see `onestory watch list`")
    return int(typed)
