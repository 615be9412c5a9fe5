"""A watch is made: what it looks for, where it begins, which searches are polled for it, and what is there already."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection

from crawler.guard import checked_url
from pipelines.wanted import MAX_PHRASES, Phrase, phrase_of, watched_in
from pipelines.watching import look_back, wanted_of
from store.database import Store
from store.errors import BadInput, TakenDown
from store.frontier import Entry, add_pages
from store.gathered import Gathered, gather
from store.hosts import database_time
from store.identity import article_id
from store.stories import stories_of_articles
from store.watch_pages import (
    Bound,
    SearchEntry,
    add_searches,
    ask_again,
    bind_pages,
    known_pages,
    reopen_pages,
    waiting_pages,
)
from store.watches import WatchRecord, add_watch, forget_searches, hold_watches, watch

__all__ = ["Begun", "Template", "WatchWish", "begin_watch", "searches_for"]

MAX_SEEDS = 100
MAX_NAME = 200
MAX_SEARCHES = 20
CHUNK = 1_000
QUERY = "{query}"


@dataclass(frozen=True, slots=True)
class Template:
    """A search feed with `{query}` where what is searched for belongs, percent-encoded."""

    name: str
    url: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class WatchWish:
    """What an editor asks for: phrases of which one is enough, URLs to begin with, or both."""

    phrases: Sequence[str] = ()
    urls: Sequence[str] = ()
    name: str | None = None
    until: datetime | None = None
    templates: Sequence[Template] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A new watch, and what came of it at once: articles that were stored, pages that waited, searches to poll."""

    watch: WatchRecord
    gathered: int
    first: int
    searches: int
    unused: list[str] = field(default_factory=list)  # templates that could not be used, and why


def begin_watch(
    store: Store,
    wish: WatchWish,
    *,
    clock: Callable[[Connection], datetime] = database_time,
    progress: Callable[[int], None] = lambda seen: None,
) -> Begun:
    """Durable before anything is looked for. Raises BadInput, TakenDown for a URL that was taken down."""
    phrases = _phrases(wish.phrases)
    seeds = list(dict.fromkeys(checked_url(url.strip()) for url in wish.urls))
    if not phrases and not seeds:
        raise BadInput("a watch needs words to look for, or a --url to begin with")
    if len(seeds) > MAX_SEEDS:
        raise BadInput(f"a watch begins with at most {MAX_SEEDS} URLs; these are {len(seeds):,}")
    searches, unused = searches_for(phrases, wish.templates)
    typed, name = [phrase.typed for phrase in phrases], _name(wish, phrases, seeds)
    with store.write() as connection:
        hold_watches(connection, alone=True)
        now = clock(connection)
        forget_searches(connection, now=now)
        record = add_watch(connection, name=name, phrases=typed, until=wish.until, now=now)
        there = _plant(connection, record.id, seeds, now=now)
        polled = add_searches(connection, record.id, searches, now=now)
        ask_again(connection)
    first = _bring_forward(store, record, now=now)
    there += look_back(store, record, now=now, progress=progress)
    return Begun(record, there, first, polled, unused)


def _phrases(typed: Sequence[str]) -> list[Phrase]:
    found = list({phrase.needles: phrase for phrase in map(phrase_of, typed)}.values())
    if len(found) > MAX_PHRASES:
        raise BadInput(f"a watch has at most {MAX_PHRASES} phrases; these are {len(found):,}")
    return found


def _name(wish: WatchWish, phrases: Sequence[Phrase], seeds: Sequence[str]) -> str:
    said = " ".join((wish.name or "").replace("\x00", " ").encode("utf-8", "ignore").decode().split())
    if len(said) > MAX_NAME:
        raise BadInput(f"the name of a watch has at most {MAX_NAME} characters; this one has {len(said):,}")
    return said or (", ".join(phrase.typed for phrase in phrases) or seeds[0])[:MAX_NAME]


def searches_for(phrases: Sequence[Phrase], templates: Sequence[Template]) -> tuple[list[SearchEntry], list[str]]:
    """One search a phrase and template, at most 20; and which could not be made."""
    found: list[SearchEntry] = []
    unused: list[str] = []
    for template in templates:
        for phrase in phrases:
            try:
                url = checked_url(template.url.replace(QUERY, quote(_query(phrase), safe="")))
            except BadInput as error:
                unused.append(f"{template.name}: {error}")
                continue
            found.append(SearchEntry(url, template.name, template.language))
    if len(found) > MAX_SEARCHES:
        unused.append(f"{len(found) - MAX_SEARCHES} more searches than the {MAX_SEARCHES} that a watch may have")
    return found[:MAX_SEARCHES], unused


def _query(phrase: Phrase) -> str:
    """As search engines read it: what belongs together in quotation marks."""
    parts = (part.replace('"', " ").strip() for part in phrase.typed.split(" + "))
    return " ".join(f'"{part}"' if " " in part else part for part in parts)


def _plant(connection: Connection, watch_id: int, seeds: Sequence[str], *, now: datetime) -> int:
    """Has the seeds fetched at once; how many of them are articles already."""
    if not seeds:
        return 0
    add_pages(connection, [Entry(url) for url in seeds], source_id=None, now=now)
    known = known_pages(connection, seeds)
    for url in seeds:
        if url not in known:
            raise TakenDown(f"{url} was taken down, and is not fetched again")
    reopen_pages(connection, seeds, now=now)
    bind_pages(connection, [Bound(watch_id, url, "seed") for url in seeds], now=now)
    ids = {known[url].article_id or article_id(url) for url in seeds}
    there = stories_of_articles(connection, ids)
    return gather(connection, [Gathered(watch_id, one, "seed") for one in there], now=now, is_known=True)


def _bring_forward(store: Store, record: WatchRecord, *, now: datetime) -> int:
    """Pages that wait already and are wanted now go first; how many."""
    wanted, after, found = [wanted_of(record)], 0, 0
    while record.phrases:
        with store.read() as connection:
            rows = waiting_pages(connection, after=after, limit=CHUNK)
        if not rows:
            break
        bounds = [Bound(record.id, row.url, "entry") for row in rows if watched_in(wanted, (row.title, row.summary))]
        if bounds:
            with store.write() as connection:
                watch(connection, record.id)  # somebody may have removed it meanwhile
                found += bind_pages(connection, bounds, now=now)
        after = rows[-1].id
    return found
