"""Learning what hosts repeat, at stated moments: counted from what is stored, published, and applied to the past.

Nothing is counted while articles come in, so no import depends on its order; between two moments every article of a
host is cleaned with the same lines. What comes to be in force is taken out of the host's stored texts at once: a page
that is fetched again then has the content that is kept, and makes no new version.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from onestory.dedupe.headlines import Headline
from onestory.dedupe.signature import PARAMETERS, sign
from onestory.pipelines.boilerplate.repeated_lines import (
    LineCount,
    distinct_stories,
    fingerprint,
    fingerprints_for_page,
    learned_fingerprints,
)
from onestory.pipelines.stories.headline import headline_of
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.versions.rewriting import attach_unattached, rewrite_versions
from onestory.store.articles.captures import RemovedLine, content_digest
from onestory.store.articles.text_replacement import ReplacementText, VersionRow, versions_of_host
from onestory.store.boilerplate import (
    BOILERPLATE_REASON,
    ArticleLines,
    BoilerplateLine,
    active_fingerprints,
    boilerplate_lines,
    hosts_with_articles,
    learned_owners,
    newest_article_lines,
    newest_version,
    prune_removed_lines,
    publish_boilerplate,
    removed_lines_of,
)
from onestory.store.database import Store
from onestory.store.settings import (
    BOILERPLATE_APPLIED,
    BOILERPLATE_COUNTED,
    BOILERPLATE_LEARNED,
    read_setting,
    write_setting,
)
from onestory.urls import path_owner

__all__ = ["LearningResult", "count_lines", "is_due", "learn_boilerplate", "learn_daily"]

# Kept beside what is in force, so that people can see what is on its way.
MIN_KEPT_STORIES = 2
MOST_KEPT = 500
BATCH = 128
DAY = timedelta(days=1)
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class LearningResult:
    """What one learning did: `lines` are in force on all hosts now, `texts` stored ones were rid of new ones."""

    hosts: int
    lines: int
    texts: int


def learn_boilerplate(
    store: Store,
    index_client: IndexClient,
    *,
    only_new: bool = False,
    now: datetime,
    progress: Progress = lambda done: None,
) -> LearningResult:
    """Counts, publishes and applies, host by host. Learning twice changes nothing the second time.

    With `only_new`, only hosts with versions that came after the last learning are counted.
    """
    with store.read() as connection:
        newest = newest_version(connection)
        counted = int(read_setting(connection, BOILERPLATE_COUNTED) or 0) if only_new else 0
        hosts = hosts_with_articles(connection, after=counted)
        applied = _time(read_setting(connection, BOILERPLATE_APPLIED))
    done = 0
    for number, host in enumerate(hosts, start=1):
        learned = _learn_host(store, host, now=now)
        # Also what an earlier learning published that did not come to its end.
        if any(applied is None or line.since > applied for lines in learned.values() for line in lines):
            in_force = {name: frozenset(line.fingerprint for line in lines) for name, lines in learned.items()}
            done += _apply(store, index_client, host, in_force, now=now)
        progress(number)
    attach_unattached(store, index_client, now=now)
    with store.write() as connection:
        write_setting(connection, BOILERPLATE_COUNTED, str(newest))
        if not only_new:
            write_setting(connection, BOILERPLATE_LEARNED, now.isoformat())
            write_setting(connection, BOILERPLATE_APPLIED, now.isoformat())
        total = sum(map(len, active_fingerprints(connection).values()))
    return LearningResult(len(hosts), total, done)


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def learn_daily(store: Store, index_client: IndexClient, *, now: datetime) -> LearningResult | None:
    """Learns when nobody has for a day, and forgets removed lines that are too old; None when it is not yet time."""
    with store.write() as connection:
        if not _is_due(connection, now=now):
            return None
        # Taken here, so that of several crawlers one learns.
        write_setting(connection, BOILERPLATE_LEARNED, now.isoformat())
        prune_removed_lines(connection, now=now)
    return learn_boilerplate(store, index_client, now=now)


def is_due(store: Store, *, now: datetime) -> bool:
    """Whether nobody has learned for a day."""
    with store.read() as connection:
        return _is_due(connection, now=now)


def _is_due(connection: Connection, *, now: datetime) -> bool:
    last = _time(read_setting(connection, BOILERPLATE_LEARNED))
    return last is None or now - last >= DAY


def _learn_host(store: Store, host: str, *, now: datetime) -> dict[str, list[BoilerplateLine]]:
    """The lines in force, of the host and of each owner of a space on it.

    What one owner's pages repeat concerns their pages alone. For the host, all pages of an owner count as one story.
    """
    with store.write() as connection:
        articles = list(newest_article_lines(connection, host))
        spaces: dict[str, list[ArticleLines]] = {owner: [] for owner in learned_owners(connection, host)}
        for article in articles:
            if owner := path_owner(article.url):
                spaces.setdefault(owner, []).append(article)
        learned = {host: _learn(connection, host, count_lines(articles, by_owner=True), now=now)}
        for owner, theirs in sorted(spaces.items()):
            learned[f"{host}/{owner}"] = _learn(connection, f"{host}/{owner}", count_lines(theirs), now=now)
    return {name: [line for line in lines if line.in_force] for name, lines in learned.items()}


CountedLines = tuple[list[LineCount], int, datetime | None]


def _learn(connection: Connection, name: str, counted: CountedLines, *, now: datetime) -> list[BoilerplateLine]:
    counts, stories, newest = counted
    before = {line.fingerprint: line for line in boilerplate_lines(connection, name)}
    lines = _published(_with_memory(counts, before.values()), stories, newest, before, now=now)
    if lines != sorted(before.values(), key=_rank):
        publish_boilerplate(connection, name, lines)
    return lines


def count_lines(articles: Iterable[ArticleLines], *, by_owner: bool = False) -> CountedLines:
    """Each line with the stories that showed it; how many stories there are; when the newest article was seen.

    With `by_owner`, all articles in one owner's space are one story.
    """
    found = list(articles)
    owned = [path_owner(article.url) if by_owner else None for article in found]
    told = distinct_stories(
        [owner or article.story_id for owner, article in zip(owned, found, strict=True)],
        [b"" if owner else article.signature for owner, article in zip(owned, found, strict=True)],
        [
            Headline("" if owner else headline_of(article.title, article.url))
            for owner, article in zip(owned, found, strict=True)
        ],
    )
    showed: dict[int, set[int]] = {}
    seen: dict[int, datetime] = {}
    words: dict[int, str] = {}
    for article, story in zip(found, told, strict=True):
        for line in article.lines:
            number = fingerprint(line)
            if number is not None:
                showed.setdefault(number, set()).add(story)
                seen[number] = max(seen.get(number, article.seen), article.seen)
                words[number] = min(words.get(number, line), line)
    newest = max((article.seen for article in found), default=None)
    counts = [LineCount(number, len(by), seen[number], words[number]) for number, by in showed.items()]
    return [count for count in counts if count.stories >= MIN_KEPT_STORIES], len(set(told)), newest


def _with_memory(counts: Sequence[LineCount], before: Iterable[BoilerplateLine]) -> list[LineCount]:
    """What was in force stays counted when its evidence, the removed lines, is no longer kept; it decays from then."""
    by_number = {count.fingerprint: count for count in counts}
    for line in before:
        if line.in_force:
            count = by_number.get(line.fingerprint, LineCount(line.fingerprint, 0, line.last_seen, line.line))
            stories, seen = max(count.stories, line.stories), max(count.last_seen, line.last_seen)
            by_number[line.fingerprint] = replace(count, stories=stories, last_seen=seen)
    return list(by_number.values())


def _published(
    counts: Sequence[LineCount],
    stories: int,
    newest: datetime | None,
    before: Mapping[int, BoilerplateLine],
    *,
    now: datetime,
) -> list[BoilerplateLine]:
    """A host's time is that of its newest article: what an archive of years ago repeats is not forgotten today."""
    chosen = learned_fingerprints(counts, stories=stories, now=newest or now)
    lines = []
    for count in counts:
        number, is_chosen = count.fingerprint, count.fingerprint in chosen
        known = before.get(number)
        since = known.since if known and known.in_force == is_chosen else now
        line = BoilerplateLine(number, count.line, count.stories, stories, count.last_seen, is_chosen, since)
        lines.append(line)
    return sorted(lines, key=_rank)[:MOST_KEPT]


