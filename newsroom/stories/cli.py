"""The `onestory stories` and `onestory show` commands."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from sqlalchemy import Connection

from onestory.newsroom.stories.leads import story_leads
from onestory.newsroom.terminal.console import (
    LANGUAGE_HELP,
    TIME_HELP,
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    parse_language_option,
    parse_time_option,
    print_json,
    print_records,
)
from onestory.newsroom.terminal.output import format_time, output_console, plural, print_line
from onestory.pipelines.stories.leads import Lead
from onestory.pipelines.stories.original import REASONS
from onestory.store.articles.earlier_versions import EarlierVersion, copies_of_earlier_versions
from onestory.store.database import Store
from onestory.store.stories.copies import current_texts
from onestory.store.stories.links import StoryLink, story_links
from onestory.store.stories.listing import StoryFilter, list_stories
from onestory.store.stories.records import (
    ArticleRecord,
    CopyRecord,
    MatchRecord,
    StoryRecord,
    copies_of_story,
    load_article,
    matches_among,
    resolve_story,
)
from onestory.store.stories.references import story_named
from onestory.text import printable

if TYPE_CHECKING:
    from onestory.newsroom.stories.word_counts import WordCounts

__all__ = [
    "LINK_DESCRIPTIONS",
    "copies_and_matches",
    "print_stories",
    "print_story",
    "show_story_command",
    "stories_command",
]

MAX_STORIES_LISTED = 100_000
MAX_COMPARED_COPIES = 200  # each takes about ten milliseconds


def stories_command(
    since: Annotated[
        str | None, typer.Option(help=f"Only stories with a copy seen at or after this time. {TIME_HELP}")
    ] = None,
    until: Annotated[str | None, typer.Option(help=f"Only stories first seen before this time. {TIME_HELP}")] = None,
    published_since: Annotated[
        str | None, typer.Option(help=f"Only stories whose original states this time or later. {TIME_HELP}")
    ] = None,
    min_copies: Annotated[int, typer.Option(min=1, help="Only stories with at least N copies.")] = 1,
    outlet: Annotated[str | None, typer.Option(help="Only stories with a copy at this outlet.")] = None,
    language: Annotated[str | None, typer.Option(help=LANGUAGE_HELP)] = None,
    query: Annotated[str | None, typer.Option(help="Only stories with all these words in a headline or text.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_STORIES_LISTED, help="Maximum number of results.")] = 20,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List stories, the most recently seen first."""
    wanted = StoryFilter(
        since=parse_time_option(since, option="--since"),
        until=parse_time_option(until, option="--until"),
        published_since=parse_time_option(published_since, option="--published-since"),
        min_copies=min_copies,
        outlet=outlet,
        language=parse_language_option(language),
        query=query,
    )
    with open_store(load_config(home)) as store, store.read() as connection:
        records = list_stories(connection, wanted, limit=limit)
    if not records and not json:
        typer.echo("No stories yet: onestory import FILE.warc.gz" if wanted == StoryFilter() else "No stories match.")
    print_records(records, print_stories, as_json=json)


