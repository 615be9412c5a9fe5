"""Server commands: run, serve, health and migrate."""

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from onestory.config import Config, sqlite_url
from onestory.crawler import demo
from onestory.crawler.disk_space import check_disk
from onestory.crawler.sources.search_feeds import load_templates
from onestory.crawler.sources.source_file import add_new_sources
from onestory.logs import configure_logging
from onestory.newsroom.crawl.cli import NO_CONTACT_NOTICE
from onestory.newsroom.keys.first_key import ensure_first_key, prepare_admin_key
from onestory.newsroom.maintenance.background import IndexMonitor, SearchIndexer
from onestory.newsroom.news_events.follow import following_process
from onestory.newsroom.server.app import create_app_from_config
from onestory.newsroom.server.demo import fill_demo
from onestory.newsroom.server.server import listen_on, run_server, serve_until_signal
from onestory.newsroom.server.single_instance import single_instance
from onestory.newsroom.sources.cli import ensure_sources
from onestory.newsroom.supervisor import SupervisedProcess, onestory_command
from onestory.newsroom.terminal.console import HomeOption, load_config, notice, open_store
from onestory.newsroom.webhooks.sender import WebhookSender
from onestory.pipelines.runtime.engine import open_engine
from onestory.store.integrity import probe_tables
from onestory.store.migrate import HEAD
from onestory.store.sources.failing import failing_sources
from onestory.store.sources.source_records import count_overdue_sources

__all__ = ["health_command", "migrate_command", "run_command", "serve_command"]

HostOption = Annotated[str, typer.Option(help="The address to listen on.")]
PortOption = Annotated[int, typer.Option(help="The port to listen on; 0 picks a free one.")]
DEMO_DELAY_SECONDS = 0.2
MAX_OVERDUE_SECONDS = 3600


def run_command(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Crawl a small demo site on this machine, without keeping anything.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Crawl the sources on their schedules, and serve the pages and the API."""
    config = load_config(home)
    configure_logging(as_json=config.log_json)
    with ExitStack() as stack:
        listening = stack.enter_context(listen_on(host, port))
        command = ["crawl"]
        if with_demo:
            config = _demo(config, stack)
            command += ["--delay", str(DEMO_DELAY_SECONDS)]
        prepare_admin_key(config, host=host)
        stack.enter_context(single_instance(config.home))
        engine = stack.enter_context(open_engine(config))
        ensure_sources(engine.store, config)
        if with_demo:
            fill_demo(config, engine)
        if not config.contact and not with_demo:
            notice(NO_CONTACT_NOTICE)
        stack.enter_context(IndexMonitor(config))
        stack.enter_context(SearchIndexer(config))
        stack.enter_context(WebhookSender(config))
        stack.enter_context(following_process(config))
        stack.enter_context(SupervisedProcess("the crawler", onestory_command(config, command)))
        app = create_app_from_config(
            config, engine, host=host, templates=() if with_demo else load_templates(config.sources_file)
        )
        serve_until_signal(app, listening, started=lambda url: _started(url, config, with_demo=with_demo))
    notice("stopped")


def _started(url: str, config: Config, *, with_demo: bool) -> None:
    what = "the demo's outlets; nothing is kept" if with_demo else f"its sources into {config.home}"
    notice(f"Onestory is at {url} and crawls {what}. Press Ctrl-C to stop.")


def _demo(config: Config, stack: ExitStack) -> Config:
    """The demo: its site is served here, and its stories are stored in a temporary folder."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="onestory-demo-", ignore_cleanup_errors=True))
    site = stack.enter_context(demo.serve())
    home = Path(folder)
    apart = replace(
        config,
        home=home,
        database_url=sqlite_url(home),
        redis_url=None,
        allow_private=site.allow_private,
        sources_file=None,
        warc_dir=None,
    )
    with open_store(apart) as store:
        add_new_sources(store, site.sources)
    return apart


def serve_command(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    allowed_host: Annotated[list[str] | None, typer.Option(help="Another host name of the pages. Repeatable.")] = None,
    home: HomeOption = None,
) -> None:
    """Serve the pages and the API, without crawling."""
    config = load_config(home)
    configure_logging(as_json=config.log_json)
    names = allowed_host or []
    run_server(config, host=host, port=port, allowed_hosts=names, started=lambda url: notice(f"Onestory is at {url}"))


def health_command(home: HomeOption = None) -> None:
    """Exit with 0 if store and index respond, the disk has space, no source is overdue and most sources work: for
    health checks.
    """
    config = load_config(home)
    with open_engine(config) as engine:
        engine.index_client.is_whole()
        check_disk(config.home)
        with engine.store.read() as connection:
            probe_tables(connection)
            late = count_overdue_sources(connection, seconds=MAX_OVERDUE_SECONDS)
            failing = failing_sources(connection)
    if failing.is_alarm:
        notice(f"{failing.sentence()}: check the network; `onestory sources list` has the reasons")
    if late:
        notice(f"{late} sources are overdue by more than {MAX_OVERDUE_SECONDS // 60} minutes: is a crawler running?")
    if late or failing.is_alarm:
        raise typer.Exit(1)
    typer.echo(f"ok, but {failing.sentence()}: see `onestory sources list`" if failing.total else "ok")


def migrate_command(
    with_admin_key: Annotated[
        bool,
        typer.Option(
            "--with-admin-key",
            help="Create an admin key if there is none: ONESTORY_ADMIN_KEY, or a new one, shown only once.",
        ),
    ] = False,
    home: HomeOption = None,
) -> None:
    """Upgrade the store's schema. Every other command does this, too."""
    config = load_config(home)
    with open_store(config):
        typer.echo(f"the store has schema {HEAD}")
    if with_admin_key and (made := ensure_first_key(config)) is not None:
        typer.echo(f"the first admin key, shown only this once: {made.secret}")
