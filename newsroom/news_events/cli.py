"""The `onestory news-events` commands."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from onestory.logs import configure_logging
from onestory.newsroom.news_events.follow import follow_stories
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
    print_records,
    spinner,
)
from onestory.newsroom.terminal.output import format_time, output_console, plural, print_line
from onestory.pipelines.stories.decisions import DecisionNote
from onestory.store.database import Store
from onestory.store.news_events.decisions import NewsEventDecision, news_event_decisions_log
from onestory.store.news_events.records import (
    NewsEventFilter,
    NewsEventRecord,
    NewsEventSort,
    list_news_events,
    load_news_event,
    resolve_news_event,
    stories_of_event,
)
from onestory.text import printable
from onestory.times import utc_now

__all__ = ["group_what_is_due", "news_events_app"]

MAX_LISTED = 100_000
EMBEDDED_AT_ONCE = 20

news_events_app = typer.Typer(
    help="News events: the stories that report one happening. Decisions hold until undone.", no_args_is_help=True
)

WhoOption = Annotated[str, typer.Option("--who", help="Your name, for the log.")]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, for the log.")]
EventArgument = Annotated[str, typer.Argument(metavar="EVENT", help="The id of a news event, or of a story in it.")]


def group_what_is_due(store: Store) -> None:
    """Group stories that are in no news event yet."""
    from onestory.pipelines.news_events.grouping import NewsEventGrouper  # noqa: PLC0415 (brings NumPy and SciPy)

    grouper = NewsEventGrouper(store)
    _work_off("grouping new stories", lambda: grouper.step(now=utc_now()), waiting=grouper.waiting)


def _work_off(title: str, step: Callable[[], int], *, waiting: Callable[[], int] | None = None) -> int:
    """Call a step until it returns 0, and return the sum. `waiting` counts what is left after the first step."""
    total = done = step()
    if not done:
        return 0
    with spinner(title) as progress:
        task = progress.add_task("", total=None if waiting is None else done + waiting())
        while done:
            progress.advance(task, done)
            done = step()
            total += done
    return total


@news_events_app.command("list")
def list_command(
    since: Annotated[str | None, typer.Option(help=f"With a copy seen at or after this time. {TIME_HELP}")] = None,
    until: Annotated[str | None, typer.Option(help=f"First seen before this time. {TIME_HELP}")] = None,
    min_stories: Annotated[int, typer.Option(min=1, help="At least N stories.")] = 2,
    min_outlets: Annotated[int, typer.Option(min=1, help="At least N outlets.")] = 1,
    language: Annotated[str | None, typer.Option(help=LANGUAGE_HELP)] = None,
    sort: Annotated[str, typer.Option(help="newest, stories, outlets, owners, or copies.")] = "newest",
    limit: Annotated[int, typer.Option(min=1, max=MAX_LISTED, help="Maximum number of results.")] = 20,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List news events of two stories and more, the latest seen first."""
    if sort not in ("newest", "stories", "outlets", "owners", "copies"):
        raise typer.BadParameter("choose newest, stories, outlets, owners, or copies", param_hint="--sort")
    wanted = NewsEventFilter(
        since=parse_time_option(since, option="--since"),
        until=parse_time_option(until, option="--until"),
        min_stories=min_stories,
        min_outlets=min_outlets,
        language=parse_language_option(language),
    )
    with open_store(load_config(home)) as store:
        group_what_is_due(store)
        with store.read() as connection:
            found, _ = list_news_events(connection, wanted, limit=limit, sort=cast(NewsEventSort, sort))
    print_records(found, _print_events, as_json=json)


@news_events_app.command("embed")
def embed_command(home: HomeOption = None) -> None:
    """Compute missing sentence embeddings, and group by them. A server does so by itself. Needs an extra."""
    from onestory.pipelines.news_events.embedding import StoryEmbedder, open_model  # noqa: PLC0415 (brings NumPy)

    with open_store(load_config(home)) as store:
        embedder = StoryEmbedder(store, open_model())
        group_what_is_due(store)
        done = _work_off("embedding stories", lambda: embedder.step(now=utc_now(), limit=EMBEDDED_AT_ONCE))
        group_what_is_due(store)
    print_line(f"{plural(done, 'story', 'stories')} embedded")


def _print_events(records: Sequence[NewsEventRecord]) -> None:
    if not records:
        output_console.print("No news events match.")
    for record in records:
        numbers = f"{plural(record.stories, 'story', 'stories')}, {plural(record.outlets, 'outlet', 'outlets')}"
        print_line(f"{record.id}  {printable(record.label or 'No headline', width=90)}")
        languages = " ".join(record.languages)
        print_line(f"    {numbers}   {languages}   {format_time(record.first_seen)}", style="dim")


