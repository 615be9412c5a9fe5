"""onestory takedown: what must not be here any more."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from newsroom.commands.options import HomeOption
from newsroom.session import configuration, notice, print_json, spinner
from pipelines.engine import open_engine
from pipelines.takedown import take_down

__all__ = ["takedown_command"]


def takedown_command(
    what: Annotated[str, typer.Argument(metavar="URL|STORY|HOST")],
    reason: Annotated[str, typer.Option(help="Kept with the tombstone: an order's number, whose request.")],
    home: HomeOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Remove an article, a story or all of a host for good, and keep it out."""
    config = configuration(home)
    with spinner("taking down"), open_engine(config) as engine:
        archived = [folder for folder in (config.home, config.warc_dir) if folder is not None and folder.is_dir()]
        done = take_down(engine.store, engine.registry, what, reason=reason, archived=archived, now=datetime.now(UTC))
        on_postgresql = engine.store.dialect == "postgresql"
    if json:
        print_json(asdict(done))
    else:
        typer.echo(
            f"removed: articles {done.articles}, versions {done.versions}, WARC records {done.records}; "
            f"copies elsewhere looked at again: {done.left}"
        )
    if on_postgresql:
        notice("the rows are gone and vacuumed; PostgreSQL's own log and your backups may still hold them")
