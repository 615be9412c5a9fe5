"""The `onestory events` command."""

from typing import Annotated

import typer

from onestory.errors import BadInput
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    print_json,
)
from onestory.newsroom.terminal.output import format_time, print_line
from onestory.store.events.event_log import EVENT_KINDS, event_log_bounds, events_after

__all__ = ["events_command"]

MAX_EVENTS_LISTED = 100_000


def events_command(
    after: Annotated[int, typer.Option(min=0, help="Only events after this number.")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind. Repeatable.")] = None,
    story: Annotated[str | None, typer.Option(help="Only events of the story with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_EVENTS_LISTED, help="Maximum number of results.")] = 100,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List events, oldest first."""
    if unknown := [one for one in kind or () if one not in EVENT_KINDS]:
        raise BadInput(f"--kind: {unknown[0][:40]!r} is not a kind of event: choose from {', '.join(EVENT_KINDS)}")
    with open_store(load_config(home)) as store, store.read() as connection:
        found = events_after(connection, after, limit=limit, kinds=kind or (), story_id=story)
        known = event_log_bounds(connection)
    if after and known.is_cursor_expired(after):
        notice(f"events after {after} are no longer available: the earliest kept follows {known.deleted_up_to}")
    for event in found:
        if json:
            print_json(event)
        else:
            about = f"story {event.story_id}" if event.story_id else f"source {event.source_id or '-'}"
            print_line(f"{event.id:>8}  {format_time(event.at)}  {event.kind:<16}  {about}")
