"""Records as lines for a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from onestory.dedupe.index import IndexStats
from onestory.pipelines.stories.lookup import LookupResult
from onestory.pipelines.stories.original import REASONS
from onestory.store.editorial.decisions import DecisionRecord
from onestory.store.sources.source_records import SourceRecord
from onestory.store.stories.links import StoryLink
from onestory.store.stories.records import ArticleRecord, CopyRecord, MatchRecord, StoryRecord
from onestory.store.stories.search import SearchResult
from onestory.text import printable

__all__ = [
    "bracket_spans",
    "copies_and_matches",
    "print_decisions",
    "print_index_stats",
    "print_lookup",
    "print_search_results",
    "print_sources",
    "print_stories",
    "print_story",
]

output_console = Console(highlight=False)


def print_stories(records: Sequence[StoryRecord]) -> None:
    for record in records:
        spread = f"{plural(record.copies, 'copy', 'copies')} in {plural(record.outlets, 'outlet', 'outlets')}"
        first = f"first {format_time(record.first_seen)} at {printable(record.first_outlet)}"
        print_line(f"{record.id}  {spread:<24}  {first}")
        print_line(f"  {printable(record.title) or '(no headline)'}", style="bold")


def print_search_results(hits: Sequence[SearchResult]) -> None:
    """As a list of stories, each with the place that has the words."""
    for hit in hits:
        print_stories([hit.story])
        if hit.where is not None:
            print_line(f"  {printable(hit.where.outlet)}: {bracket_spans(hit.where.excerpt, hit.where.excerpt_spans)}")


def bracket_spans(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with its spans in square brackets, on one line."""
    parts, at = [], 0
    for start, end in spans:
        parts += [_piece(text[at:start]), "[", printable(text[start:end]), "]"]
        at = end
    return " ".join("".join([*parts, _piece(text[at:])]).split())


def _piece(text: str) -> str:
    """Apart from its neighbours where it was."""
    return f"{' ' * text[:1].isspace()}{printable(text)}{' ' * text[-1:].isspace()}"


LINK_DESCRIPTIONS = {
    "contains": "contains, or is contained in",
    "develops": "develops, or is developed by",
    "quotes": "quotes, or is quoted by",
}


def print_story(
    record: StoryRecord,
    members: Sequence[CopyRecord],
    text: ArticleRecord,
    links: Sequence[StoryLink],
    matches: Sequence[MatchRecord],
) -> None:
    output_console.print(Text(printable(record.title) or "(no headline)", style="bold"))
    first = f"first seen {format_time(record.first_seen)} at {printable(record.first_outlet)}"
    spread = f"{plural(record.copies, 'copy', 'copies')}, {plural(record.outlets, 'outlet', 'outlets')}"
    print_line(f"story {record.id}  {spread}  {first}")
    if record.credit:
        output_console.print(Text(f"credit: {printable(record.credit)}"))
    for member in members:
        times = f"seen {format_time(member.first_seen)}" + (
            f"  claims {format_time(member.published)}" if member.published else ""
        )
        print_line(f"  {member.relation:<9} {printable(member.outlet):<28} {member.words:>6} words  {times}")
        print_line(f"  {'':<9} {printable(member.url)}", style="dim")
        if member.withdrawn is not None:
            print_line(f"  {'':<9} withdrawn {format_time(member.withdrawn)}: onestory article {member.id}")
        if beside := _beside_original(record, member, matches):
            print_line(f"  {'':<9} {beside}", style="dim")
    print_line(
        f"original: {printable(text.copy.outlet)}, as {REASONS.get(record.original_reason, record.original_reason)}"
    )
    for link in links:
        share = f"{max(link.share, link.share_of_other):.0%} shared"
        print_line(
            f"{LINK_DESCRIPTIONS.get(link.kind, link.kind)} story {link.story_id}  {share}  {printable(link.title, width=80)}"
        )
    output_console.print()
    for paragraph in text.text.split("\n"):
        output_console.print(Text(printable(paragraph)))


def _beside_original(record: StoryRecord, member: CopyRecord, matches: Sequence[MatchRecord]) -> str:
    """What the evidence says of a copy and the original; empty where the two were never compared."""
    for match in matches:
        if {match.a_article, match.b_article} == {record.original, member.id}:
            ours, theirs = match.evidence.get("containment_a", 0.0), match.evidence.get("containment_b", 0.0)
            kept, own = (ours, theirs) if match.a_article == record.original else (theirs, ours)
            return f"has {kept:.0%} of the original, which is {own:.0%} of the copy"
    return ""


def print_decisions(records: Sequence[DecisionRecord]) -> None:
    if not records:
        output_console.print("Nothing was decided yet.")
    for record in records:
        undone = f"  undone {format_time(record.undone)} by {printable(record.undone_by)}" if record.undone else ""
        what = {"together": "merge", "original": "pin"}.get(record.kind, record.kind)
        print_line(f"{record.id:>4}  {what:<6} {format_time(record.decided)}  {printable(record.who)}{undone}")
        print_line(f"      {printable(record.why)}")
        print_line(f"      {' '.join(record.articles)}", style="dim")


def print_index_stats(stats: IndexStats) -> None:
    print_line(f"articles            {stats.ids:>12,}")
    print_line(f"bytes               {stats.bytes:>12,}")
    print_line(f"bytes an article    {stats.bytes_an_article:>12,}")
    print_line(f"overflowed bands    {stats.overflowed:>12,}")
    print_line(f"skipped candidates  {stats.skipped:>12,}")
    for epoch in stats.epochs:
        print_line(f"epoch {epoch.number:<6} articles {epoch.ids:,}  entries {epoch.entries:,}  bytes {epoch.bytes:,}")
    for band, times in stats.hottest:
        print_line(f"hot band {band}  let {plural(times, 'article', 'articles')} go")


def print_sources(records: Sequence[SourceRecord]) -> None:
    for record in records:
        status = record.status if record.enabled else "off"
        told = f"  ALARM since {format_time(record.alarmed)}" if record.alarmed and record.enabled else ""
        print_line(f"{record.id:>4}  {status:<8} {printable(record.outlet):<28} {printable(record.url)}{told}")
        only = "only what a watch wants is fetched" if record.watched_only else None
        for said in (record.why, record.location_why, record.left_out_why, only):
            if said:
                print_line(f"      {printable(said)}", style="dim")


def print_lookup(asked: LookupResult) -> None:
    if asked.index != "ready":
        output_console.print("The index is being rebuilt: only exactly the same text is found until it is done.")
    if asked.window_is_full:
        output_console.print("Of the oldest articles, which have left the index, only exactly the same text is found.")
    if not asked.found:
        output_console.print(f"Nothing like these {asked.words} words has run before.")
    for found in asked.found:
        print_line(
            f"{found.share:>4.0%} {found.relation:<9} story {found.story_id}"
            f"   first {format_time(found.first_seen)} at {printable(found.first_outlet)}"
            f"   {plural(found.copies, 'copy', 'copies')}   {printable(found.title, width=80)}"
        )


def print_line(line: str, *, style: str = "") -> None:
    """A line that the terminal may wrap; piped, it stays one line."""
    output_console.print(Text(line, style=style), soft_wrap=True)


def copies_and_matches(members: Sequence[CopyRecord], matches: Sequence[MatchRecord]) -> Mapping[str, Any]:
    return {"copies": [asdict(member) for member in members], "matches": [asdict(match) for match in matches]}


def format_time(time: datetime | None) -> str:
    return "" if time is None else time.strftime("%Y-%m-%d %H:%M")


def plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
