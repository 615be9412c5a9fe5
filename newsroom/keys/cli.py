"""The `onestory keys` commands: add, list, revoke."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from onestory.newsroom.terminal.console import HomeOption, JsonOption, load_config, notice, open_store, print_json
from onestory.newsroom.terminal.output import format_time, print_line
from onestory.store.access.api_keys import KEY_SCOPES, KeyRecord, add_key, has_admin_key, list_keys, revoke_key
from onestory.store.frontier.hosts import database_time
from onestory.text import printable

__all__ = ["keys_app"]

keys_app = typer.Typer(
    help="Manage access keys. Keys are required unless Onestory listens on loopback only.",
    no_args_is_help=True,
)


@keys_app.command("add")
def add_key_command(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Person or program that uses the key; the author of edits made with it."),
    ],
    scope: Annotated[str, typer.Option(help=f"{', '.join(KEY_SCOPES)}: each includes those before it.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key. It is shown only once: the store keeps a digest."""
    with open_store(load_config(home)) as store, store.write() as connection:
        made = add_key(connection, name, scope, now=database_time(connection))
    if json:
        print_json({**_row(made.record), "key": made.secret})
    else:
        typer.echo(f"key {made.record.id} with scope {made.record.scope}, shown only this once: {made.secret}")


@keys_app.command("list")
def list_keys_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """List keys with scope and last use, including revoked ones."""
    with open_store(load_config(home)) as store, store.read() as connection:
        found = list_keys(connection)
    for key in found:
        if json:
            print_json(_row(key))
        else:
            print_line(f"{key.id:>4}  {key.scope:<5}  {_state(key):<28}  {printable(key.name)}")
            print_line(f"      {key.prefix + '_…' if key.prefix else 'from ONESTORY_ADMIN_KEY'}", style="dim")
    if not found and not json:
        notice("no keys yet: `onestory keys add NAME --scope admin` makes one")


@keys_app.command("revoke")
def revoke_key_command(
    number: Annotated[int, typer.Argument(metavar="KEY", min=1, help="Number shown by `list`.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Revoke a key for good. Its sessions end within seconds."""
    with open_store(load_config(home)) as store, store.write() as connection:
        gone = revoke_key(connection, number, now=database_time(connection))
        is_last = not has_admin_key(connection)
    if json:
        print_json(_row(gone))
    else:
        typer.echo(f"key {number} is revoked")
    if is_last:
        notice("there is no admin key left: `onestory keys add NAME --scope admin` makes one")


def _row(key: KeyRecord) -> dict[str, Any]:
    """The JSON of a key, also with its fields' former names for one release."""
    return {**asdict(key), "begins": key.prefix, "is_given": key.from_environment}


def _state(key: KeyRecord) -> str:
    if key.revoked is not None:
        return f"revoked {format_time(key.revoked)}"
    return f"used {format_time(key.last_used)}" if key.last_used else "not used yet"
