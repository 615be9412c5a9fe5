"""`onestory`, the command."""

import os
import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from onestory.errors import OnestoryError
from onestory.newsroom.articles.cli import article_command
from onestory.newsroom.editorial.cli import story_app, takedown_command
from onestory.newsroom.imports.cli import extract_command, import_command, reindex_command
from onestory.newsroom.keys.cli import keys_app
from onestory.newsroom.maintenance.cli import boilerplate_command, index_app, reextract_command
from onestory.newsroom.search.cli import search_command
from onestory.newsroom.server.cli import health_command, migrate_command, run_command, serve_command
from onestory.newsroom.sources.cli import crawl_command, sources_app
from onestory.newsroom.sources.settings_cli import (
    export_sources_command,
    outlets_app,
    set_source_command,
    show_source_command,
    try_source_command,
)
from onestory.newsroom.sources.settings_cli import import_sources_command as import_list_command
from onestory.newsroom.stories.cli import dump_command, lookup_command, show_story_command, stories_command
from onestory.newsroom.terminal.console import notice
from onestory.newsroom.watches.cli import watch_app
from onestory.newsroom.webhooks.cli import events_command, webhooks_app

__all__ = ["app", "main"]

EXIT_NOTHING_DONE = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141

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
sources_app.command("set")(set_source_command)
sources_app.command("import")(import_list_command)
sources_app.command("export")(export_sources_command)
app.add_typer(sources_app, name="sources")
app.add_typer(outlets_app, name="outlets")
app.command("import")(import_command)
app.command("extract")(extract_command)
app.command("stories")(stories_command)
app.command("show")(show_story_command)
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
app.command("furniture")(boilerplate_command)
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
def version_callback(
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
        code = EXIT_NOTHING_DONE
    except OnestoryError as error:
        notice(f"onestory: {error}")
        code = EXIT_NOTHING_DONE
    except (KeyboardInterrupt, typer.Abort):
        notice("stopped: what was stored is kept; run the same command again to go on")
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # `onestory dump - | head`: nobody reads on, and the interpreter must not try to flush to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_BROKEN_PIPE
    sys.exit(code or 0)
