"""`onestory article`: the versions of an article, its moves and withdrawals."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from onestory.errors import BadInput
from onestory.newsroom.terminal.console import HomeOption, JsonOption, load_config, open_store, print_json
from onestory.newsroom.terminal.output import format_time, print_line
from onestory.pipelines.versions.corrections import version_diff
from onestory.pipelines.versions.word_diff import WordDiff, word_diff
from onestory.store.articles.history import (
    VersionRecord,
    WithdrawalRecord,
    titles_and_texts,
    version_records,
    withdrawals_of,
)
from onestory.store.articles.moves import MoveRecord, moves_of
from onestory.store.stories.records import ArticleRecord, load_article
from onestory.store.stories.references import article_named
from onestory.text import printable

__all__ = ["article_command"]

WITHDRAWAL_REASONS = {
    "gone": "its page is gone (410)",
    "missing": "its page is not found",
    "redirect": "its page redirects to a front or section page",
    "removal_notice": "its page says it was removed",
    "not_found": "its page says there is nothing there",
    "killed": "its provider killed it",
    "withheld": "its provider withholds it",
}
# The markers of `git diff --word-diff`, and one more for moved text.
DIFF_MARKS = {"added": ("{+", "+}"), "removed": ("[-", "-]"), "moved": ("{~", "~}"), "kept": ("", "")}


def article_command(
    article_or_url: Annotated[str, typer.Argument(metavar="ARTICLE|URL")],
    diff: Annotated[bool, typer.Option("--diff", help="Show the changes of the latest version, word by word.")] = False,
    before: Annotated[int | None, typer.Option("--from", help="Number of the version to compare from.")] = None,
    after: Annotated[int | None, typer.Option("--to", help="Number of the version to compare to.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show an article with its versions, withdrawals and moves."""
    with open_store(load_config(home)) as store, store.read() as connection:
        identity = article_named(connection, article_or_url)
        record = load_article(connection, identity)
        versions = version_records(connection, identity)
        gone, moved = withdrawals_of(connection, identity), moves_of(connection, identity)
        ends = _ends(versions, before, after) if diff or before or after else None
        texts = titles_and_texts(connection, ends) if ends else {}
    for version in versions:
        if ends and version.number in ends and version.text_dropped:
            raise BadInput(f"the text of version {version.number} is no longer kept: choose with --from and --to")
    compare = [texts[number] for number in ends] if ends else []
    if json:
        print_json(_row(record, versions, gone, moved, compare, ends))
        return
    _print(record, versions, gone, moved)
    if ends:
        _print_diff(compare, ends)


def _ends(versions: Sequence[VersionRecord], before: int | None, after: int | None) -> tuple[int, int]:
    """The two versions to compare, by default the last two. Raises BadInput."""
    numbers = [version.number for version in versions]
    for number in (before, after):
        if number is not None and number not in numbers:
            raise BadInput(f"the article has no version {number}: its versions are {', '.join(map(str, numbers))}")
    if len(numbers) < 2:
        raise BadInput("the article has only one version: there is nothing to compare")
    later = numbers[-1] if after is None else after
    earlier = before if before is not None else next((n for n in reversed(numbers[: numbers.index(later)])), None)
    if earlier is None:
        raise BadInput(f"version {later} is the first: choose two versions with --from and --to")
    return earlier, later


def _row(
    record: ArticleRecord,
    versions: Sequence[VersionRecord],
    gone: Sequence[WithdrawalRecord],
    moved: Sequence[MoveRecord],
    compare: Sequence[tuple[str | None, str]],
    ends: tuple[int, int] | None,
) -> dict[str, Any]:
    row = {**asdict(record.copy), "text": record.text, "versions": [asdict(version) for version in versions]}
    row |= {"withdrawals": [asdict(one) for one in gone], "moves": [asdict(one) for one in moved]}
    if ends is not None:
        (old_title, old), (title, new) = compare
        spans = [asdict(change) for change in word_diff(old, new).spans]
        diff = version_diff((old_title, old), (title, new), of=ends[0])
        row["diff"] = {**diff.to_dict(), "version": ends[1], "before": old, "after": new, "spans": spans}
    return row


def _print(
    record: ArticleRecord,
    versions: Sequence[VersionRecord],
    gone: Sequence[WithdrawalRecord],
    moved: Sequence[MoveRecord],
) -> None:
    print_line(printable(record.copy.title) or "(no headline)", style="bold")
    print_line(f"article {record.copy.id}  {printable(record.copy.outlet)}  story {record.copy.story_id}")
    print_line(printable(record.copy.url), style="dim")
    for version in versions:
        print_line(
            f"  version {version.number}  seen {format_time(version.observed)}  {version.words} words"
            f"{_changed(version)}{'  text no longer kept' if version.text_dropped else ''}"
        )
    for move in moved:
        seen = f"found there {format_time(move.confirmed)}" if move.confirmed else "not found there yet"
        print_line(f"  moved {format_time(move.moved)} to {printable(move.url)}, {seen}")
    for one in gone:
        back = f"; back {format_time(one.returned)}" if one.returned else ""
        answer = f" ({one.http_status})" if one.http_status else ""
        print_line(
            f"  withdrawn {format_time(one.withdrawn)}: {WITHDRAWAL_REASONS.get(one.reason, one.reason)}{answer}{back}"
        )


def _changed(version: VersionRecord) -> str:
    changes = version.changes
    if changes is None:
        return ""
    words = f"  {changes['added']} added, {changes['removed']} removed, {changes['moved']} moved"
    suspect = "  shares nothing with the version before: not in force" if changes.get("is_unrelated") else ""
    return words + ("  new headline" if changes["title_changed"] else "") + suspect


def _print_diff(compare: Sequence[tuple[str | None, str]], ends: tuple[int, int]) -> None:
    (old_title, old), (title, new) = compare
    print_line("")
    print_line(f"version {ends[0]} to {ends[1]}")
    if old_title != title:
        print_line(f"headline: [-{printable(old_title)}-] {{+{printable(title)}+}}")
    for line in _marked(old, new, word_diff(old, new)).split("\n"):
        print_line(printable(line))


def _marked(before: str, after: str, changes: WordDiff) -> str:
    """The later text, with marks around added, moved and removed passages."""
    pieces: list[str] = []
    end = 0
    last = None
    for change in changes.spans:
        opening, closing = DIFF_MARKS[change.kind]
        is_beside = "removed" in (last, change.kind) or change.kind == "added"
        last = change.kind
        if change.after is None:
            start, stop = change.before or (0, 0)
            # A removed line stays on a line of its own.
            pieces.append(f" {opening}{before[start:stop]}{closing}".replace("\n", f"{closing}\n{opening}"))
            continue
        start, stop = change.after
        gap = after[end:start] or (" " if pieces and is_beside else "")
        pieces.append(gap + opening + after[start:stop].replace("\n", f"{closing}\n{opening}") + closing)
        end = stop
    return "".join(pieces) + after[end:]