def _rank(line: BoilerplateLine) -> tuple[bool, int, int]:
    return not line.in_force, -line.stories, line.fingerprint


def _apply(
    store: Store, index_client: IndexClient, host: str, in_force: Mapping[str, frozenset[int]], *, now: datetime
) -> int:
    """Takes the lines out of the texts that are stored; how many changed."""
    after = changed = 0
    while True:
        with store.read() as connection:
            batch = versions_of_host(connection, host, after=after, limit=BATCH)
            gone = removed_lines_of(connection, [kept.number for kept in batch])
        if not batch:
            return changed
        after = batch[-1].number
        new = [text for kept in batch if (text := _without(kept, in_force, gone.get(kept.number, ())))]
        changed += rewrite_versions(store, index_client, new, now=now) if new else 0


def _without(
    kept: VersionRow, in_force: Mapping[str, frozenset[int]], gone: Sequence[RemovedLine]
) -> ReplacementText | None:
    """None when none of the lines is in the text, or nothing else is."""
    lines = fingerprints_for_page(kept.url, in_force)
    shown_lines = kept.text.split("\n")
    left = [line for line in shown_lines if fingerprint(line) not in lines]
    if not left or len(left) == len(shown_lines):
        return None
    text = "\n".join(left)
    signature = sign(text)
    taken = [RemovedLine(line, BOILERPLATE_REASON) for line in shown_lines if fingerprint(line) in lines]
    return ReplacementText(
        number=kept.number,
        title=kept.title,
        text=text,
        facts=kept.facts,
        removed=(*gone, *taken),
        content_digest=content_digest(kept.title, text),
        text_digest=signature.digest,
        words=len(text.split()),
        signature=signature.to_bytes(),
        signature_params=PARAMETERS.encode(),
        extractor=kept.extractor,
    )
