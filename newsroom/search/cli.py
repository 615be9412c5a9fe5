"""`onestory search`: stories by the words of their copies."""

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from onestory.newsroom.stories.cli import print_stories
from onestory.newsroom.terminal.console import (
    LANGUAGE_HELP,
    TIME_HELP,
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    parse_language_option,
    parse_time_option,
    print_json,
    spinner,
)
from onestory.newsroom.terminal.output import print_line
from onestory.store.database import Store
from onestory.store.search.full_text_index import count_search_due, index_due_batch
from onestory.store.stories.listing import StoryFilter
from onestory.store.stories.search import SearchResult, search_by_relevance, search_by_time
from onestory.text import printable

__all__ = ["bracket_spans", "index_what_is_due", "print_search_results", "search_command"]


def search_command(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help='Words; "a phrase" in quotes; -word to exclude.')],
    order: Annotated[Literal["relevance", "time"], typer.Option(help="Sort order.")] = "relevance",
    since: Annotated[
        str | None, typer.Option(help=f"Only stories with a copy seen at or after this time. {TIME_HELP}")
    ] = None,
    until: Annotated[str | None, typer.Option(help=f"Only stories first seen before this time. {TIME_HELP}")] = None,
    min_copies: Annotated[int, typer.Option(min=1, help="Only stories with at least N copies.")] = 1,
    outlet: Annotated[str | None, typer.Option(help="Only stories with a copy at this outlet.")] = None,
    language: Annotated[str | None, typer.Option(help=LANGUAGE_HELP)] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of results.")] = 20,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Search headlines and texts in any language. Case and accents are ignored."""
    wanted = StoryFilter(
        since=parse_time_option(since, option="--since"),
        until=parse_time_option(until, option="--until"),
        min_copies=min_copies,
        outlet=outlet,
        language=parse_language_option(language),
        query=" ".join(words),
    )
    find = search_by_time if order == "time" else search_by_relevance
    with open_store(load_config(home)) as store:
        index_what_is_due(store)
        with store.read() as connection:
            hits = find(connection, wanted, limit=limit).hits
    if json:
        for hit in hits:
            print_json(hit)
    elif hits:
        print_search_results(hits)
    else:
        notice("no story contains these words")


def index_what_is_due(store: Store) -> None:
    """Index changes that are not searchable yet, with a progress bar."""
    with store.read() as connection:
        left = count_search_due(connection)
    if not left:
        return
    with spinner("indexing new articles") as progress:
        task = progress.add_task("", total=left)
        while taken := index_due_batch(store):
            progress.advance(task, taken)


def print_search_results(hits: Sequence[SearchResult]) -> None:
    """Print a list of stories with their matching passages."""
    for hit in hits:
        print_stories([hit.story])
        if hit.where is not None:
            print_line(f"  {printable(hit.where.outlet)}: {bracket_spans(hit.where.excerpt, hit.where.excerpt_spans)}")


def bracket_spans(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text on one line, with its spans in square brackets."""
    parts, at = [], 0
    for start, end in spans:
        parts += [_piece(text[at:start]), "[", printable(text[start:end]), "]"]
        at = end
    return " ".join("".join([*parts, _piece(text[at:])]).split())


def _piece(text: str) -> str:
    """A piece on one line, still separated from its neighbours."""
    return f"{' ' * text[:1].isspace()}{printable(text)}{' ' * text[-1:].isspace()}"
