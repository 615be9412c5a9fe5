"""`onestory wire`: import dispatches, and report who ran them."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from onestory.errors import BadInput
from onestory.newsroom.sources.cli import ensure_sources, print_sources
from onestory.newsroom.stories.word_counts import WordCountCache
from onestory.newsroom.terminal.console import (
    TIME_HELP,
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    parse_time_option,
    print_json,
    print_records,
)
from onestory.newsroom.terminal.output import format_time, plural, print_line
from onestory.newsroom.wire.report import STANDINGS, ClientMonth, Use, client_months, month_bounds, use_page
from onestory.newsroom.wire.schemas import use_row
from onestory.pipelines.runtime.bounded_calls import BoundedCalls, LimitExceeded
from onestory.pipelines.runtime.engine import Engine, open_engine
from onestory.pipelines.wire.parsing import MAX_FILE_BYTES
from onestory.pipelines.wire.reading import Furniture, ReadFile, read_dispatch_file
from onestory.pipelines.wire.receiving import dispatch_furniture, receive
from onestory.ssrf import checked_url
from onestory.store.frontier.hosts import database_time
from onestory.store.search.full_text_index import index_all_due
from onestory.store.sources.source_list import SourceEntry, add_sources
from onestory.store.sources.source_records import source_records
from onestory.store.wire.uses import UseFilter
from onestory.text import printable
from onestory.times import utc_now

__all__ = ["wire_app"]

wire_app = typer.Typer(help="Import dispatches of agencies, and report who ran them.", no_args_is_help=True)

ENDINGS = (".json", ".ninjs", ".xml", ".g2")
WATCH_SECONDS = 5.0
READER_MODULES = ("onestory.pipelines.wire.reading",)
PAGE = 200

ProviderOption = Annotated[str | None, typer.Option(help="Only dispatches of this provider.")]
ClientOption = Annotated[str | None, typer.Option("--outlet", help="Only copies at this outlet.")]
MonthOption = Annotated[str | None, typer.Option(help="Only copies first seen in this month, such as 2026-11 (UTC).")]
SinceOption = Annotated[str | None, typer.Option(help=f"Only copies first seen since then. {TIME_HELP}")]


@dataclass(slots=True)
class DispatchCounts:
    """What an import did: files, dispatches by result, items that are no text, and faults."""

    files: int = 0
    results: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 success, 1 partial success, 2 failure."""
        if not self.faults:
            return 0
        return 1 if self.results else 2

    def to_dict(self) -> dict[str, object]:
        named = {name: self.results[name] for name in ("stored", "known", "withdrawn", "taken_down")}
        return {"files": self.files, **named, "left_out": self.left_out, "faults": self.faults}


@wire_app.command("import")
def import_dispatches_command(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Files, or folders with files in .json, .ninjs, .xml or .g2."),
    ],
    provider: Annotated[
        str | None, typer.Option(help="Who filed the dispatches. Default: the provider that each of them names.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Keep watching for new files until Ctrl-C.")] = False,
    home: HomeOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Import dispatches in ninjs 3 or 2, NewsML-G2 or JSON. Importing them again changes nothing."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise BadInput(f"{missing} does not exist: give a file or a folder")
    counts = DispatchCounts()
    calls = BoundedCalls(READER_MODULES)
    seen: dict[Path, tuple[int, int]] = {}
    try:
        with open_engine(load_config(home)) as engine:
            _import_new(engine, calls, _files(paths, seen), provider, counts)
            while watch:
                time.sleep(WATCH_SECONDS)
                _import_new(engine, calls, _files(paths, seen), provider, counts)
    finally:
        calls.stop()
    if json:
        print_json(counts.to_dict())
    elif counts.results or not counts.faults:
        _print_counts(counts)
    raise typer.Exit(counts.exit_code)


def _files(paths: Sequence[Path], seen: dict[Path, tuple[int, int]]) -> Iterator[Path]:
    """The files that are new or have changed, by name. Hidden files and those with other endings are left alone."""
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            is_wanted = file == path or (file.suffix.lower() in ENDINGS and not file.name.startswith("."))
            if not is_wanted or not file.is_file():
                continue
            try:
                state = file.stat()
            except OSError:
                continue  # moved away meanwhile
            stamp = (state.st_mtime_ns, state.st_size)
            if seen.get(file) != stamp:
                seen[file] = stamp
                yield file


def _import_new(
    engine: Engine, calls: BoundedCalls, files: Iterator[Path], provider: str | None, counts: DispatchCounts
) -> None:
    furniture = dispatch_furniture(engine.store)
    for path in files:
        counts.files += 1
        try:
            file = asyncio.run(_read(calls, path, provider, furniture, now=utc_now()))
        except BadInput as error:
            _note(counts, str(error))
            continue
        for fault in file.faults:
            _note(counts, f"{path}: {fault}")
        counts.left_out += file.left_out
        receipts = receive(engine.store, engine.index_client, file, now=utc_now())
        counts.results.update(receipt.result for receipt in receipts)
    index_all_due(engine.store)


