"""Watches as lines for a terminal."""

from collections.abc import Sequence

from crawler.watch_making import Begun
from newsroom.lines import count, say, when
from newsroom.printable import printable
from store.gathered import GatheredStory
from store.watch_report import PlantedPage, PolledSearch, WatchReport
from store.watches import WatchRecord

__all__ = ["print_begun", "print_report", "print_watches"]

HOW = {"text": "", "seed": "given by URL", "story": "through its story"}


def print_begun(begun: Begun) -> None:
    say(f"watch {begun.watch.id}: {printable(begun.watch.name)}")
    say(f"  {count(begun.gathered, 'article', 'articles')} of it stored already")
    if begun.first:
        say(f"  {count(begun.first, 'page that waits goes', 'pages that wait go')} first")
    if begun.searches:
        say(f"  {count(begun.searches, 'search feed is', 'search feeds are')} polled for it")


def print_watches(records: Sequence[WatchRecord], *, include_ended: bool) -> None:
    if not records:
        say("No watch yet: onestory watch add WORDS" if include_ended else "No watch goes on: onestory watch add WORDS")
    for record in records:
        say(f"{record.id:>4}  {_span(record):<44} {printable(record.name)}")
        if record.phrases:
            say(f"      {_quoted(record)}", style="dim")


def _span(record: WatchRecord) -> str:
    if record.ended is not None:
        return f"since {when(record.created)}, ended {when(record.ended)}"
    return f"since {when(record.created)}" + (f", until {when(record.until)}" if record.until else "")


def _quoted(record: WatchRecord) -> str:
    return " or ".join(f'"{printable(phrase)}"' for phrase in record.phrases)


def print_report(report: WatchReport) -> None:
    record = report.watch
    say(printable(record.name), style="bold")
    say(f"watch {record.id}  {_span(record)}")
    if record.phrases:
        say(f"looks for {_quoted(record)}")
    for seed in report.seeds:
        say(f"began with {printable(seed.url)}  {_became(seed)}")
    for search in report.searches:
        say(f"searches {printable(search.name)}  {_searched(search)}", style="dim")
    found = ", ".join(f"{number} by {how}" for how, number in report.found.items() if number)
    say(f"{count(report.waiting, 'page waits', 'pages wait')}" + (f"; found {found}" if found else ""))
    spread = f"{count(report.story_count, 'story', 'stories')}, {count(report.copy_count, 'copy', 'copies')}"
    say(spread if report.story_count else "Nothing was gathered yet.")
    for gathered in report.stories:
        _print_story(gathered)
    if report.story_count > len(report.stories):
        say(f"and {report.story_count - len(report.stories)} more: --limit shows them")


def _became(seed: PlantedPage) -> str:
    if seed.article_id is not None:
        return f"article {seed.article_id}"
    return seed.state + (f" ({printable(seed.reason)})" if seed.reason else "")


def _searched(search: PolledSearch) -> str:
    return f"{search.status}, last asked {when(search.last_poll) or 'never'}" + (
        f": {printable(search.why)}" if search.why else ""
    )


def _print_story(gathered: GatheredStory) -> None:
    story = gathered.story
    say("")
    say(printable(story.title) or "(no headline)", style="bold")
    outlets = count(story.outlets, "outlet", "outlets")
    say(f"story {story.id}  {count(story.copies, 'copy', 'copies')} in {outlets}  first {when(story.first_seen)}")
    for one in gathered.copies:
        copy = one.copy
        say(f"  {when(copy.first_seen)}  {copy.relation:<9} {printable(copy.outlet):<28} {HOW.get(one.how, one.how)}")
        say(f"  {'':<17} {printable(copy.url)}", style="dim")
