"""`onestory`, the command."""

import os
import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from newsroom.commands.article import article_command
from newsroom.commands.crawling import crawl_command, sources_app
from newsroom.commands.index import index_app
from newsroom.commands.intake import extract_command, import_command, reindex_command
from newsroom.commands.keys import keys_app
from newsroom.commands.reading import dump_command, lookup_command, show_command, stories_command
from newsroom.commands.running import health_command, migrate_command, run_command, serve_command
from newsroom.commands.search import search_command
from newsroom.commands.source_health import show_source_command, try_source_command
from newsroom.commands.source_list import export_command, outlets_app, set_command
from newsroom.commands.source_list import import_command as import_list_command
from newsroom.commands.story import story_app
from newsroom.commands.takedown import takedown_command
from newsroom.commands.upkeep import furniture_command, reextract_command
from newsroom.commands.watch import watch_app
from newsroom.commands.webhooks import events_command, webhooks_app
from newsroom.session import notice
from store.errors import OnestoryError

__all__ = ["app", "main"]

NOTHING_DONE = 2
INTERRUPTED = 130
READER_GONE = 141

app = typer.Typer(
    name="onestory",
    help="One record a story, every copy attached.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("run")(run_command)
app.command("crawl")(crawl_command)
sources_app.command("show")(show_source_command)
sources_app.command("try")(try_source_command)
sources_app.command("set")(set_command)
sources_app.command("import")(import_list_command)
sources_app.command("export")(export_command)
app.add_typer(sources_app, name="sources")
app.add_typer(outlets_app, name="outlets")
app.command("import")(import_command)
app.command("extract")(extract_command)
app.command("stories")(stories_command)
app.command("show")(show_command)
app.command("article")(article_command)
app.command("search")(search_command)
app.command("lookup")(lookup_command)
app.command("dump")(dump_command)
app.add_typer(story_app, name="story")
app.add_typer(watch_app, name="watch")
app.command("takedown")(takedown_command)
app.command("reindex")(reindex_command)
app.add_typer(index_app, name="index")
app.command("reextract")(reextract_command)
app.command("furniture")(furniture_command)
app.command("events")(events_command)
app.add_typer(webhooks_app, name="webhooks")
app.add_typer(keys_app, name="keys")
app.command("serve")(serve_command)
app.command("health")(health_command)
app.command("migrate")(migrate_command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"onestory {version('onestory')}")
        raise typer.Exit


@app.callback()
def root(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One record a story, every copy attached."""


def main() -> NoReturn:
    """Exits with 0 done, 1 done in part, 2 nothing could be done, 130 interrupted; a traceback is a bug."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        notice(f"onestory: {error.format_message()} (`onestory COMMAND --help` says more)")
        code = NOTHING_DONE
    except OnestoryError as error:
        notice(f"onestory: {error}")
        code = NOTHING_DONE
    except (KeyboardInterrupt, typer.Abort):
        notice("stopped: what was stored is kept; run the same command again to go on")
        code = INTERRUPTED
    except BrokenPipeError:
        # `onestory dump - | head`: nobody reads on, and the interpreter must not try to flush to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = READER_GONE
    sys.exit(code or 0)
