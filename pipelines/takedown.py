"""Take down an article, a story or a host: out of the store, the index and the archives; tombstones keep it out.

Every step may be repeated. Whatever is needed to finish is deleted last, so the same call completes a takedown that was
killed, even if the articles are gone and only their bytes are left.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from onestory.dedupe.signature import Signature
from onestory.errors import BadInput, NotFound, TakenDown
from onestory.pipelines.archive.redaction import redact_file, warc_files
from onestory.pipelines.stories.attach import evaluate
from onestory.pipelines.stories.candidates import compare
from onestory.pipelines.stories.index_client import IndexClient, signature_of
from onestory.store.articles.versions import VersionText, versions_of
from onestory.store.database import Store
from onestory.store.editorial.takedown import (
    TakedownTargets,
    articles_of_host,
    bury_targets,
    emit_takedown_events,
    erase_targets,
    other_copies,
    relocate_warc_records,
    takedown_targets,
    vacuum_database,
)
from onestory.store.stories.components import MatchRow
from onestory.store.stories.records import copies_by_id, copies_of_story
from onestory.store.stories.references import article_named, story_named
from onestory.store.tombstones import add_tombstones, article_digest, has_tombstone, host_digest
from onestory.urls import article_id_of_url, host_of, normalize_url

__all__ = ["TakedownResult", "take_down"]

ID = re.compile(r"[0-9a-f]{24}")
HOST = re.compile(r"(?=.{3,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
FEW = 32  # of so many all pairs are compared, of more each with the fullest and with what the index finds


@dataclass(frozen=True, slots=True)
class TakedownResult:
    """What was removed: articles, versions, WARC records; and the articles whose stories were evaluated again."""

    articles: int
    versions: int
    records: int
    left: int


@dataclass(frozen=True, slots=True)
class _Target:
    """What to take down. `host` or `url` are set even if nothing of it is stored, so that it stays out."""

    articles: frozenset[str]
    host: str | None = None
    url: str | None = None


def take_down(
    store: Store, index_client: IndexClient, what: str, *, reason: str, archived: Sequence[Path], now: datetime
) -> TakedownResult:
    """Take down a URL, a story or article by its id, or a host. `archived` are folders with WARC files.

    Safe to repeat. Raises NotFound, BadInput, Unavailable.
    """
    with store.read() as connection:
        target = _target(connection, what)
        gone = takedown_targets(connection, target.articles, host=target.host)
        versions = versions_of(connection, gone.articles)
        left = [one for others in other_copies(connection, gone.articles).values() for one in others]
    with store.write() as connection:
        bury_targets(connection, gone, reason=reason, now=now)
        if target.url is not None:
            add_tombstones(
                connection, {article_digest(article_id_of_url(target.url)): "article"}, reason=reason, now=now
            )
    index_client.remove(versions)

    def change(connection: Connection) -> None:
        all_of_it = _all_of(connection, gone)
        emit_takedown_events(connection, all_of_it.articles, now=now)
        erase_targets(connection, all_of_it)

    again = _verified_again(store, index_client, gone)
    evaluate(store, {*gone.articles, *left}, matches=again, change=change, now=now)
    # Between the two somebody may have registered them once more.
    index_client.remove(versions)
    records = sum(_redact(store, path) for folder in archived for path in warc_files(folder))
    vacuum_database(store)
    return TakedownResult(len(gone.articles), len(versions), records, len(left))


def _target(connection: Connection, what: str) -> _Target:
    if "/" in what:
        url = normalize_url(what)
        return _Target(_unless_gone(connection, what), url=url)
    if ID.fullmatch(what):
        return _Target(_story_or_gone(connection, what))
    if not HOST.fullmatch(host := what.lower()):
        raise BadInput(f"{what[:200]!r} is neither a URL, nor the id of a story, nor a host")
    found = frozenset(articles_of_host(connection, host))
    if not found and not has_tombstone(connection, [host_digest(host)]):
        raise NotFound(f"no article of {host} is stored")
    return _Target(found, host=host)


def _unless_gone(connection: Connection, url: str) -> frozenset[str]:
    """The article; None if it was taken down and only the rest is to be done."""
    try:
        return frozenset([article_named(connection, url)])
    except TakenDown:
        return frozenset()


def _story_or_gone(connection: Connection, story_id: str) -> frozenset[str]:
    try:
        home = story_named(connection, story_id)
    except TakenDown:
        return frozenset()
    return frozenset(copy.id for copy in copies_of_story(connection, home))


def _all_of(connection: Connection, gone: TakedownTargets) -> TakedownTargets:
    """All articles of a host, including those that arrived since."""
    if gone.host is None:
        return gone
    return takedown_targets(connection, gone.articles | articles_of_host(connection, gone.host), host=gone.host)


def _verified_again(store: Store, index_client: IndexClient, gone: TakedownTargets) -> list[MatchRow]:
    """Compare what is left of each story: it may have been held together by what is removed."""
    rows: list[MatchRow] = []
    with store.read() as connection:
        for others in other_copies(connection, gone.articles).values():
            current = _current(connection, others)
            rows += compare(connection, _pairs(index_client, current))
    return rows


def _current(connection: Connection, article_ids: Collection[str]) -> list[VersionText]:
    """The versions of these articles, those of the fullest article first."""
    words = {copy.id: copy.words for copy in copies_by_id(connection, list(article_ids))}
    return sorted(versions_of(connection, article_ids), key=lambda one: (-words[one.article_id], one.number))


def _pairs(index_client: IndexClient, versions: Sequence[VersionText]) -> set[tuple[int, int]]:
    homes = {version.number: version.article_id for version in versions}
    if len(versions) <= FEW:
        pairs = {(a, b) for a in homes for b in homes if a < b}
    else:
        fullest = versions[0].number
        pairs = {(min(fullest, one), max(fullest, one)) for one in homes}
        pairs |= _looked_up(index_client, {version.number: signature_of(version) for version in versions})
    return {(a, b) for a, b in pairs if homes[a] != homes[b]}


def _looked_up(index_client: IndexClient, signatures: Mapping[int, Signature]) -> set[tuple[int, int]]:
    return {
        (min(number, other), max(number, other))
        for number, signature in signatures.items()
        for other in index_client.lookup(signature) or ()
        if other in signatures
    }


def _redact(store: Store, path: Path) -> int:
    with redact_file(path, lambda url: _is_barred(store, url)) as done:
        if done is None:
            return 0
        if done.new is not None:
            with store.write() as connection:
                relocate_warc_records(connection, done.old.name, done.new.name, done.offsets)
        return done.removed


def _is_barred(store: Store, url: str) -> bool:
    try:
        normal = normalize_url(url)
    except BadInput:
        return False
    with store.read() as connection:
        return has_tombstone(connection, [article_digest(article_id_of_url(normal)), host_digest(host_of(normal))])
