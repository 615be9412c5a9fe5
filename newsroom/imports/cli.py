"""The `onestory import` and `onestory reindex` commands."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from onestory.config import Config
from onestory.errors import BadInput, Dropped
from onestory.newsroom.terminal.console import (
    HomeOption,
    load_config,
    notice,
    notice_console,
    notify_wait,
    print_json,
    spinner,
)
from onestory.pipelines.archive.reader import TruncatedArchive, read_captures
from onestory.pipelines.boilerplate.learning import learn_boilerplate
from onestory.pipelines.runtime.engine import Engine, open_engine, open_intake
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.outcome import Outcome
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.versions.rewriting import attach_unattached
from onestory.text import printable

__all__ = ["ImportCounts", "import_command", "import_paths", "reindex_command"]

ONE_WORKER_BYTES = 32 << 10  # a second or less of work, compressed files included


@dataclass(slots=True)
class ImportCounts:
    """The counts of an import: captures read, stored, already known, and dropped by reason."""

    read: int = 0
    stored: int = 0
    known: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 success, 1 partial success, 2 failure."""
        if not self.faults:
            return 0
        return 1 if self.read else 2

    def to_dict(self) -> dict[str, object]:
        return {
            "read": self.read,
            "stored": self.stored,
            "known": self.known,
            "dropped": dict(sorted(self.dropped.items())),
            "faults": self.faults,
        }


def import_paths(
    intake: Intake,
    paths: Sequence[str],
    *,
    progress: Callable[[ImportCounts], None],
    explain: Callable[[str, str, str], None],
) -> ImportCounts:
    """Submit all captures of all files. An error in one file is noted, and the import continues with the next.

    `explain` is called with URL, reason and detail of each drop.
    """
    counts = ImportCounts()

    def drop(url: str, reason: str, detail: str) -> None:
        counts.dropped[reason] += 1
        explain(url, reason, detail)

    def count(done: "Future[Outcome]") -> None:
        if done.cancelled() or done.exception() is not None:
            return
        outcome = done.result()
        if outcome.kind == "dropped":
            drop(outcome.url, outcome.reason or "unknown", outcome.detail)
        elif outcome.kind == "stored":
            counts.stored += 1
        else:
            counts.known += 1
        progress(counts)

    for path in paths:
        try:
            for capture in read_captures(path):
                counts.read += 1
                if isinstance(capture, Dropped):
                    drop(capture.url, capture.reason, capture.detail)
                else:
                    intake.submit(capture).add_done_callback(count)
        except (BadInput, TruncatedArchive) as fault:
            counts.faults.append(str(fault))
    return counts


def import_command(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH…",
            help="WARC (also .gz, .zst), WACZ, ARC, or JSON Lines (.jsonl, also .gz, .zst; - for standard input).",
        ),
    ],
    home: HomeOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    stories: Annotated[
        bool,
        typer.Option(
            "--stories",
            help="Take the stories of PATH, made with `onestory dedupe --keep-store`, into an empty store.",
        ),
    ] = False,
    learn: Annotated[
        bool,
        typer.Option(help="Afterwards, learn which lines the hosts repeat, and remove these lines from stored texts."),
    ] = True,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Report every dropped capture.")] = False,
) -> None:
    """Import pages and texts. Importing a file again changes nothing."""
    if stories:
        _import_stories(paths, load_config(home), learn=learn, as_json=json)
        return
    config = _sized_for(paths, load_config(home))
    with spinner("importing") as progress:
        task = progress.add_task("", total=None)
        with open_engine(config) as engine:
            with open_intake(config, engine, retry=BackendRetry(tell=notify_wait)) as intake:
                counts = import_paths(
                    intake,
                    paths,
                    progress=lambda counts: _advance(progress, task, counts),
                    explain=_explain if verbose else lambda url, reason, detail: None,
                )
            if learn and counts.read:
                _learn(engine, progress, task)
    for fault in counts.faults:
        notice(fault)
    if json:
        print_json(counts.to_dict())
    elif counts.read or not counts.faults:
        _print(counts)
    raise typer.Exit(counts.exit_code)


def _import_stories(paths: Sequence[str], config: Config, *, learn: bool, as_json: bool) -> None:
    try:
        from onestory.newsroom.imports.stories import import_stories  # noqa: PLC0415 - it needs an extra
    except ImportError as error:
        if error.name is None or not error.name.startswith("pyarrow"):
            raise
        raise BadInput("--stories needs pyarrow: install it with `pip install 'onestory[batch]'`") from error
    if len(paths) != 1:
        raise BadInput("--stories: name one folder, the result of a batch")
    with spinner("importing") as progress, open_engine(config) as engine:
        task = progress.add_task("", total=None)
        counts = import_stories(
            engine,
            Path(paths[0]),
            progress=lambda stage, done, total: progress.update(
                task, description=f"{stage}: {done}{f' of {total}' if total else ''}"
            ),
        )
        if learn:
            _learn(engine, progress, task)
    if as_json:
        print_json(counts)
    else:
        typer.echo(f"{counts['stories']} stories, {counts['articles']} articles")


def _sized_for(paths: Sequence[str], config: Config) -> Config:
    """The configuration, with one worker process if the files are so small that a second would only start."""
    try:
        size = sum(Path(path).stat().st_size for path in paths if path != "-")
    except OSError:
        return config  # the reader reports the file
    return config if "-" in paths or size > ONE_WORKER_BYTES else replace(config, workers=1)


def _advance(progress: Progress, task: TaskID, counts: ImportCounts) -> None:
    done = counts.stored + counts.known + counts.dropped.total()
    progress.update(task, description=f"{done} of {counts.read} read, {counts.stored} stored")


def _learn(engine: Engine, progress: Progress, task: TaskID) -> None:
    """Learn the lines that the hosts of new articles repeat."""
    learn_boilerplate(
        engine.store,
        engine.index_client,
        only_new=True,
        now=datetime.now(UTC),
        progress=lambda done: progress.update(task, description=f"learning repeated lines: {done} hosts"),
    )


def _explain(url: str, reason: str, detail: str) -> None:
    notice(f"dropped {url}: {reason}{': ' if detail else ''}{detail}")


def _print(counts: ImportCounts) -> None:
    typer.echo(f"read           {counts.read:>8}")
    typer.echo(f"stored         {counts.stored:>8}")
    typer.echo(f"already known  {counts.known:>8}")
    typer.echo(f"dropped        {counts.dropped.total():>8}")
    for reason, number in sorted(counts.dropped.items()):
        typer.echo(f"  {printable(reason):<12} {number:>8}")


def reindex_command(home: HomeOption = None) -> None:
    """Rebuild the index in Redis from the store."""
    config = load_config(home)
    with spinner("indexing") as progress, open_engine(config) as engine:
        task = progress.add_task("", total=None)
        done = engine.index_client.rebuild(progress=lambda done: progress.update(task, description=f"{done} articles"))
        # What was signed with other parameters was compared by other rules.
        attach_unattached(engine.store, engine.index_client, now=datetime.now(UTC))
        left = engine.index_client.left_as_signed
    notice_console.print(f"indexed {done} article versions")
    if left:
        notice(f"{left} could not be signed again, since their text is no longer kept: they keep their stories")
