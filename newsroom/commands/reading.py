"""Commands that read the store: stories, show, lookup, dump."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from newsroom.commands.options import HomeOption, JsonOption
from newsroom.dump import Mining, Rows, dump, stream
from newsroom.lines import copy_rows, print_lookup, print_stories, print_story
from newsroom.session import configuration, notice, opened_store, print_json, read_time, spinner
from pipelines.decide import story_named
from pipelines.engine import open_engine
from pipelines.lookup import Lookup, look_up
from store.database import Store
from store.errors import BadInput, NotFound
from store.identity import normal_url
from store.links import links_of
from store.records import (
    article,
    copies,
    find_article_id,
    matches_of,
    story_now,
)
from store.story_list import StoryFilter, list_stories

__all__ = ["dump_command", "lookup_command", "show_command", "stories_command"]

MAX_LIMIT = 100_000


def stories_command(
    since: Annotated[str | None, typer.Option(help="With a copy seen at or after this time.")] = None,
    until: Annotated[str | None, typer.Option(help="First seen before this time.")] = None,
    published_since: Annotated[str | None, typer.Option(help="That claim to be no older.")] = None,
    min_copies: Annotated[int, typer.Option(min=1, help="With so many copies or more.")] = 1,
    outlet: Annotated[str | None, typer.Option(help="With a copy at this outlet.")] = None,
    language: Annotated[str | None, typer.Option(help="In this language, as in en.")] = None,
    query: Annotated[str | None, typer.Option(help="With all these words in a headline or text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many.")] = 20,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List the stories, those seen last first."""
    wanted = StoryFilter(
        since=read_time(since, option="--since"),
        until=read_time(until, option="--until"),
        published_since=read_time(published_since, option="--published-since"),
        min_copies=min_copies,
        outlet=outlet,
        language=language,
        query=query,
    )
    with opened_store(configuration(home)) as store, store.read() as connection:
        records = list_stories(connection, wanted, limit=limit)
    if not records and not json:
        typer.echo("No stories yet: onestory import FILE.warc.gz" if wanted == StoryFilter() else "No story fits.")
    if not json:
        print_stories(records)
    for record in records if json else ():
        print_json(record)


def show_command(
    story_or_url: Annotated[str, typer.Argument(metavar="STORY|URL")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show one story with all its copies."""
    with opened_store(configuration(home)) as store, store.read() as connection:
        story_id = story_or_url
        if "/" in story_or_url:
            story_id = _story_of_url(store, story_or_url)
        record = story_now(connection, story_id)
        if record.id != story_id:
            notice(f"story {story_id} is now part of {record.id}")
        members = copies(connection, record.id)
        matches = matches_of(connection, [member.id for member in members])
        links = links_of(connection, [member.id for member in members])
        text = article(connection, record.original)
    if json:
        print_json({**asdict(record), **copy_rows(members, matches), "links": links, "text": text.text})
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
    with open_engine(configuration(home)) as engine:
        asked = look_up(engine.store, engine.registry, _asked_text(engine.store, what))
    if json:
        _print_lookup_json(asked)
    else:
        print_lookup(asked)


def _asked_text(store: Store, what: str) -> str:
    if what.startswith(("http://", "https://")):
        with store.read() as connection:
            found = find_article_id(connection, normal_url(what))
            if found is None:
                raise NotFound(f"no article has the URL {what[:200]}: give its text instead")
            return article(connection, found).text
    try:
        body = sys.stdin.buffer.read() if what == "-" else Path(what).read_bytes()
    except OSError as error:
        raise BadInput(f"{what} cannot be read: {error.strerror}") from error
    return body.decode("utf-8", "replace")


def _print_lookup_json(asked: Lookup) -> None:
    rows: list[Any] = [
        {**asdict(found), "index": asked.index, "window_is_full": asked.window_is_full} for found in asked.found
    ]
    for row in rows:
        print_json(row)


def dump_command(
    out: Annotated[str, typer.Argument(metavar="OUT|-", help="A folder that is not there yet, or - for a stream.")],
    rows: Annotated[Rows, typer.Option(help="Which rows to stream, with -.")] = Rows.ARTICLES,
    mining: Annotated[
        list[Mining] | None,
        typer.Option(
            help="Only articles whose publisher says this of text and data mining; may be given again. All without."
        ),
    ] = None,
    home: HomeOption = None,
) -> None:
    """Write the deduplicated corpus: one row a story, every copy traceable."""
    with opened_store(configuration(home)) as store:
        if out == "-":
            stream(store, rows, mining=mining or tuple(Mining))
            return
        with spinner("dumping") as progress:
            task = progress.add_task("", total=None)
            manifest = dump(
                store,
                out=Path(out),
                mining=mining or tuple(Mining),
                progress=lambda done: progress.update(task, description=f"{done} rows"),
            )
    counts = manifest["counts"]
    typer.echo(f"{counts['stories']} stories, {counts['articles']} articles in {out}")
