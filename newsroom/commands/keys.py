"""onestory keys add, list, revoke."""

from dataclasses import asdict
from typing import Annotated

import typer

from newsroom.commands.options import HomeOption, JsonOption
from newsroom.lines import say, when
from newsroom.printable import printable
from newsroom.session import configuration, notice, opened_store, print_json
from store.hosts import database_time
from store.keys import SCOPES, KeyRecord, add_key, has_admin_key, list_keys, revoke_key

__all__ = ["keys_app"]

keys_app = typer.Typer(
    help="Keys of people and programs. They are asked for wherever Onestory does not listen on loopback alone.",
    no_args_is_help=True,
)


@keys_app.command("add")
def add_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what uses it; decisions are signed with it.")],
    scope: Annotated[str, typer.Option(help=f"{', '.join(SCOPES)}: each includes those before it.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key. It is shown this once: only a digest of it is kept."""
    with opened_store(configuration(home)) as store, store.write() as connection:
        made = add_key(connection, name, scope, now=database_time(connection))
    if json:
        print_json({**asdict(made.record), "key": made.secret})
    else:
        typer.echo(f"key {made.record.id} of scope {made.record.scope}; shown this once: {made.secret}")


@keys_app.command("list")
def list_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """Who may ask, for how much, and when they last did; also keys that were revoked."""
    with opened_store(configuration(home)) as store, store.read() as connection:
        found = list_keys(connection)
    for key in found:
        if json:
            print_json(key)
        else:
            say(f"{key.id:>4}  {key.scope:<5}  {_state(key):<28}  {printable(key.name)}")
            say(f"      {key.begins + '_…' if key.begins else 'given by ONESTORY_ADMIN_KEY'}", style="dim")
    if not found and not json:
        notice("there is no key yet: `onestory keys add NAME --scope admin`")


@keys_app.command("revoke")
def revoke_command(
    number: Annotated[int, typer.Argument(metavar="KEY", min=1, help="Its number, as list has it.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take a key out of use for good; whoever signed in with it is signed out within seconds."""
    with opened_store(configuration(home)) as store, store.write() as connection:
        gone = revoke_key(connection, number, now=database_time(connection))
        is_last = not has_admin_key(connection)
    if json:
        print_json(gone)
    else:
        typer.echo(f"key {number} is revoked")
    if is_last:
        notice("there is no admin key any more: `onestory keys add NAME --scope admin` makes one")


def _state(key: KeyRecord) -> str:
    if key.revoked is not None:
        return f"revoked {when(key.revoked)}"
    return f"used {when(key.last_used)}" if key.last_used else "not used yet"