async def _read(
    calls: BoundedCalls, path: Path, provider: str | None, furniture: Furniture, *, now: datetime
) -> ReadFile:
    """Read a file in the worker process. Raises BadInput."""
    try:
        with path.open("rb") as opened:
            body = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    try:
        return await calls.call(
            read_dispatch_file, body, provider=provider, source=path.name, furniture=furniture, now=now
        )
    except LimitExceeded as limit:
        raise BadInput(f"{path}: {limit}: split it") from limit


def _note(counts: DispatchCounts, fault: str) -> None:
    counts.faults.append(fault)
    notice(fault)


def _print_counts(counts: DispatchCounts) -> None:
    totals = counts.to_dict()
    for name, label in (
        ("files", "files"),
        ("stored", "stored"),
        ("known", "already known"),
        ("withdrawn", "withdrawn"),
        ("taken_down", "taken down"),
        ("left_out", "not text"),
    ):
        if totals[name] or name in ("files", "stored"):
            typer.echo(f"{label:<14} {totals[name]:>8}")
    if counts.faults:
        typer.echo(f"{'not usable':<14} {len(counts.faults):>8}")


@wire_app.command("add")
def add_wire_source_command(
    url: Annotated[str, typer.Argument(help="A feed of dispatches: NewsML-G2, ninjs, JSON Feed, RSS or Atom.")],
    provider: Annotated[str, typer.Option(help="Who files the dispatches.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Add a source that holds dispatches. A crawl polls it as any other source."""
    config = load_config(home)
    address = checked_url(url)
    with open_store(config) as store:
        ensure_sources(store, config)
        with store.write() as connection:
            entry = SourceEntry(address, "feed", provider, wire=provider)
            if not add_sources(connection, [entry], now=database_time(connection)):
                raise BadInput(f"{address} is already a source: remove it first with `onestory sources remove`")
        with store.read() as connection:
            records = [record for record in source_records(connection) if record.url == address]
    print_records(records, print_sources, as_json=json)


@wire_app.command("report")
def report_command(
    provider: ProviderOption = None,
    outlet: ClientOption = None,
    month: MonthOption = None,
    since: SinceOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Count the uses of dispatches by client and month."""
    wanted = _wanted(provider, outlet, month, since)
    with open_store(load_config(home)) as store, store.read() as connection:
        found = client_months(connection, wanted)
    print_records(found, _print_months, as_json=json)


@wire_app.command("uses")
def uses_command(
    provider: ProviderOption = None,
    outlet: ClientOption = None,
    month: MonthOption = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Maximum number of uses.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List who ran each dispatch, how much of it, with which credit and in which version."""
    wanted = _wanted(provider, outlet, month, since)
    counts = WordCountCache()
    found: list[Use] = []
    with open_store(load_config(home)) as store, store.read() as connection:
        page = use_page(connection, wanted, counts=counts, limit=min(limit, PAGE))
        found += page.uses
        while page.after is not None and len(found) < limit:
            page = use_page(connection, wanted, counts=counts, after=page.after, limit=min(limit - len(found), PAGE))
            found += page.uses
    if not json:
        _print_uses(found)
        return
    for use in found:
        print_json(use_row(use).model_dump())


def _wanted(provider: str | None, outlet: str | None, month: str | None, since: str | None) -> UseFilter:
    if month is not None and since is not None:
        raise BadInput("give either --month or --since, not both")
    if month is not None:
        return UseFilter(provider, outlet, *month_bounds(month))
    return UseFilter(provider, outlet, parse_time_option(since, option="--since"))


def _print_months(months: Sequence[ClientMonth]) -> None:
    if not months:
        print_line("no outlet was seen to run a dispatch")
    for one in months:
        copies = f"{plural(one.uses, 'copy', 'copies')} of {plural(one.dispatches, 'dispatch', 'dispatches')}"
        kinds = f"{one.verbatim} verbatim, {one.edited} edited, {plural(one.excerpt, 'excerpt', 'excerpts')}"
        print_line(f"{one.month}  {printable(one.outlet):<28} {copies} of {printable(one.provider)}: {kinds}")
        print_line(f"         {one.uncredited} not credited, {one.old_text} still with an old text", style="dim")


def _print_uses(uses: Sequence[Use]) -> None:
    if not uses:
        print_line("no outlet was seen to run a dispatch")
    for use in uses:
        kept = "not compared" if use.share is None else f"{use.share:.0%} kept"
        version = f"version {use.version or '?'} of {use.versions}"
        credit = f"credits {printable(use.copy.credit)}" if use.copy.credit else "no credit"
        print_line(
            f"{format_time(use.copy.first_seen)}  {printable(use.copy.outlet):<28} {kept}, {version}, {credit}, "
            f"{STANDINGS[use.standing]}"
        )
        title = printable(use.dispatch.title or use.dispatch.record.uri)
        print_line(f"  {title} ({printable(use.dispatch.record.provider)})  {use.copy.id}", style="dim")
