"""The `onestory` command: a table of commands, each imported when it runs."""

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NoReturn, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from onestory.errors import OnestoryError

__all__ = ["app", "main"]

EXIT_NOTHING_DONE = 2
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
ROOMS = "onestory.newsroom"


@dataclass(frozen=True, slots=True)
class _Command:
    """Where a command is defined, as `room.module:name`, and under which heading `--help` lists it."""

    target: str
    panel: str

    def load(self, name: str) -> Any:
        """Import the command, a function or a `typer.Typer`, and build it under this name."""
        module, _, attribute = self.target.partition(":")
        found = getattr(import_module(f"{ROOMS}.{module}"), attribute)
        parent = typer.Typer(callback=lambda: None, add_completion=False)
        if isinstance(found, typer.Typer):
            parent.add_typer(found, name=name, rich_help_panel=self.panel)
        else:
            parent.command(name, rich_help_panel=self.panel)(found)
        return cast(TyperGroup, get_command(parent)).commands[name]


COMMANDS = {
    "run": _Command("server.cli:run_command", "Run"),
    "crawl": _Command("crawl.cli:crawl_command", "Run"),
    "serve": _Command("server.cli:serve_command", "Run"),
    "import": _Command("imports.cli:import_command", "Run"),
    "wire": _Command("wire.cli:wire_app", "Run"),
    "sources": _Command("sources.settings_cli:sources_app", "Sources"),
    "outlets": _Command("sources.settings_cli:outlets_app", "Sources"),
    "stories": _Command("stories.cli:stories_command", "Read"),
    "show": _Command("stories.cli:show_story_command", "Read"),
    "news-events": _Command("news_events.cli:news_events_app", "Read"),
    "counts": _Command("news_events.counts_cli:counts_command", "Read"),
    "article": _Command("articles.cli:article_command", "Read"),
    "search": _Command("search.cli:search_command", "Read"),
    "lookup": _Command("lookup.cli:lookup_command", "Read"),
    "dedupe": _Command("batch.cli:dedupe_command", "Run"),
    "dump": _Command("dump.cli:dump_command", "Read"),
    "merge-dumps": _Command("dump.cli:merge_dumps_command", "Read"),
    "extract": _Command("imports.extractor:extract_command", "Read"),
    "story": _Command("editorial.cli:story_app", "Edit"),
    "watch": _Command("watches.cli:watch_app", "Edit"),
    "takedown": _Command("editorial.cli:takedown_command", "Edit"),
    "events": _Command("events.cli:events_command", "Connect"),
    "webhooks": _Command("webhooks.cli:webhooks_app", "Connect"),
    "mcp": _Command("mcp.cli:mcp_command", "Connect"),
    "keys": _Command("keys.cli:keys_app", "Connect"),
    "audit": _Command("batch.audit:audit_command", "Maintain"),
    "backup": _Command("backup.cli:backup_command", "Maintain"),
    "restore": _Command("backup.cli:restore_command", "Maintain"),
    "copy": _Command("backup.copying:copy_command", "Maintain"),
    "doctor": _Command("maintenance.doctor:doctor_command", "Maintain"),
    "status": _Command("maintenance.status:status_command", "Maintain"),
    "digest": _Command("digest.cli:digest_command", "Connect"),
    "alert": _Command("maintenance.alerts:alert_command", "Maintain"),
    "health": _Command("server.cli:health_command", "Maintain"),
    "migrate": _Command("server.cli:migrate_command", "Maintain"),
    "index": _Command("maintenance.cli:index_app", "Maintain"),
    "reindex": _Command("imports.cli:reindex_command", "Maintain"),
    "reextract": _Command("maintenance.cli:reextract_command", "Maintain"),
    "retention": _Command("retention.cli:retention_command", "Maintain"),
    "boilerplate": _Command("maintenance.cli:boilerplate_command", "Maintain"),
}
# Former names, kept for one release.
RENAMED = {"furniture": "boilerplate"}


class _LazyGroup(TyperGroup):
    """A group whose commands are imported on demand: `--help` imports all of them, a command only itself."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = RENAMED.get(cmd_name, cmd_name)
        if name != cmd_name:
            _notice(f"`onestory {cmd_name}` is now `onestory {name}`; the old name will be removed in the next release")
        return COMMANDS[name].load(name) if name in COMMANDS else None


app = typer.Typer(
    name="onestory",
    cls=_LazyGroup,
    help="Gather news coverage and keep one record for each story, with every copy attached.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _notice(message: str) -> None:
    from onestory.newsroom.terminal.console import notice  # noqa: PLC0415 (rich costs more than a command's start)

    notice(message)


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
    """Gather news coverage and keep one record for each story, with every copy attached."""


def main() -> NoReturn:
    """Run the command. Exit codes: 0 success, 1 partial success, 2 failure, 130 interrupted. A traceback is a bug."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        _notice(f"onestory: {error.format_message()} (see `onestory COMMAND --help`)")
        code = EXIT_NOTHING_DONE
    except OnestoryError as error:
        _notice(f"onestory: {error}")
        code = EXIT_NOTHING_DONE
    except (KeyboardInterrupt, typer.Abort):
        _notice("stopped: stored articles are kept; run the same command again to continue")
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # `onestory dump - | head`: the reader is gone, and the interpreter must not flush to it on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_BROKEN_PIPE
    sys.exit(code or 0)
