"""Commands on how sources do: sources show, sources try."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from newsroom.commands.options import HomeOption, JsonOption
from newsroom.lines import count, print_sources, say, when
from newsroom.printable import printable
from newsroom.session import configuration, notice, opened_store, print_json
from store.gaps import Gap, gaps_of
from store.health import switched_off, try_now
from store.hosts import database_time
from store.source_records import SourceRecord, source_record
from store.sources import find_sources
from store.yields import Day, days_of

__all__ = ["show_source_command", "try_source_command"]

MOST_GAPS = 100
# Lines of each list for a terminal; --json has all.
SHOWN_DAYS, SHOWN_GAPS = 14, 10
NamesArgument = Annotated[list[str], typer.Argument(metavar="SOURCE…", help="Sources by id, URL, host or outlet.")]


@dataclass(frozen=True, slots=True)
class _Shown:
    record: SourceRecord
    days: Sequence[Day]
    gaps: Sequence[Gap]


def show_source_command(sources: NamesArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show how sources do: state and reason, the yield by day, and when they were not seen."""
    with opened_store(configuration(home)) as store, store.read() as connection:
        shown = [
            _Shown(
                source_record(connection, number),
                days_of(connection, number),
                gaps_of(connection, number, most=MOST_GAPS),
            )
            for number in find_sources(connection, sources)
        ]
    for one in shown:
        if json:
            print_json({**asdict(one.record), "days": one.days, "gaps": one.gaps})
        else:
            _print(one)


def _print(shown: _Shown) -> None:
    record = shown.record
    print_sources([record])
    say(f"      polled {_schedule(record)}")
    say(f"      {record.kind}, so since {when(record.status_since) or 'never polled'}")
    say(f"      last success {when(record.last_success) or 'never'}, next poll {when(record.next_poll)}")
    say(f"      last new entry {when(record.last_new) or 'never'}, {count(record.pages_found, 'page', 'pages')} found")
    for day in shown.days[:SHOWN_DAYS]:
        failed = f", {day.failed} failed" if day.failed else ""
        say(f"  {day.day}  {day.pages_found:>5} new  {count(day.polls, 'poll', 'polls')}{failed}")
    for gap in shown.gaps[:SHOWN_GAPS]:
        say(f"  not seen {when(gap.began)} to {when(gap.ended) or 'now':<16}  {gap.status}: {printable(gap.why)}")


def _schedule(record: SourceRecord) -> str:
    if record.cron:
        return f"as {printable(record.cron)} says, {printable(record.timezone or 'UTC')}"
    asked = record.asks_seconds or 0
    longer = f"; it asks for {asked} s" if asked > record.interval_seconds else ""
    return f"every {record.interval_seconds} s, as it yields{longer}"


def try_source_command(sources: NamesArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Ask the crawler that runs to poll sources now, as soon as their hosts may be asked."""
    with opened_store(configuration(home)) as store, store.write() as connection:
        now = database_time(connection)
        records = [source_record(connection, number) for number in find_sources(connection, sources)]
        asked = [(record, try_now(connection, record.id, now=now)) for record in records if record.enabled]
    for record, not_before in asked:
        if json:
            print_json({"source_id": record.id, "not_before": not_before})
        else:
            soon = "now" if not_before <= now else f"when its host may be asked, at {when(not_before)} UTC"
            say(f"{record.id:>4}  {printable(record.outlet)}: due {soon}")
    for record in records:
        if not record.enabled:
            notice(f"{record.url} is switched off: {switched_off(record.id)}")
    if len(asked) < len(records):
        raise typer.Exit(1 if asked else 2)