@news_events_app.command("show")
def show_command(event: EventArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show a news event with its stories."""
    with open_store(load_config(home)) as store:
        group_what_is_due(store)
        with store.read() as connection:
            record = load_news_event(connection, resolve_news_event(connection, event))
            members = stories_of_event(connection, record.id)
    if json:
        print_json({**asdict(record), "members": [asdict(member) for member in members]})
        return
    _print_events([record])
    for story in members:
        by = f"{printable(story.original_outlet)}, {plural(story.copies, 'copy', 'copies')}"
        print_line(f"  {story.id}  {story.language}  {printable(story.title or 'No headline', width=70)}")
        print_line(f"      {by}, {format_time(story.first_seen)}", style="dim")


@news_events_app.command("follow")
def follow_command(home: HomeOption = None) -> None:
    """Group stories as they change, until stopped. `run` and `serve` do this in a process beside them."""
    config = load_config(home)
    configure_logging(as_json=config.log_json)
    follow_stories(config)


@news_events_app.command("merge")
def merge_command(
    events: Annotated[list[str], typer.Argument(metavar="EVENT EVENT…", help="Ids of news events, or of stories.")],
    who: WhoOption,
    why: WhyOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Merge news events."""
    from onestory.pipelines.news_events.decisions import merge_events  # noqa: PLC0415 (brings NumPy)

    _decide(lambda store: merge_events(store, events, _note(who, why)), home, json=json)


@news_events_app.command("split")
def split_command(
    stories: Annotated[list[str], typer.Argument(metavar="STORY|URL…", help="The stories that leave their event.")],
    who: WhoOption,
    why: WhyOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Split stories off their news event, as one of their own."""
    from onestory.pipelines.news_events.decisions import split_event  # noqa: PLC0415 (brings NumPy)

    _decide(lambda store: split_event(store, stories, _note(who, why)), home, json=json)


@news_events_app.command("move")
def move_command(
    story: Annotated[str, typer.Argument(metavar="STORY|URL", help="The story that moves.")],
    event: EventArgument,
    who: WhoOption,
    why: WhyOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Move a story to another news event."""
    from onestory.pipelines.news_events.decisions import move_story  # noqa: PLC0415 (brings NumPy)

    _decide(lambda store: move_story(store, story, event, _note(who, why)), home, json=json)


@news_events_app.command("label")
def label_command(
    story: Annotated[str, typer.Argument(metavar="STORY|URL", help="The story whose headline names its event.")],
    who: WhoOption,
    why: WhyOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Choose the headline of a news event."""
    from onestory.pipelines.news_events.decisions import pin_event_label  # noqa: PLC0415 (brings NumPy)

    _decide(lambda store: pin_event_label(store, story, _note(who, why)), home, json=json)


@news_events_app.command("undo")
def undo_command(
    decision: Annotated[int, typer.Argument(metavar="DECISION", help="Number shown by `log`.")],
    who: WhoOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Undo a decision."""
    from onestory.pipelines.news_events.decisions import undo_event_decision  # noqa: PLC0415 (brings NumPy)

    _decide(lambda store: undo_event_decision(store, decision, _note(who, "")), home, json=json)


@news_events_app.command("log")
def log_command(
    limit: Annotated[int, typer.Option(min=1, max=MAX_LISTED, help="Maximum number of results.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show the decisions, newest first: author, reason and time."""
    with open_store(load_config(home)) as store, store.read() as connection:
        records = news_event_decisions_log(connection, limit=limit)
    print_records(records, _print_decisions, as_json=json)


def _print_decisions(records: Sequence[NewsEventDecision]) -> None:
    if not records:
        output_console.print("No decisions yet.")
    for record in records:
        undone = f"  undone {format_time(record.undone)} by {printable(record.undone_by)}" if record.undone else ""
        print_line(f"{record.id:>4}  {record.kind:<8} {format_time(record.decided)}  {printable(record.who)}{undone}")
        print_line(f"      {printable(record.why)}")
        print_line(f"      {' '.join(record.stories)}", style="dim")


def _note(who: str, why: str) -> DecisionNote:
    return DecisionNote(who, why, utc_now())


def _decide(decide: Callable[[Store], Any], home: Path | None, *, json: bool) -> None:
    with open_store(load_config(home)) as store:
        group_what_is_due(store)
        decided = decide(store)
    if json:
        print_json(decided)
    else:
        print_line(f"decision {decided.number} applied; its stories are in {' '.join(decided.events)}")
