"""onestory index stats: how full the index is, and what it costs."""

from dataclasses import asdict

import typer

from newsroom.commands.options import HomeOption
from newsroom.lines import print_index_stats
from newsroom.session import configuration, print_json
from pipelines.engine import open_engine

__all__ = ["index_app"]

index_app = typer.Typer(help="The index in Redis.", no_args_is_help=True)


# A group of one command would otherwise be that command itself.
@index_app.callback()
def root() -> None:
    """The index in Redis."""


@index_app.command("stats")
def stats_command(home: HomeOption = None, json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Articles, bytes, the hottest bands, and the window that lookups see."""
    with open_engine(configuration(home)) as engine:
        state = engine.registry.stats()
    if json:
        print_json(asdict(state))
    else:
        print_index_stats(state)
