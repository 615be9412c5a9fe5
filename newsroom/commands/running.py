"""Commands that stay: run, serve; and migrate, which prepares a store for them."""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from crawler import demo
from crawler.room import check_disk
from crawler.searches import load_templates
from crawler.sources import sync
from newsroom.app import app_of
from newsroom.commands.crawling import NO_CONTACT, begin_with_sources
from newsroom.commands.options import HomeOption
from newsroom.first_key import first_key, prepare_keys
from newsroom.keeper import Keeper
from newsroom.listening import open_socket
from newsroom.logs import log_to_stderr
from newsroom.presence import running_alone
from newsroom.search_keeper import SearchKeeper
from newsroom.server import serve, serve_app
from newsroom.session import configuration, notice, opened_store
from newsroom.supervisor import Supervised, crawl_child
from newsroom.webhooks import Sender
from pipelines.engine import open_engine
from store.config import Config
from store.migrate import HEAD
from store.source_records import overdue_sources

__all__ = ["health_command", "migrate_command", "run_command", "serve_command"]

HostOption = Annotated[str, typer.Option(help="The address to listen on.")]
PortOption = Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")]
DEMO_DELAY_SECONDS = 0.2
OVERDUE_SECONDS = 3600


def run_command(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Crawl a small site of our own on this machine; keep nothing.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Crawl the sources on their schedule, and serve the pages and the API."""
    config = configuration(home)
    log_to_stderr(as_json=config.log_json)
    with ExitStack() as stack:
        listening = stack.enter_context(open_socket(host, port))
        command = ["crawl"]
        if with_demo:
            config = _demo(config, stack)
            command += ["--delay", str(DEMO_DELAY_SECONDS)]
        prepare_keys(config, host=host)
        stack.enter_context(running_alone(config.home))
        engine = stack.enter_context(open_engine(config))
        begin_with_sources(engine.store, config)
        if not config.contact and not with_demo:
            notice(NO_CONTACT)
        stack.enter_context(Keeper(config))
        stack.enter_context(SearchKeeper(config))
        stack.enter_context(Sender(config))
        stack.enter_context(Supervised(crawl_child(config, command)))
        app = app_of(config, engine, host=host, templates=() if with_demo else load_templates(config.sources_file))
        serve_app(app, listening, started=lambda url: _started(url, config, with_demo=with_demo))
    notice("stopped")


def _started(url: str, config: Config, *, with_demo: bool) -> None:
    what = "the demo's outlets; nothing of it is kept" if with_demo else f"its sources into {config.home}"
    notice(f"Onestory is on {url} and crawls {what}. Ctrl-C stops it.")


def _demo(config: Config, stack: ExitStack) -> Config:
    """The demo's site is served here, and its stories live in a folder that goes when we do."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="onestory-demo-", ignore_cleanup_errors=True))
    site = stack.enter_context(demo.serve())
    home = Path(folder)
    apart = replace(
        config,
        home=home,
        database_url=f"sqlite:///{home / 'onestory.db'}",
        redis_url=None,
        allow_private=site.allow_private,
        sources_file=None,
        warc_dir=None,
    )
    with opened_store(apart) as store:
        sync(store, site.sources)
    return apart


def serve_command(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A further name that the pages are asked by; may be given again.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Serve the pages and the API, without crawling."""
    config = configuration(home)
    log_to_stderr(as_json=config.log_json)
    names = allowed_host or []
    serve(config, host=host, port=port, allowed_hosts=names, started=lambda url: notice(f"Onestory is on {url}"))


def health_command(home: HomeOption = None) -> None:
    """Exit 0 when store and index answer, the disk has room and no source is long overdue: for health checks."""
    config = configuration(home)
    with open_engine(config) as engine:
        engine.registry.is_whole()
        check_disk(config.home)
        with engine.store.read() as connection:
            late = overdue_sources(connection, seconds=OVERDUE_SECONDS)
    if late:
        notice(f"{late} sources are overdue by more than {OVERDUE_SECONDS // 60} minutes: does a crawler run?")
        raise typer.Exit(1)
    typer.echo("ok")


def migrate_command(
    with_admin_key: Annotated[
        bool,
        typer.Option(
            "--with-admin-key",
            help="See to it that there is an admin key: ONESTORY_ADMIN_KEY, else a new one, shown this once.",
        ),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Bring the store's schema up to date; every other command does it, too."""
    config = configuration(home)
    with opened_store(config):
        typer.echo(f"the store has schema {HEAD}")
    if with_admin_key and (made := first_key(config)) is not None:
        typer.echo(f"the first admin key, shown this once: {made.secret}")
