"""The checks of `onestory doctor`. Each returns if all is well, and raises Fault, or an error of ours, otherwise."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis import Redis

from onestory.config import Config
from onestory.crawler.disk_space import check_disk
from onestory.dedupe.errors import EvictionPolicyUnsafe, ParametersDiffer, ServerTooOld
from onestory.dedupe.index import BandIndex, IndexState
from onestory.errors import BadInput
from onestory.newsroom.maintenance.fault import Fault
from onestory.pipelines.news_events.embedding import MODEL, open_model, wants_embeddings
from onestory.pipelines.stories.index_client import LOCK, LOCK_SECONDS
from onestory.store.database import Store
from onestory.store.frontier.hosts import LONGEST_LEASE, database_time
from onestory.store.integrity import attached_ahead_of, damage_of, future_time, leases_beyond, unreadable_tables
from onestory.store.migrate import HEAD, schema_revision
from onestory.store.news_events.embeddings import count_stories_to_embed
from onestory.store.settings import INDEX_GENERATION, read_setting
from onestory.store.sources.source_records import count_overdue_sources, source_records
from onestory.text import plural

__all__ = [
    "check_clocks",
    "check_database",
    "check_disks",
    "check_index",
    "check_locks",
    "check_permissions",
    "check_redis",
    "check_schema",
    "check_semantic",
    "check_sources",
]

CLOCK_MARGIN = timedelta(minutes=1)
MAX_OVERDUE_SECONDS = 3600
MAX_NAMED = 3
MANY_TO_EMBED = 10_000
MEMORY_SHARE = 0.9
REINDEX = "run `onestory reindex`"


def check_database(store: Store) -> None:
    """Whether the whole file can be read: its structure, and every value."""
    restore = "restore a backup, or save what can be read with `sqlite3 onestory.db .recover`"
    with store.without_transaction() as connection:
        if damage := damage_of(connection):
            raise Fault(f"SQLite finds damage ({_some(damage)})", restore)
    with store.read() as connection:
        if schema_revision(connection) == HEAD and (tables := unreadable_tables(connection)):
            raise Fault(f"values cannot be read in {_some(tables)}", restore)


def check_schema(store: Store) -> None:
    with store.read() as connection:
        found = schema_revision(connection)
    if found is None:
        raise Fault("the database is empty", "run `onestory migrate`, or restore a backup")
    if found > HEAD:
        raise Fault(f"schema {found} is newer than this version of onestory, which has {HEAD}", "upgrade onestory")
    if found < HEAD:
        raise Fault(f"schema {found} is older than {HEAD}", "stop all processes and run `onestory migrate`")


def check_permissions(config: Config) -> None:
    """Whether the owner, and nobody else, may read what holds texts, keys and secrets."""
    home = config.home
    if not home.exists():
        return
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise Fault(f"{home} cannot be read and written", "run as its owner, or choose another with --home")
    readable = [path for path in _files(config) if path.exists() and path.stat().st_mode & 0o077]
    if readable:
        named = " ".join(f"'{path}'" for path in readable[:MAX_NAMED])
        raise Fault(f"other users may reach {plural(len(readable), 'path', 'paths')}", f"chmod go= {named}")


def _files(config: Config) -> Sequence[Path]:
    inside = [path for path in config.home.iterdir() if path.is_file() or path.name == "redis"]
    return [config.home, *sorted(inside), *([config.warc_dir] if config.warc_dir else [])]


def check_disks(config: Config) -> None:
    for folder in (config.home, *([config.warc_dir] if config.warc_dir else [])):
        check_disk(folder)


def check_redis(redis: Redis) -> None:
    """Whether the server is one that may hold the index, with room left."""
    _index_state(redis)
    info = redis.info()
    limit, used = int(info.get("maxmemory", 0)), int(info.get("used_memory", 0))
    if limit and used > limit * MEMORY_SHARE:
        raise Fault(f"{used / limit:.0%} of the memory of Redis is used", "raise its maxmemory")
    if int(info.get("loading", 0)) or info.get("aof_last_write_status", "ok") != "ok":
        raise Fault("Redis cannot write its append-only file", "free some space on its disk, and see its log")


def check_index(redis: Redis, store: Store) -> None:
    """Whether the index is the one that the store knows, and has all that the store counts as registered."""
    state = _index_state(redis)
    with store.read() as connection:
        known = read_setting(connection, INDEX_GENERATION)
        lost = attached_ahead_of(connection, state.sequence)
    if state.generation != known:
        raise Fault("the index is missing, or belongs to another store", f"{REINDEX}, or start a server or crawler")
    if known is not None and lost:
        raise Fault(f"the index lost {plural(lost, 'article', 'articles')}", "start a server or crawler, or " + REINDEX)


def _index_state(redis: Redis) -> IndexState:
    try:
        return BandIndex(redis).open()
    except EvictionPolicyUnsafe as error:
        raise Fault(
            f"Redis has maxmemory-policy {error.policy} and may drop the index", "set it to noeviction"
        ) from error
    except ServerTooOld as error:
        raise Fault(str(error), "install a newer one") from error
    except ParametersDiffer as error:
        raise Fault("the index was made by another version of onestory", REINDEX) from error


def check_semantic(config: Config, store: Store) -> None:
    """Whether the model of the extra loads, if it is installed or asked for, and is not far behind."""
    try:
        if not wants_embeddings(config.semantic):
            return
        open_model()
    except BadInput as error:
        raise Fault(str(error), "install the extra again, or set ONESTORY_SEMANTIC=off") from error
    with store.read() as connection:
        waiting = count_stories_to_embed(connection, model=MODEL)
    if waiting > MANY_TO_EMBED:
        raise Fault(
            f"{plural(waiting, 'story waits', 'stories wait')} for a sentence embedding",
            "leave a server running, or run `onestory news-events embed`: it takes a tenth of a second a story",
        )


def check_clocks(redis: Redis, store: Store, now: datetime) -> None:
    """Whether the clocks agree, and nothing was recorded in the future."""
    seconds, micros = redis.time()
    with store.read() as connection:
        clocks = {
            "the database": database_time(connection),
            "Redis": datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros),
        }
        ahead = future_time(connection, margin=CLOCK_MARGIN)
    for name, time in clocks.items():
        if abs(time - now) > CLOCK_MARGIN:
            raise Fault(
                f"the clock of {name} says {time:%Y-%m-%d %H:%M:%S}, this one {now:%Y-%m-%d %H:%M:%S} UTC",
                "synchronise both with a time server",
            )
    if ahead is not None:
        raise Fault(
            f"the store has entries of {ahead:%Y-%m-%d %H:%M} UTC, which is to come: the clock was ahead, or is late",
            "check it with `timedatectl`; if it is right now, restore a backup from before, or wait until then",
        )


def check_locks(redis: Redis, store: Store) -> None:
    """Locks of files end with their process. Leases end by the clock, so they must end soon."""
    with store.read() as connection:
        leased = leases_beyond(connection, longest=LONGEST_LEASE)
    if leased:
        raise Fault(
            f"{plural(len(leased), 'host is', 'hosts are')} leased for over an hour ({_some(leased)})",
            "correct the clock; crawlers ignore such leases",
        )
    left = redis.ttl(LOCK)
    if left == -1 or left > LOCK_SECONDS:
        raise Fault("a lock on rebuilding the index does not end", f"delete the key {LOCK} in Redis")


def check_sources(store: Store) -> None:
    with store.read() as connection:
        late = count_overdue_sources(connection, seconds=MAX_OVERDUE_SECONDS)
        unwell = [one for one in source_records(connection) if one.enabled and (one.alarmed or not one.is_well)]
    if unwell:
        named = _some([f"{one.outlet} {one.status}" for one in unwell])
        raise Fault(
            f"{plural(len(unwell), 'source is', 'sources are')} silent or failing ({named})",
            "see `onestory sources list` for the reasons",
        )
    if late:
        raise Fault(
            f"{plural(late, 'source is', 'sources are')} overdue by more than an hour",
            "start `onestory crawl` or `run`",
        )


def _some(names: Sequence[str]) -> str:
    more = f", and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
