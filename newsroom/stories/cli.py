"""Commands that read the store: stories, show, lookup, dump."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from onestory.errors import BadInput, NotFound
from onestory.newsroom.dump.writer import DumpTable, MiningVerdict, stream_dump, write_dump
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    parse_time_option,
    print_json,
    spinner,
)
from onestory.newsroom.terminal.output import copies_and_matches, print_lookup, print_stories, print_story
from onestory.pipelines.runtime.engine import open_engine
from onestory.pipelines.stories.decisions import story_named
from onestory.pipelines.stories.lookup import LookupResult, look_up
from onestory.store.database import Store
from onestory.store.stories.links import story_links
from onestory.store.stories.listing import StoryFilter, list_stories
from onestory.store.stories.records import copies_of_story, find_article_id, load_article, matches_among, resolve_story
from onestory.urls import normalize_url

__all__ = ["dump_command", "lookup_command", "show_story_command", "stories_command"]

MAX_STORIES_LISTED = 100_000


def stories_command(
    since: Annotated[str | None, typer.Option(help="With a copy seen at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="First seen before this time.")] = None,
    published_since: Annotated[str | None, typer.Option(help="That claim to be no older.")] = None,
    min_copies: Annotated[int, typer.Option(min=1, help="With so many copies or more.")] = 1,
    outlet: Annotated[str | None, typer.Option(help="With a copy at this outlet.")] = None,
    language: Annotated[str | None, typer.Option(help="In this language, as in en.")] = None,
    query: Annotated[str | None, typer.Option(help="With all these words in a headline or text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_STORIES_LISTED, help="At most so many.")] = 20,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories, those seen last first."""
    wanted = StoryFilter(
        since=parse_time_option(since, option="--since"),
        until=parse_time_option(until, option="--until"),
        published_since=parse_time_option(published_since, option="--published-since"),
        min_copies=min_copies,
        outlet=outlet,
        language=language,
        query=query,
    )
    with open_store(load_config(home)) as store, store.read() as connection:
        records = list_stories(connection, wanted, limit=limit)
    if not records and not json:
        typer.echo("No stories yet: onestory import FILE.warc.gz" if wanted == StoryFilter() else "No story fits.")
    if not json:
        print_stories(records)
    for record in records if json else ():
        print_json(record)


def show_story_command(
    story_or_url: Annotated[str, typer.Argument(metavar="STORY|URL")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show one story with all its copies."""
    with open_store(load_config(home)) as store, store.read() as connection:
        story_id = story_or_url
        if "/" in story_or_url:
            story_id = _story_of_url(store, story_or_url)
        record = resolve_story(connection, story_id)
        if record.id != story_id:
            notice(f"story {story_id} is now part of {record.id}")
        members = copies_of_story(connection, record.id)
        matches = matches_among(connection, [member.id for member in members])
        links = story_links(connection, [member.id for member in members])
        text = load_article(connection, record.original)
    if json:
        print_json({**asdict(record), **copies_and_matches(members, matches), "links": links, "text": text.text})
    else:
        print_story(record, members, text, links, matches)


def _story_of_url(store: Store, url: str) -> str:
    with store.read() as connection:
        return story_named(connection, url)


def lookup_command(
    what: Annotated[str, typer.Argument(metavar="[FILE|-|URL]")] = "-",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Has this text run before, where first, and how much of it?"""
    with open_engine(load_config(home)) as engine:
        asked = look_up(engine.store, engine.index_client, _asked_text(engine.store, what))
    if json:
        _print_lookup_json(asked)
    else:
        print_lookup(asked)


def _asked_text(store: Store, what: str) -> str:
    if what.startswith(("http://", "https://")):
        with store.read() as connection:
            found = find_article_id(connection, normalize_url(what))
            if found is None:
                raise NotFound(f"no article has the URL {what[:200]}: give its text instead")
            return load_article(connection, found).text
    try:
        body = sys.stdin.buffer.read() if what == "-" else Path(what).read_bytes()
    except OSError as error:
        raise BadInput(f"{what} cannot be read: {error.strerror}") from error
    return body.decode("utf-8", "replace")


def _print_lookup_json(asked: LookupResult) -> None:
    rows: list[Any] = [
        {**asdict(found), "index": asked.index, "window_is_full": asked.window_is_full} for found in asked.found
    ]
    for row in rows:
        print_json(row)


def dump_command(
    out: Annotated[str, typer.Argument(metavar="OUT|-", help="A folder that is not there yet, or - for a stream.")],
    rows: Annotated[DumpTable, typer.Option(help="Which rows to stream, with -.")] = DumpTable.ARTICLES,
    mining: Annotated[
        list[MiningVerdict] | None,
        typer.Option(
            help="Only articles whose publisher says this of text and data mining; may be given again. All without."
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write the deduplicated corpus: one row a story, every copy traceable."""
    with open_store(load_config(home)) as store:
        if out == "-":
            stream_dump(store, rows, mining=mining or tuple(MiningVerdict))
            return
        with spinner("dumping") as progress:
            task = progress.add_task("", total=None)
            manifest = write_dump(
                store,
                out=Path(out),
                mining=mining or tuple(MiningVerdict),
                progress=lambda done: progress.update(task, description=f"{done} rows"),
            )
    counts = manifest["counts"]
    typer.echo(f"{counts['stories']} stories, {counts['articles']} articles in {out}")
