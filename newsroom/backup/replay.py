"""Tombstones of another moment, put into force: what they name is taken down again, and stays out."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import Connection, select

from onestory.config import Config
from onestory.errors import BadInput, NotFound
from onestory.newsroom.backup.writing import archive_folders
from onestory.pipelines.runtime.engine import Engine, open_engine
from onestory.pipelines.takedown import take_down
from onestory.store.database import Store
from onestory.store.queries import existing_values, rows_in
from onestory.store.schema import articles, tombstones, versions
from onestory.store.tombstones import Tombstone, add_tombstones, article_digest, host_digest
from onestory.times import parse_iso_time
from onestory.urls import bare_host

__all__ = ["read_tombstones", "replay_tombstones"]

KINDS = ("article", "content", "host")


def read_tombstones(path: Path) -> list[Tombstone]:
    """The tombstones of a file, one JSON object a line. Raises BadInput with the line."""
    found = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror or error})") from error
    for number, line in enumerate(lines, start=1):
        try:
            told = orjson.loads(line)
            if told["kind"] not in KINDS or len(bytes.fromhex(told["digest"])) != 32:
                raise ValueError("no tombstone")
            found.append(Tombstone(told["digest"], told["kind"], str(told["reason"]), parse_iso_time(told["at"])))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{path}, line {number}: no tombstone as `onestory takedown --list` writes it") from error
    return found


def replay_tombstones(config: Config, buried: Iterable[Tombstone], *, now: datetime) -> int:
    """Put tombstones into force; return how many articles they removed. Safe to repeat."""
    records = {one.digest: one for one in buried}
    store = Store.open(config.database_url)
    try:
        with store.read() as connection:
            known = existing_values(connection, tombstones.c.digest, set(records))
            targets = _targets(connection, records)
        fresh = [one for digest, one in records.items() if digest not in known]
    finally:
        store.close()
    if not fresh and not targets:
        return 0
    with open_engine(config) as engine:
        # First, so that they keep their times, and nothing of it comes back meanwhile.
        with engine.store.write() as connection:
            for one in fresh:
                add_tombstones(connection, {one.digest: one.kind}, reason=one.reason, now=one.at)
        return _take_down(config, engine, targets, now=now)


def _take_down(config: Config, engine: Engine, targets: Mapping[str, str], *, now: datetime) -> int:
    removed = 0
    for what, reason in targets.items():
        # What an earlier target took with it is gone.
        with suppress(NotFound):
            done = take_down(
                engine.store, engine.index_client, what, reason=reason, archived=archive_folders(config), now=now
            )
            removed += done.articles
    return removed


def _targets(connection: Connection, records: Mapping[str, Tombstone]) -> dict[str, str]:
    """What is stored of what they name: hosts, then URLs of articles; each with the reason."""
    hosts: dict[str, str] = {}
    urls: dict[str, str] = {}
    for url, article, host in connection.execute(select(articles.c.url, articles.c.id, articles.c.host)):
        if (stone := records.get(host_digest(host))) is not None:
            hosts[bare_host(host)] = stone.reason
        elif (stone := records.get(article_digest(article))) is not None:
            urls[url] = stone.reason
    for url, reason in _with_contents(connection, records):
        urls.setdefault(url, reason)
    return {**hosts, **urls}


def _with_contents(connection: Connection, records: Mapping[str, Tombstone]) -> Collection[tuple[str, str]]:
    digests = {digest for digest, stone in records.items() if stone.kind == "content"}
    query = select(versions.c.content_digest, articles.c.url).join(articles, articles.c.id == versions.c.article_id)
    rows = rows_in(connection, query, versions.c.content_digest, digests)
    return [(url, records[digest].reason) for digest, url in rows]
