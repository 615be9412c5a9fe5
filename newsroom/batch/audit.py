"""`onestory audit`: the batch over what the store holds, and where its stories differ."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from onestory.errors import BadInput
from onestory.newsroom.batch.cli import StageReport, parse_size
from onestory.newsroom.terminal.console import HomeOption, load_config, open_store, print_json, spinner
from onestory.store.audits import AuditRecord, write_last_audit
from onestory.store.database import Store
from onestory.times import utc_now

__all__ = ["AuditResult", "Difference", "audit_command", "compare_stories"]

MOST_SHOWN = 20
Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Articles that are not in the same stories: the stories of the store, and those of the batch, as article ids."""

    stored: list[list[str]]
    batch: list[list[str]]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How many articles and stories were compared, how many articles were passed over for an editor's decision."""

    articles: int
    stories: int
    decided: int
    differences: list[Difference]


def audit_command(
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="Check this many stories, and everything connected with them. Default: all."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Number of processes. Default: one per core.")
    ] = None,
    memory: Annotated[str, typer.Option(help="Memory limit of all processes together, such as 4G.")] = "2G",
    tmp: Annotated[
        Path | None, typer.Option(help="Folder for temporary files. Default: the system's.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    home: HomeOption = None,
) -> None:
    """Group everything in the store again, and report where the stories differ. Changes no story."""
    config = load_config(home)
    size = parse_size(memory, option="--memory")
    with open_store(config) as store, spinner("auditing") as progress:
        task = progress.add_task("", total=None)
        report = StageReport(progress, task)
        found = audit(store, sample=sample, workers=workers or config.workers, memory=size, tmp=tmp, report=report)
        record = AuditRecord(utc_now(), found.articles, found.stories, len(found.differences))
        with store.write() as connection:
            write_last_audit(connection, record)
    if json:
        print_json(asdict(found))
    else:
        _print(found)
    raise typer.Exit(1 if found.differences else 0)


def audit(
    store: Store, *, sample: int | None, workers: int, memory: int, tmp: Path | None = None, report: StageReport | None
) -> AuditResult:
    """Compare the stories of a store with those of a batch over the same versions. Raises BadInput."""
    try:
        from onestory.newsroom.batch.rerun import stories_again  # noqa: PLC0415 - it needs an extra
        from onestory.pipelines.batch.parts import Setting  # noqa: PLC0415
        from onestory.pipelines.batch.stored import (  # noqa: PLC0415
            decided_articles,
            sampled_articles,
            stored_stories,
        )
        from onestory.pipelines.batch.work_folder import WorkFolder  # noqa: PLC0415
    except ImportError as error:
        if error.name is None or not error.name.startswith("pyarrow"):
            raise
        raise BadInput("an audit needs pyarrow: install it with `pip install 'onestory[batch]'`") from error
    with store.read() as connection:
        chosen = None if sample is None else sampled_articles(connection, sample)
        stored, decided = stored_stories(connection, chosen), decided_articles(connection)
    with TemporaryDirectory(dir=tmp, prefix="onestory-audit-") as folder:
        setting = Setting(WorkFolder(Path(folder)), datetime.now(UTC), workers, memory)
        again = stories_again(
            setting, store, chosen=chosen, progress=report.tell if report else lambda stage, done, total: None
        )
    return compare_stories(stored, again, decided)


def compare_stories(stored: Parts, again: Parts, decided: Collection[str]) -> AuditResult:
    """The story id of each article in the store and in the batch; what is in neither, or was decided, is passed over.

    Stories are compared by their articles: an id is that of the first article to arrive, which a batch cannot know.
    """
    both = stored.keys() & again.keys()
    ours, theirs = _inside(stored, both), _inside(again, both)
    touched = {story for story, inside in ours.items() if not inside.isdisjoint(decided)}
    groups = _overlapping({one: (stored[one], again[one]) for one in both})
    differences = []
    passed = 0
    for left, right in groups:
        members = {one for story in left for one in ours[story]}
        if not touched.isdisjoint(left):
            passed += len(members)
        elif len(left) > 1 or len(right) > 1:
            differences.append(Difference(_listed(left, ours), _listed(right, theirs)))
    return AuditResult(len(both), len(ours), passed, sorted(differences, key=lambda one: one.stored))


def _inside(parts: Parts, both: Collection[str]) -> dict[str, set[str]]:
    inside: dict[str, set[str]] = defaultdict(set)
    for article in both:
        inside[parts[article]].add(article)
    return inside


def _overlapping(pairs: Mapping[str, tuple[str, str]]) -> list[tuple[set[str], set[str]]]:
    """Stories of both sides that share articles, together with all that share articles with these."""
    sides: dict[tuple[int, str], set[tuple[int, str]]] = defaultdict(set)
    for left, right in pairs.values():
        sides[0, left].add((1, right))
        sides[1, right].add((0, left))
    groups, seen = [], set()
    for start in sides:
        if start in seen:
            continue
        reached, waiting = {start}, [start]
        while waiting:
            fresh = sides[waiting.pop()] - reached
            reached |= fresh
            waiting += fresh
        seen |= reached
        groups.append(({name for side, name in reached if side == 0}, {name for side, name in reached if side == 1}))
    return groups


def _listed(stories: Collection[str], inside: Mapping[str, set[str]]) -> list[list[str]]:
    return sorted(sorted(inside[story]) for story in stories)


def _print(found: AuditResult) -> None:
    typer.echo(f"{found.articles} articles in {found.stories} stories, {len(found.differences)} differences")
    if found.decided:
        typer.echo(f"{found.decided} articles were passed over: editors decided on their stories")
    for difference in found.differences[:MOST_SHOWN]:
        typer.echo(f"  stored  {_shown(difference.stored)}")
        typer.echo(f"  batch   {_shown(difference.batch)}")
    if len(found.differences) > MOST_SHOWN:
        typer.echo(f"  and {len(found.differences) - MOST_SHOWN} more: see --json")


def _shown(stories: Sequence[Sequence[str]]) -> str:
    return " | ".join(" ".join(story[:6]) + _more(len(story) - 6) for story in stories)


def _more(count: int) -> str:
    return f" and {count} more" if count > 0 else ""
