"""Records as lines for a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from dedupe.index import IndexStats
from newsroom.printable import printable
from pipelines.lookup import Lookup
from pipelines.original import REASONS
from store.decisions import DecisionRecord
from store.links import Link
from store.records import ArticleRecord, Copy, MatchRecord, StoryRecord
from store.search import Hit
from store.source_records import SourceRecord

__all__ = [
    "copy_rows",
    "marked",
    "print_decisions",
    "print_hits",
    "print_index_stats",
    "print_lookup",
    "print_sources",
    "print_stories",
    "print_story",
]

console = Console(highlight=False)


def print_stories(records: Sequence[StoryRecord]) -> None:
    for record in records:
        spread = f"{count(record.copies, 'copy', 'copies')} in {count(record.outlets, 'outlet', 'outlets')}"
        first = f"first {when(record.first_seen)} at {printable(record.first_outlet)}"
        say(f"{record.id}  {spread:<24}  {first}")
        say(f"  {printable(record.title) or '(no headline)'}", style="bold")


def print_hits(hits: Sequence[Hit]) -> None:
    """As a list of stories, each with the place that has the words."""
    for hit in hits:
        print_stories([hit.story])
        if hit.where is not None:
            say(f"  {printable(hit.where.outlet)}: {marked(hit.where.excerpt, hit.where.excerpt_spans)}")


def marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with its spans in square brackets, on one line."""
    parts, at = [], 0
    for start, end in spans:
        parts += [_piece(text[at:start]), "[", printable(text[start:end]), "]"]
        at = end
    return " ".join("".join([*parts, _piece(text[at:])]).split())


def _piece(text: str) -> str:
    """Apart from its neighbours where it was."""
    return f"{' ' * text[:1].isspace()}{printable(text)}{' ' * text[-1:].isspace()}"


LINKS = {
    "contains": "contains, or is contained in",
    "develops": "develops, or is developed by",
    "quotes": "quotes, or is quoted by",
}


def print_story(
    record: StoryRecord,
    members: Sequence[Copy],
    text: ArticleRecord,
    links: Sequence[Link],
    matches: Sequence[MatchRecord],
) -> None:
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
        if member.withdrawn is not None:
            say(f"  {'':<9} withdrawn {when(member.withdrawn)}: onestory article {member.id}")
        if beside := _beside_original(record, member, matches):
            say(f"  {'':<9} {beside}", style="dim")
    say(f"original: {printable(text.copy.outlet)}, as {REASONS.get(record.original_reason, record.original_reason)}")
    for link in links:
        share = f"{max(link.share, link.share_of_other):.0%} shared"
        say(f"{LINKS.get(link.kind, link.kind)} story {link.story_id}  {share}  {printable(link.title, width=80)}")
    console.print()
    for paragraph in text.text.split("\n"):
        console.print(Text(printable(paragraph)))


def _beside_original(record: StoryRecord, member: Copy, matches: Sequence[MatchRecord]) -> str:
    """What the evidence says of a copy and the original; empty where the two were never compared."""
    for match in matches:
        if {match.a_article, match.b_article} == {record.original, member.id}:
            ours, theirs = match.evidence.get("containment_a", 0.0), match.evidence.get("containment_b", 0.0)
            kept, own = (ours, theirs) if match.a_article == record.original else (theirs, ours)
            return f"has {kept:.0%} of the original, which is {own:.0%} of the copy"
    return ""


def print_decisions(records: Sequence[DecisionRecord]) -> None:
    if not records:
        console.print("Nothing was decided yet.")
    for record in records:
        undone = f"  undone {when(record.undone)} by {printable(record.undone_by)}" if record.undone else ""
        what = {"together": "merge", "original": "pin"}.get(record.kind, record.kind)
        say(f"{record.id:>4}  {what:<6} {when(record.decided)}  {printable(record.who)}{undone}")
        say(f"      {printable(record.why)}")
        say(f"      {' '.join(record.articles)}", style="dim")


def print_index_stats(stats: IndexStats) -> None:
    say(f"articles            {stats.ids:>12,}")
    say(f"bytes               {stats.bytes:>12,}")
    say(f"bytes an article    {stats.bytes_an_article:>12,}")
    say(f"overflowed bands    {stats.overflowed:>12,}")
    say(f"skipped candidates  {stats.skipped:>12,}")
    for epoch in stats.epochs:
        say(f"epoch {epoch.number:<6} articles {epoch.ids:,}  entries {epoch.entries:,}  bytes {epoch.bytes:,}")
    for band, times in stats.hottest:
        say(f"hot band {band}  let {count(times, 'article', 'articles')} go")


def print_sources(records: Sequence[SourceRecord]) -> None:
    for record in records:
        status = record.status if record.enabled else "off"
        told = f"  ALARM since {when(record.alarmed)}" if record.alarmed and record.enabled else ""
        say(f"{record.id:>4}  {status:<8} {printable(record.outlet):<28} {printable(record.url)}{told}")
        only = "only what a watch wants is fetched" if record.watched_only else None
        for said in (record.why, record.location_why, record.left_out_why, only):
            if said:
                say(f"      {printable(said)}", style="dim")


def print_lookup(asked: Lookup) -> None:
    if asked.index != "ready":
        console.print("The index is being rebuilt: only exactly the same text is found until it is done.")
    if asked.window_is_full:
        console.print("Of the oldest articles, which have left the index, only exactly the same text is found.")
    if not asked.found:
        console.print(f"Nothing like these {asked.words} words has run before.")
    for found in asked.found:
        say(
            f"{found.share:>4.0%} {found.relation:<9} story {found.story_id}"
            f"   first {when(found.first_seen)} at {printable(found.first_outlet)}"
            f"   {count(found.copies, 'copy', 'copies')}   {printable(found.title, width=80)}"
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
