"""`onestory copy --to URL`: move a store from SQLite to PostgreSQL, or back."""

import time
from typing import Annotated

import typer
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from onestory.errors import BadInput
from onestory.newsroom.terminal.console import HomeOption, JsonOption, load_config, print_json, spinner
from onestory.store.copy.copying import copy_rows
from onestory.store.database import Store
from onestory.text import plural

__all__ = ["copy_command"]


def copy_command(
    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="An empty database: postgresql://user@host/name, or sqlite:////path. A password may be in PGPASSWORD.",
        ),
    ],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the store into another database and verify each table. Stop all other processes of this store first.

    An interrupted copy is continued by the same command. The store itself is not changed.
    """
    config = load_config(home)
    identity = _named(config.database_url)
    if _named(to) == identity:
        raise BadInput("--to: that is the database of this store: name another one")
    start = time.monotonic()
    source = Store.open(config.database_url)
    target = Store.open(to)
    try:
        with spinner("copying") as progress:
            task = progress.add_task("", total=None)
            copied = copy_rows(
                source,
                target,
                identity=identity,
                progress=lambda table, rows: progress.update(task, description=f"{table}: {rows}"),
            )
    finally:
        source.close()
        target.close()
    if json:
        for table in copied:
            print_json(table)
        return
    rows = sum(table.rows for table in copied)
    typer.echo(
        f"{plural(rows, 'row', 'rows')} in {len(copied)} tables copied and verified, {time.monotonic() - start:.0f} s"
    )
    typer.echo(f"now set ONESTORY_DATABASE_URL={_named(to)}")


def _named(url: str) -> str:
    """The URL without its password. Raises BadInput."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadInput("--to is not a database URL; it reads like postgresql://user@host/name") from error
    return parsed.set(password=None).render_as_string()
