"""The `onestory story` commands (merge, split, pin, undo, log), and `onestory takedown`."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.backup.replay import read_tombstones, replay_tombstones
from onestory.newsroom.backup.writing import archive_folders
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    print_json,
    print_records,
    spinner,
)
from onestory.newsroom.terminal.output import format_time, output_console, plural, print_line
from onestory.pipelines.runtime.engine import open_engine
from onestory.pipelines.stories.decisions import (
    APPLY,
    PREVIEW,
    DecisionMode,
    DecisionNote,
    DecisionResult,
    merge_stories,
    pin_original,
    split_story,
    undo_decision,
)
from onestory.pipelines.takedown import take_down
from onestory.store.database import Store
from onestory.store.editorial.decisions import DecisionRecord, decision_records
from onestory.store.stories.records import copies_of_story
from onestory.store.stories.references import story_named
from onestory.store.tombstones import tombstone_records
from onestory.text import printable
from onestory.times import utc_now

__all__ = ["print_decisions", "story_app", "takedown_command"]


MAX_DECISIONS_LISTED = 100_000


story_app = typer.Typer(help="Merge, split and correct stories. Decisions hold until undone.", no_args_is_help=True)


WhoOption = Annotated[str, typer.Option("--who", help="Your name, for the log.")]

WhyOption = Annotated[str, typer.Option("--why", help="The reason, for the log.")]

StoriesArgument = Annotated[list[str], typer.Argument(metavar="STORY|URL…", help="Story ids, or URLs of articles.")]

ArticlesArgument = Annotated[list[str], typer.Argument(metavar="ARTICLE|URL…", help="Articles, by id or URL.")]


PreviewOption = Annotated[bool, typer.Option("--preview", help="Only show which copies would move where.")]


@story_app.command("merge")
def merge_stories_command(
    stories: StoriesArgument,
    who: WhoOption,
    why: WhyOption,
    preview: PreviewOption = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Merge stories."""
    note = _note(who, why)
    _decide(lambda store, mode: merge_stories(store, stories, note, mode), preview=preview, home=home, json=json)


