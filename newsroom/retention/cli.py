"""The `onestory retention` command."""

from dataclasses import asdict
from typing import Annotated

import typer

from onestory.newsroom.retention.enforcement import enforce_retention
from onestory.newsroom.terminal.console import HomeOption, JsonOption, load_config, open_store, print_json
from onestory.newsroom.terminal.output import plural, print_line
from onestory.store.settings import read_retention

__all__ = ["retention_command"]

KINDS = {
    "events_days": "events and messages",
    "removed_lines_days": "lines removed from pages",
    "earlier_texts_days": "texts of earlier versions",
    "warcs_days": "WARC files",
    "pages_days": "pages not visited again",
}


def retention_command(
    apply: Annotated[bool, typer.Option("--apply", help="Drop what is older. A server does it every hour.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show how long things are kept. ONESTORY_RETENTION or the settings page sets it."""
    config = load_config(home)
    with open_store(config) as store:
        dropped = enforce_retention(store, config) if apply else None
        with store.read() as connection:
            kept = {**asdict(read_retention(connection)), **config.retention}
    if json:
        print_json({**kept, "dropped": asdict(dropped) if dropped else None})
        return
    for name, what in KINDS.items():
        print_line(f"{what:<28} {'for good' if kept[name] is None else plural(kept[name], 'day', 'days')}")
    if dropped:
        print_line(
            f"dropped {plural(dropped.earlier_texts, 'text', 'texts')}, "
            f"{plural(dropped.removed_lines, 'removed line', 'removed lines')}, "
            f"{plural(dropped.warcs, 'WARC file', 'WARC files')}, "
            f"{plural(dropped.pages, 'page', 'pages')}"
        )
