"""Records as lines for a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from newsroom.printable import printable
from pipelines.lookup import Lookup
from store.records import ArticleRecord, Copy, MatchRecord, StoryRecord
from store.source_records import SourceRecord

__all__ = ["copy_rows", "print_lookup", "print_sources", "print_stories", "print_story"]

console = Console(highlight=False)


def print_stories(records: Sequence[StoryRecord]) -> None:
    if not records:
        console.print("No stories yet. Take some in: onestory import FILE.warc.gz")
        return
    for record in records:
        spread = f"{count(record.copies, 'copy', 'copies')} in {count(record.outlets, 'outlet', 'outlets')}"
        first = f"first {when(record.first_seen)} at {printable(record.first_outlet)}"
        say(f"{record.id}  {spread:<24}  {first}")
        say(f"  {printable(record.title) or '(no headline)'}", style="bold")


def print_story(record: StoryRecord, members: Sequence[Copy], text: ArticleRecord) -> None:
    console.print(Text(printable(record.title) or "(no headline)", style="bold"))
    first = f"first seen {when(record.first_seen)} at {printable(record.first_outlet)}"
    spread = f"{count(record.copies, 'copy', 'copies')}, {count(record.outlets, 'outlet', 'outlets')}"
    say(f"story {record.id}  {spread}  {first}")
    if record.credit:
        console.print(Text(f"credit: {printable(record.credit)}"))
    for member in members:
        times = f"seen {when(member.first_seen)}" + (f"  claims {when(member.published)}" if member.published else "")
        say(f"  {member.relation:<9} {printable(member.outlet):<28} {member.words:>6} words  {times}")
        say(f"  {'':<9} {printable(member.url)}", style="dim")
    console.print()
    for paragraph in text.text.split("\n"):
        console.print(Text(printable(paragraph)))


def print_sources(records: Sequence[SourceRecord]) -> None:
    for record in records:
        say(f"{record.id:>4}  {record.status:<8} {printable(record.outlet):<28} {printable(record.url)}")
        if record.why:
            say(f"      {printable(record.why)}", style="dim")


def print_lookup(asked: Lookup) -> None:
    if asked.index != "ready":
        console.print("The index is being rebuilt: only exactly the same text is found until it is done.")
    if not asked.found:
        console.print(f"Nothing like these {asked.words} words has run before.")
    for found in asked.found:
        console.print(
            Text(
                f"{found.share:>4.0%} {found.relation:<9} story {found.story_id}"
                f"   first {when(found.first_seen)} at {printable(found.first_outlet)}"
                f"   {count(found.copies, 'copy', 'copies')}   {printable(found.title, width=80)}"
            )
        )


def say(line: str, *, style: str = "") -> None:
    """A line that the terminal may wrap; piped, it stays one line."""
    console.print(Text(line, style=style), soft_wrap=True)


def copy_rows(members: Sequence[Copy], matches: Sequence[MatchRecord]) -> Mapping[str, Any]:
    return {"copies": [asdict(member) for member in members], "matches": [asdict(match) for match in matches]}


def when(time: datetime | None) -> str:
    return "" if time is None else time.strftime("%Y-%m-%d %H:%M")


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