@story_app.command("split")
def split_story_command(
    articles: ArticlesArgument,
    who: WhoOption,
    why: WhyOption,
    preview: PreviewOption = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Split articles off into a story of their own. The other copies stay together."""
    note = _note(who, why)
    _decide(lambda store, mode: split_story(store, articles, note, mode), preview=preview, home=home, json=json)


@story_app.command("pin")
def pin_original_command(
    article: Annotated[str, typer.Argument(metavar="ARTICLE|URL", help="An article, by id or URL.")],
    who: WhoOption,
    why: WhyOption,
    preview: PreviewOption = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Mark an article as the original of its story."""
    note = _note(who, why)
    _decide(lambda store, mode: pin_original(store, article, note, mode), preview=preview, home=home, json=json)


@story_app.command("undo")
def undo_decision_command(
    decision: Annotated[int, typer.Argument(metavar="DECISION", help="Number shown by `log`.")],
    who: WhoOption,
    preview: PreviewOption = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Undo a decision."""
    note = _note(who, "")
    _decide(lambda store, mode: undo_decision(store, decision, note, mode), preview=preview, home=home, json=json)


@story_app.command("log")
def decision_log_command(
    story: Annotated[
        str | None, typer.Argument(metavar="[STORY|URL]", help="Only decisions on this story. Default: all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_DECISIONS_LISTED, help="Maximum number of results.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show the editing log, newest first: author, reason and time."""
    with open_store(load_config(home)) as store, store.read() as connection:
        members = story and [copy.id for copy in copies_of_story(connection, story_named(connection, story))]
        records = decision_records(connection, members or None, limit=limit)
    print_records(records, print_decisions, as_json=json)


def _note(who: str, why: str) -> DecisionNote:
    return DecisionNote(who, why, utc_now())


def _decide(
    decide: Callable[[Store, DecisionMode], DecisionResult], *, preview: bool, home: Path | None, json: bool
) -> None:
    """Make a decision and print its effect; in a terminal, show the effect first and ask."""
    with open_store(load_config(home)) as store:
        mode = PREVIEW if preview else APPLY
        if not preview and not json and sys.stdin.isatty() and sys.stdout.isatty():
            shown = decide(store, PREVIEW)
            _print_decision(shown)
            typer.confirm("Apply?", abort=True)
            mode = DecisionMode(expected=shown.effect.digest)
        decided = decide(store, mode)
    if json:
        print_json(decided)
    else:
        _print_decision(decided)


def _print_decision(decided: DecisionResult) -> None:
    """The stories that the decision touches, as it makes them, with their copies."""
    after = decided.effect.after
    count = plural(len(after), "story", "stories")
    if decided.number is None:
        print_line(f"preview, no change made: {len(decided.effect.before)} before, {count} afterwards")
    else:
        print_line(f"decision {decided.number} applied; its copies are in {count}")
    for story in after:
        print_line(
            f"story {story.id}   {plural(len(story.copies), 'copy', 'copies')}   {printable(story.title, width=80)}"
        )
        for copy in story.copies:
            mark = "  original" if copy.article_id == story.original else ""
            was = f"  from {copy.story_before}" if copy.story_before != story.id else ""
            print_line(f"  {copy.article_id}  {printable(copy.outlet)}{mark}{was}", style="dim")


def takedown_command(
    what: Annotated[str | None, typer.Argument(metavar="[URL|STORY|HOST]", show_default=False)] = None,
    reason: Annotated[
        str | None, typer.Option(help="Stored with the tombstone, such as the number of an order.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Print all tombstones, one JSON object per line.")] = False,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Apply tombstones that --list printed on another installation.")
    ] = None,
    home: HomeOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Remove an article, a story or a whole host for good, and keep it out."""
    config = load_config(home)
    if [what is not None, listed, replay is not None].count(True) != 1:
        raise BadInput("name a URL, a story or a host; or give --list, or --replay FILE")
    if listed:
        _list_tombstones(config)
    elif replay is not None:
        _replay(config, replay)
    elif what is None or not reason:
        raise BadInput("--reason is missing: it is stored with the tombstone")
    else:
        _take_down(config, what, reason, json=json)


def _list_tombstones(config: Config) -> None:
    with open_store(config) as store, store.read() as connection:
        for record in tombstone_records(connection):
            print_json(record)


def _replay(config: Config, path: Path) -> None:
    with spinner("taking down"):
        removed = replay_tombstones(config, read_tombstones(path), now=utc_now())
    typer.echo(f"removed: {plural(removed, 'article', 'articles')}")


def _take_down(config: Config, what: str, reason: str, *, json: bool) -> None:
    with spinner("taking down"), open_engine(config) as engine:
        done = take_down(
            engine.store, engine.index_client, what, reason=reason, archived=archive_folders(config), now=utc_now()
        )
        on_postgresql = engine.store.dialect == "postgresql"
    if json:
        print_json(asdict(done))
    else:
        typer.echo(
            f"removed: {done.articles} articles, {done.versions} versions, {done.records} WARC records; {done.left} "
            "remaining copies evaluated again"
        )
    if on_postgresql:
        notice("the rows are deleted and vacuumed; PostgreSQL's log and your backups may still contain them")


def print_decisions(records: Sequence[DecisionRecord]) -> None:
    if not records:
        output_console.print("No decisions yet.")
    for record in records:
        undone = f"  undone {format_time(record.undone)} by {printable(record.undone_by)}" if record.undone else ""
        what = {"together": "merge", "original": "pin"}.get(record.kind, record.kind)
        print_line(f"{record.id:>4}  {what:<6} {format_time(record.decided)}  {printable(record.who)}{undone}")
        print_line(f"      {printable(record.why)}")
        print_line(f"      {' '.join(record.articles)}", style="dim")
