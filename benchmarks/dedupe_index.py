"""Speed and size of the band index, against datasketch's own Redis storage at 32 x 4, in the same run.

    python -m benchmarks.dedupe_index --data ../shared/data [--peer 2000] [--articles 20000] [--large 0]

`--large N` goes on to N synthetic articles and compares the server's time an article with that at 10k.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from datasketch import MinHash, MinHashLSH
from redis import Redis

from benchmarks.dedupe_quality import peers_minhashes, rows_of
from onestory.dedupe.index import BandIndex, Entry
from onestory.dedupe.signature import Signature, sign_many
from tests.servers import redis_server

BATCH = 32


@contextmanager
def server() -> Iterator[Redis]:
    with redis_server() as url, Redis.from_url(url) as client:
        yield client


def synthetic(count: int, seed: int) -> list[Signature]:
    """Signatures of texts that share nothing, of the usual size: 23 hashes in the second sketch."""
    chance = np.random.default_rng(seed)
    minhashes = chance.integers(0, 2**32, (count, 128), dtype=np.uint32)
    sketches = np.sort(chance.integers(0, 2**32, (count, 23), dtype=np.uint32), axis=1)
    return [
        Signature(minhash, sketch, sketch, 700, chance.bytes(16))
        for minhash, sketch in zip(minhashes, sketches, strict=True)
    ]


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory(client: Redis) -> int:
    return int(client.info("memory")["used_memory"])


def server_microseconds(client: Redis) -> int:
    """The processor time of the thread that runs the commands: a busy machine does not change it much."""
    used = client.info("cpu")
    return int(1e6 * (used["used_cpu_user_main_thread"] + used["used_cpu_sys_main_thread"]))


def opened(client: Redis) -> BandIndex:
    index = BandIndex(client)
    index.open()
    index.create("benchmark")
    return index


def register(index: BandIndex, signatures: Sequence[Signature], first: int) -> tuple[float, float]:
    """Seconds, and the server's microseconds an article."""
    before = server_microseconds(index.redis)
    entries: list[Entry] = list(enumerate(signatures, first))
    seconds = timed(lambda: [index.register(entries[at : at + BATCH]) for at in range(0, len(entries), BATCH)])
    return seconds, (server_microseconds(index.redis) - before) / len(entries)


def peer(minhashes: Sequence[MinHash]) -> tuple[float, float]:
    """datasketch's Redis storage, query then insert: articles a second, bytes an article."""
    with server() as client:
        before = memory(client)
        path = client.connection_pool.connection_kwargs["path"]
        lsh = MinHashLSH(
            num_perm=128,
            params=(32, 4),
            storage_config={"type": "redis", "basename": b"peer", "redis": {"unix_socket_path": path}},
        )

        def work() -> None:
            for at, minhash in enumerate(minhashes):
                lsh.query(minhash)
                lsh.insert(str(at), minhash)

        seconds = timed(work)
        return len(minhashes) / seconds, (memory(client) - before) / len(minhashes)


def against_the_peer(folder: Path, articles: int, peers: int) -> None:
    rows = rows_of(folder / "syndication_dev.jsonl.gz")
    signatures = sign_many(row["text"] for row in rows)
    rate, weight = peer(list(peers_minhashes(rows[:peers])))
    with server() as client:
        before = memory(client)
        index = opened(client)
        seconds, _ = register(index, signatures, 0)
        ours = len(signatures) / seconds
        register(index, synthetic(articles - len(signatures), 1), len(signatures))
        bytes_each = (memory(client) - before) / articles
    print(f"{'':34}{'articles/s':>12}{'bytes/article':>15}")
    print(f"{'datasketch Redis storage, 32 x 4':34}{rate:12.0f}{weight:15.0f}   ({peers} articles)")
    print(f"{'onestory, pipelined by 32':34}{ours:12.0f}{bytes_each:15.0f}   ({articles} articles)")
    print(f"{'ratio':34}{ours / rate:12.1f}{weight / bytes_each:15.1f}")


def as_it_grows(large: int) -> None:
    with server() as client:
        index = opened(client)
        first = 0.0
        step = 10_000
        for done in range(0, large, step):
            signatures = synthetic(step, done)
            _, each = register(index, signatures, done)
            first = first or each
            if done + step in (step, large // 2 // step * step, large):
                lookups = sorted(timed(lambda one=one: index.lookup(one)) for one in signatures[:1000])
                print(
                    f"at {done + step:9} articles: server {each:6.1f} us an article ({each / first:.2f} x),"
                    f" lookup p99 {lookups[989] * 1e3:.2f} ms, {memory(client) / (done + step):.0f} bytes an article"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peer", type=int, default=2000)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=0)
    options = parser.parse_args()
    against_the_peer(options.data / "dedupe", options.articles, options.peer)
    if options.large:
        as_it_grows(options.large)


if __name__ == "__main__":
    main()