def show_story_command(
    story_or_url: Annotated[str, typer.Argument(metavar="STORY|URL")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show a story with all its copies."""
    with open_store(load_config(home)) as store, store.read() as connection:
        story_id = story_or_url
        if "/" in story_or_url:
            story_id = _story_of_url(store, story_or_url)
        record = resolve_story(connection, story_id)
        if record.id != story_id:
            notice(f"story {story_id} is now part of {record.id}")
        members = copies_of_story(connection, record.id)
        matches = matches_among(connection, [member.id for member in members])
        links = story_links(connection, [member.id for member in members])
        text = load_article(connection, record.original)
        beside = BesideOriginal.of(connection, record, members)
    if json:
        told = copies_and_matches(members, matches, beside)
        print_json({**asdict(record), **told, "links": links, "text": text.text})
    else:
        print_story(record, members, text, links, beside)


def _story_of_url(store: Store, url: str) -> str:
    with store.read() as connection:
        return story_named(connection, url)


@dataclass(frozen=True, slots=True)
class BesideOriginal:
    """What copies are, as the page of the story says it: word counts beside the original, earlier versions, leads."""

    counts: Mapping[str, "WordCounts"]
    earlier: Mapping[str, EarlierVersion]
    leads: Mapping[str, Lead]

    @classmethod
    def of(cls, connection: Connection, record: StoryRecord, members: Sequence[CopyRecord]) -> "BesideOriginal":
        from onestory.newsroom.stories.word_counts import WordCountCache  # noqa: PLC0415 (brings NumPy)

        ids = [member.id for member in members]
        texts = current_texts(connection, ids)
        others = [text for one, text in texts.items() if one != record.original]
        counts = WordCountCache().between(texts[record.original], others, most=MAX_COMPARED_COPIES)
        earlier = copies_of_earlier_versions(connection, record.original, ids)
        return cls(counts, earlier, story_leads(connection, record))

    def sentence(self, article_id: str) -> str:
        """Empty for the original, and for a copy that was not compared."""
        lead = self.leads.get(article_id)
        said = self._beside(article_id)
        if lead is None:
            return said
        behind = f", {lead.behind} behind" if lead.behind else ""
        return "; ".join(filter(None, (said, f"lead {lead.number} of {lead.count}{behind}")))

    def _beside(self, article_id: str) -> str:
        if (earlier := self.earlier.get(article_id)) is not None:
            return f"runs version {earlier.version} of {earlier.versions}, verbatim"
        counts = self.counts.get(article_id)
        if counts is None:
            return ""
        return f"has {counts.share:.0%} of the original: −{counts.cut} +{counts.added} words"


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
    beside: BesideOriginal,
) -> None:
    output_console.print(Text(printable(record.title) or "(no headline)", style="bold"))
    # The earliest of them, where it was imported without the time of its fetch.
    stored = any(member.first_seen == record.first_seen and not member.is_observed for member in members)
    seen = "first stored" if stored else "first seen"
    first = f"{seen} {format_time(record.first_seen)} at {printable(record.first_outlet)}"
    spread = f"{plural(record.copies, 'copy', 'copies')}, {plural(record.outlets, 'outlet', 'outlets')}"
    print_line(f"story {record.id}  {spread}  {first}")
    if record.credit:
        output_console.print(Text(f"credit: {printable(record.credit)}"))
    for member in members:
        times = f"{'seen' if member.is_observed else 'stored'} {format_time(member.first_seen)}" + (
            f"  published {format_time(member.published)} (per page)" if member.published else ""
        )
        relation = "verbatim" if member.id in beside.earlier else member.relation
        print_line(f"  {relation:<9} {printable(member.outlet):<28} {member.words:>6} words  {times}")
        print_line(f"  {'':<9} {printable(member.url)}", style="dim")
        if member.withdrawn is not None:
            print_line(f"  {'':<9} withdrawn {format_time(member.withdrawn)}: onestory article {member.id}")
        if said := beside.sentence(member.id):
            print_line(f"  {'':<9} {said}", style="dim")
    print_line(
        f"original: {printable(text.copy.outlet)} ({REASONS.get(record.original_reason, record.original_reason)})"
    )
    for link in links:
        share = f"{max(link.share, link.share_of_other):.0%} shared"
        print_line(
            f"{LINK_DESCRIPTIONS.get(link.kind, link.kind)} story {link.story_id}  {share}  "
            f"{printable(link.title, width=80)}"
        )
    output_console.print()
    for paragraph in text.text.split("\n"):
        output_console.print(Text(printable(paragraph)))


def copies_and_matches(
    members: Sequence[CopyRecord], matches: Sequence[MatchRecord], beside: BesideOriginal
) -> Mapping[str, Any]:
    earlier = {one: asdict(version) for one, version in beside.earlier.items()}
    leads = {one: {**asdict(lead), "behind": lead.behind} for one, lead in beside.leads.items()}
    copies = [
        {**asdict(member), "runs_earlier": earlier.get(member.id), "lead": leads.get(member.id)} for member in members
    ]
    return {"copies": copies, "matches": [asdict(match) for match in matches]}


def print_stories(records: Sequence[StoryRecord]) -> None:
    for record in records:
        spread = f"{plural(record.copies, 'copy', 'copies')} in {plural(record.outlets, 'outlet', 'outlets')}"
        stated = f", stated {format_time(record.published)}" if record.published else ""
        first = f"first seen {format_time(record.first_seen)} at {printable(record.first_outlet)}"
        print_line(f"{record.id}  {spread:<24}  original: {printable(record.original_outlet)}{stated}   {first}")
        print_line(f"  {printable(record.title) or '(no headline)'}", style="bold")
