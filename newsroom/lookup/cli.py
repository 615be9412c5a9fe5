"""The `onestory lookup` command."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from onestory.errors import BadInput, NotFound
from onestory.newsroom.lookup.reach import limits_of, no_match, what_was_compared
from onestory.newsroom.search.cli import index_what_is_due
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    print_json,
)
from onestory.newsroom.terminal.output import format_time, output_console, plural, print_line
from onestory.pipelines.markup.charset import decode
from onestory.pipelines.runtime.engine import open_engine
from onestory.pipelines.stories.lookup import LookupResult, look_up
from onestory.store.database import Store
from onestory.store.stories.records import find_article_id, load_article
from onestory.text import printable
from onestory.urls import normalize_url

__all__ = ["lookup_command", "print_lookup"]


def lookup_command(
    what: Annotated[str, typer.Argument(metavar="[FILE|-|URL]")] = "-",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Find out whether a text ran before, where first, and how much of it."""
    with open_engine(load_config(home)) as engine:
        index_what_is_due(engine.store)
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
                raise NotFound(f"no article has the URL {what[:200]}: look up its text instead")
            return load_article(connection, found).text
    try:
        body = sys.stdin.buffer.read() if what == "-" else Path(what).read_bytes()
    except OSError as error:
        raise BadInput(f"{what} cannot be read: {error.strerror}") from error
    return decode(body)


def _print_lookup_json(asked: LookupResult) -> None:
    reach = {name: value for name, value in asdict(asked).items() if name not in ("found", "search")}
    rows: list[Any] = [{**asdict(found), **reach} for found in asked.found]
    for row in rows:
        print_json(row)
    if not rows:
        notice(f"no match: {no_match(asked)}")


def print_lookup(asked: LookupResult) -> None:
    for limit in limits_of(asked):
        output_console.print(limit)
    if not asked.found:
        print_line(f"No match. {no_match(asked)}")
    for found in asked.found:
        print_line(
            f"{found.share:>4.0%} {found.relation:<9} story {found.story_id}"
            f"   first {format_time(found.first_seen)} at {printable(found.first_outlet)}"
            f"   {plural(found.copies, 'copy', 'copies')}   {printable(found.title, width=80)}"
        )
    if asked.found:
        print_line(what_was_compared(asked), style="dim")
    if asked.search is not None:
        print_line(f"Search for words of this text: onestory search {printable(asked.search)}")
