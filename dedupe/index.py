"""The band index in Redis or Valkey: which articles share a band with this one.

All of it is derived from SQL and can be rebuilt from there. One Lua call registers an article and answers with
the earlier ones in its bands; see register.lua for the layout. Connection errors of redis-py propagate: every call
may be made again, since registering twice changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from redis import Redis
from redis.exceptions import NoScriptError, ResponseError

from onestory.dedupe.errors import EvictionPolicyUnsafe, IndexLost, ParametersDiffer, ServerTooOld
from onestory.dedupe.signature import PARAMETERS, Parameters, Signature, band_keys

__all__ = ["BandIndex", "EpochStats", "IndexState", "IndexStats", "Registered"]

# A call asks every epoch of the window, so few large ones cost less than many small ones: the window is the last
# one to two million articles.
EPOCH_ARTICLES = 1_000_000
EPOCHS = 2
ENTRIES_A_CALL = 8
CALLS_A_TRIP = 4
OLDEST_SERVER = (6, 2)
FIRST_SHARDS = 1024  # as in register.lua

Entry = tuple[int, Signature]
Row = Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class IndexState:
    """What the index says of itself; `generation` is None where there is none, `sequence` counts changes."""

    generation: str | None
    sequence: int
    count: int
    epoch: int
    parameters: str


@dataclass(frozen=True, slots=True)
class Registered:
    """An answer to `register`.

    ``earlier`` has the other ids in the article's bands, never its own, those that share most bands first.
    ``skipped`` is the number of its bands that are full: these show 24 ids, always the same ones of all that there are.
    """

    number: int
    earlier: tuple[int, ...]
    sequence: int
    new: bool
    skipped: int


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


class _Script:
    """A Lua file and its digest on the server."""

    def __init__(self, name: str) -> None:
        self.source = Path(__file__).with_name(name).read_text(encoding="utf-8")
        self.digest: str | None = None


class BandIndex:
    """The bands of all articles in the window, under one prefix. `redis` answers bytes."""

    def __init__(
        self,
        redis: "Redis",
        *,
        parameters: Parameters = PARAMETERS,
        prefix: str = "onestory",
        epoch_articles: int = EPOCH_ARTICLES,
        epochs: int = EPOCHS,
        epoch_seconds: int = 0,
    ) -> None:
        self.redis = redis
        self.parameters = parameters
        # One hash tag for all keys: a cluster keeps them on one node, where a script may reach them.
        self.prefix = prefix if "{" in prefix else f"{{{prefix}}}:"
        self.head = f"{self.prefix}head"
        self.window = {"articles": epoch_articles, "epochs": epochs, "age": epoch_seconds}
        self.generation: str | None = None
        self._register = _Script("register.lua")
        self._lookup = _Script("lookup.lua")
        self._remove = _Script("remove.lua")

    def open(self) -> IndexState:
        """Checks the server and adopts its generation.

        Raises ServerTooOld, EvictionPolicyUnsafe, ParametersDiffer. A server without an index is no error:
        its state has no generation.
        """
        self._check_server()
        state = self.state()
        wanted = self.parameters.encode()
        if state.parameters != wanted:
            raise ParametersDiffer(state.parameters, wanted)
        self.generation = state.generation
        return state

    def state(self) -> IndexState:
        """What the index says of itself now."""
        names = ["generation", "sequence", "count", "epoch", "parameters"]
        row = cast("list[bytes | None]", self.redis.hmget(self.head, names))
        generation, sequence, count, epoch, parameters = row
        return IndexState(
            generation.decode() if generation else None,
            int(sequence or 0),
            int(count or 0),
            int(epoch or 0),
            parameters.decode() if parameters else self.parameters.encode(),
        )

    def create(self, generation: str) -> None:
        """Drops everything under the prefix and starts an empty index of that generation."""
        self.redis.delete(self.head)
        for keys in _batches(self.redis.scan_iter(match=f"{self.prefix}*", count=1000), 500):
            self.redis.unlink(*keys)
        head: dict[str, Any] = {"generation": generation, "parameters": self.parameters.encode()}
        head |= {"epoch": 1, "oldest": 1, "gone": 1, "sequence": 0, "count": 0, **self.window}
        self.redis.hset(self.head, mapping=cast("Any", head))
        self.generation = generation

    def register(self, entries: Sequence[Entry]) -> list[Registered]:
        """Puts each id in its bands; answers in the order of the entries.

        Every entry sees those before it. Raises IndexLost when the index is not of the opened generation.
        """
        answers: list[Registered] = []
        for trip in _batches(entries, ENTRIES_A_CALL * CALLS_A_TRIP):
            arguments = [self._arguments(call) for call in _batches(trip, ENTRIES_A_CALL)]
            rows = [row for rows in self._run(self._register, arguments) for row in rows]
            answers += [_registered(number, row) for (number, _), row in zip(trip, rows, strict=True)]
        return answers

    def lookup(self, signature: Signature) -> tuple[int, ...]:
        """Ids that share a band with the signature, those that share most bands first."""
        keys = band_keys(signature, self.parameters)
        [[found]] = self._run(self._lookup, [[keys]])
        return _ranked(found)

    def remove(self, entries: Sequence[Entry]) -> int:
        """Takes ids out of their bands, whole window; the sequence after it."""
        sequence = self.state().sequence
        for call in _batches(entries, ENTRIES_A_CALL):
            [sequence] = self._run(self._remove, [self._arguments(call)])
        return sequence

    def has_expired(self) -> bool:
        """Whether an epoch has left the window: the archive then holds articles that the index does not."""
        return int(cast("bytes | None", self.redis.hget(self.head, "oldest")) or 1) > 1

    def stats(self, *, shards: int = 1000, hottest: int = 10) -> IndexStats:
        """What the index holds and costs; bytes are extrapolated from `shards` shards of each epoch."""
        return _index_stats(self.redis, self.prefix, self.head, shards=shards, hottest=hottest)

    def _arguments(self, entries: Sequence[Entry]) -> list[bytes]:
        # The priority comes from the words: whom a crowded band shows must not depend on numbers, which arrival gives.
        pairs = (
            (number.to_bytes(4, "little") + sign.digest[:4], band_keys(sign, self.parameters))
            for number, sign in entries
        )
        return [argument for pair in pairs for argument in pair]

    def _run(self, script: _Script, calls: Sequence[Sequence[bytes]]) -> list[Any]:
        """One round trip. The script is loaded again when the server has lost it; repeating is harmless."""
        if script.digest is None:
            script.digest = self.redis.script_load(script.source)
        try:
            return self._trip(script.digest, calls)
        except NoScriptError:
            self.redis.script_load(script.source)
            return self._trip(script.digest, calls)
        except ResponseError as error:
            # redis-py puts the pipeline's command before what the server said.
            _, lost, found = str(error).partition("INDEXLOST")
            if not lost:
                raise
            raise IndexLost(found.strip() or None, self.generation) from error

    def _trip(self, digest: str, calls: Sequence[Sequence[bytes]]) -> list[Any]:
        pipeline = self.redis.pipeline(transaction=False)
        for arguments in calls:
            pipeline.evalsha(digest, 1, self.head, self.prefix, self.generation or "", *arguments)
        return pipeline.execute()

    def _check_server(self) -> None:
        server = self.redis.info()
        found = str(server.get("valkey_version") or server["redis_version"])
        if tuple(int(part) for part in found.split(".")[:2]) < OLDEST_SERVER:
            raise ServerTooOld(found, ".".join(map(str, OLDEST_SERVER)))
        policy = str(server.get("maxmemory_policy", "noeviction"))
        if policy != "noeviction":
            raise EvictionPolicyUnsafe(policy)


def _batches(values: Iterable[Any], size: int) -> Iterable[list[Any]]:
    batch: list[Any] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _registered(number: int, row: Sequence[Any]) -> Registered:
    sequence, new, full, found = row
    earlier = tuple(other for other in _ranked(found) if other != number)
    return Registered(number, earlier, int(sequence), bool(new), int(full))


def _ranked(found: bytes) -> tuple[int, ...]:
    """Distinct ids of a run of 4-byte ids: those in most bands first, then the smallest."""
    ids, times = np.unique(np.frombuffer(found, dtype="<u4"), return_counts=True)
    return tuple(ids[np.lexsort((ids, -times))].tolist())


def _index_stats(redis: Redis, prefix: str, head: str, *, shards: int, hottest: int) -> IndexStats:
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
