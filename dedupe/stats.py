"""How full the index is, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

__all__ = ["EpochStats", "IndexStats", "index_stats"]

FIRST_SHARDS = 1024  # as in register.lua
Row = Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class EpochStats:
    """One epoch: its number, articles, band entries, shards, and bytes of Redis memory."""

    number: int
    ids: int
    entries: int
    shards: int
    bytes: int


@dataclass(frozen=True, slots=True)
class IndexStats:
    """The index in figures.

    `ids` are the articles in the window; `hottest` has (band key in hex, ids it let go), the hottest first;
    `overflowed` bands are those that let ids go; `skipped` counts how often a new article met a full band.
    """

    ids: int
    bytes: int
    bytes_an_article: float
    hottest: tuple[tuple[str, int], ...]
    overflowed: int
    skipped: int
    epochs: tuple[EpochStats, ...]


def index_stats(redis: Redis, prefix: str, head: str, *, shards: int, hottest: int) -> IndexStats:
    """Counts what can be counted and weighs at most `shards` shards of each epoch, evenly spread."""
    row = cast("Row", redis.hmget(head, ["count", "oldest", "epoch", "skipped"]))
    count, oldest, epoch, skipped = (int(value or 0) for value in row)
    live = range(oldest, epoch + 1) if epoch else range(0)
    epochs = tuple(_epoch(redis, prefix, number, shards) for number in live)
    crowded = [pair for number in live for pair in _crowded(redis, f"{prefix}f{number}")]
    weight = sum(one.bytes for one in epochs)
    return IndexStats(
        ids=count,
        bytes=weight,
        bytes_an_article=round(weight / count, 1) if count else 0.0,
        hottest=tuple(sorted(crowded, key=lambda pair: (-pair[1], pair[0]))[:hottest]),
        overflowed=len(crowded),
        skipped=skipped,
        epochs=epochs,
    )


def _epoch(redis: Redis, prefix: str, number: int, most: int) -> EpochStats:
    row = cast("Row", redis.hmget(f"{prefix}e{number}", ["ids", "entries", "size", "split"]))
    ids, entries = int(row[0] or 0), int(row[1] or 0)
    shards = int(row[2] or FIRST_SHARDS) + int(row[3] or 0)
    chosen = range(0, shards, -(-shards // most))
    pipeline = redis.pipeline(transaction=False)
    for shard in chosen:
        pipeline.memory_usage(f"{prefix}{number}:{shard}", samples=0)
    weights = [int(weight or 0) for weight in pipeline.execute()]
    return EpochStats(number, ids, entries, shards, round(sum(weights) * shards / len(chosen)))


def _crowded(redis: Redis, key: str) -> list[tuple[str, int]]:
    return [(band.hex(), int(times)) for band, times in redis.hscan_iter(key, count=1000)]
