"""Create a watch: its phrases and seeds, its search feeds, and what is stored already."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection

from onestory.errors import BadInput, TakenDown
from onestory.pipelines.watches.followed_events import record_stories_of_followed_event
from onestory.pipelines.watches.matching import match_stored_articles, watch_phrases
from onestory.pipelines.watches.phrase_matching import MAX_PHRASES, WatchPhrase, matching_watches, parse_phrase
from onestory.ssrf import checked_url
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.frontier.pages import PageEntry, add_pages, reopen_pages
from onestory.store.news_events.records import NewsEventRecord, load_news_event, resolve_news_event
from onestory.store.stories.components import stories_of_articles
from onestory.store.watches.hits import WatchHit, record_watch_hits
from onestory.store.watches.watch_pages import (
    SearchFeed,
    WatchedUrl,
    add_search_feeds,
    add_watch_pages,
    known_pages,
    reset_watched_sources,
    unfetched_pages,
)
from onestory.store.watches.watches import WatchRecord, delete_unused_searches, insert_watch, load_watch, lock_watches
from onestory.urls import article_id_of_url

__all__ = ["CreatedWatch", "SearchTemplate", "WatchRequest", "create_watch", "searches_for"]

MAX_SEEDS = 100
MAX_NAME = 200
MAX_SEARCHES = 20
CHUNK = 1_000
QUERY = "{query}"


@dataclass(frozen=True, slots=True)
class SearchTemplate:
    """A search feed whose URL has `{query}` in place of the percent-encoded query."""

    name: str
    url: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """The request for a watch: phrases, any one of which matches, seed URLs, a news event whose newcomers match (its
    id, or that of a story in it), or several of these.
    """

    phrases: Sequence[str] = ()
    urls: Sequence[str] = ()
    name: str | None = None
    until: datetime | None = None
    templates: Sequence[SearchTemplate] = ()
    news_event: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedWatch:
    """A new watch, and what was found at once: stored articles, waiting pages, search feeds to poll."""

    watch: WatchRecord
    gathered: int
    first: int
    searches: int
    unused: list[str] = field(default_factory=list)  # templates that could not be used, and why


def create_watch(
    store: Store,
    wish: WatchRequest,
    *,
    clock: Callable[[Connection], datetime] = database_time,
    progress: Callable[[int], None] = lambda seen: None,
) -> CreatedWatch:
    """Create the watch durably, then search for it.

    Raises BadInput, NotFound for an unknown news event, and TakenDown for a URL that was taken down.
    """
    phrases = _phrases(wish.phrases)
    seeds = list(dict.fromkeys(checked_url(url.strip()) for url in wish.urls))
    if not phrases and not seeds and not wish.news_event:
        raise BadInput("a watch needs words to look for, a --url to start from, or a --news-event to follow")
    if len(seeds) > MAX_SEEDS:
        raise BadInput(f"a watch starts from at most {MAX_SEEDS} URLs; you gave {len(seeds):,}")
    searches, unused = searches_for(phrases, wish.templates)
    typed = [phrase.typed for phrase in phrases]
    with store.write() as connection:
        lock_watches(connection, alone=True)
        now = clock(connection)
        delete_unused_searches(connection, now=now)
        event = _event(connection, wish)
        name = _name(wish, phrases, [*seeds, *([event.label or event.id] if event else [])])
        record = insert_watch(
            connection, name=name, phrases=typed, until=wish.until, now=now, news_event=event.id if event else None
        )
        there = record_stories_of_followed_event(connection, record, now=now)
        there += _plant(connection, record.id, seeds, now=now)
        polled = add_search_feeds(connection, record.id, searches, now=now)
        reset_watched_sources(connection)
    first = _bring_forward(store, record, now=now)
    there += match_stored_articles(store, record, now=now, progress=progress)
    return CreatedWatch(record, there, first, polled, unused)


def _phrases(typed: Sequence[str]) -> list[WatchPhrase]:
    found = list({phrase.needles: phrase for phrase in map(parse_phrase, typed)}.values())
    if len(found) > MAX_PHRASES:
        raise BadInput(f"a watch has at most {MAX_PHRASES} phrases; you gave {len(found):,}")
    return found


def _event(connection: Connection, wish: WatchRequest) -> NewsEventRecord | None:
    if not wish.news_event:
        return None
    return load_news_event(connection, resolve_news_event(connection, wish.news_event))


def _name(wish: WatchRequest, phrases: Sequence[WatchPhrase], others: Sequence[str]) -> str:
    """The given name; else the phrases, or the first of `others`."""
    said = " ".join((wish.name or "").replace("\x00", " ").encode("utf-8", "ignore").decode().split())
    if len(said) > MAX_NAME:
        raise BadInput(f"the name of a watch has at most {MAX_NAME} characters; this one has {len(said):,}")
    return said or (", ".join(phrase.typed for phrase in phrases) or others[0])[:MAX_NAME]


def searches_for(
    phrases: Sequence[WatchPhrase], templates: Sequence[SearchTemplate]
) -> tuple[list[SearchFeed], list[str]]:
    """One search for each phrase and template, at most 20; and the templates that could not be used."""
    found: list[SearchFeed] = []
    unused: list[str] = []
    for template in templates:
        for phrase in phrases:
            try:
                url = checked_url(template.url.replace(QUERY, quote(_query(phrase), safe="")))
            except BadInput as error:
                unused.append(f"{template.name}: {error}")
                continue
            found.append(SearchFeed(url, template.name, template.language))
    if len(found) > MAX_SEARCHES:
        unused.append(f"{len(found) - MAX_SEARCHES} more searches than the {MAX_SEARCHES} that a watch may have")
    return found[:MAX_SEARCHES], unused


def _query(phrase: WatchPhrase) -> str:
    """The query for search engines, with phrases in quotation marks."""
    parts = (part.replace('"', " ").strip() for part in phrase.typed.split(" + "))
    return " ".join(f'"{part}"' if " " in part else part for part in parts)


def _plant(connection: Connection, watch_id: int, seeds: Sequence[str], *, now: datetime) -> int:
    """Queue the seeds first; return how many are stored already."""
    if not seeds:
        return 0
    add_pages(connection, [PageEntry(url) for url in seeds], source_id=None, now=now)
    known = known_pages(connection, seeds)
    for url in seeds:
        if url not in known:
            raise TakenDown(f"{url} was taken down, and is not fetched again")
    reopen_pages(connection, seeds, now=now)
    add_watch_pages(connection, [WatchedUrl(watch_id, url, "seed") for url in seeds], now=now)
    ids = {known[url].article_id or article_id_of_url(url) for url in seeds}
    there = stories_of_articles(connection, ids)
    return record_watch_hits(connection, [WatchHit(watch_id, one, "seed") for one in there], now=now, is_known=True)


def _bring_forward(store: Store, record: WatchRecord, *, now: datetime) -> int:
    """Move waiting pages that match to the front; return their number."""
    wanted, after, found = [watch_phrases(record)], 0, 0
    while record.phrases:
        with store.read() as connection:
            rows = unfetched_pages(connection, after=after, limit=CHUNK)
        if not rows:
            break
        bounds = [
            WatchedUrl(record.id, row.url, "entry")
            for row in rows
            if matching_watches(wanted, (row.title, row.summary))
        ]
        if bounds:
            with store.write() as connection:
                load_watch(connection, record.id)  # somebody may have removed it meanwhile
                found += add_watch_pages(connection, bounds, now=now)
        after = rows[-1].id
    return found
