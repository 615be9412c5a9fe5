"""The tasks of Spark that find candidates and components: Arrow batches in, Arrow batches out.

They work on whole arrays, by the functions of the local batch; nothing here imports pyspark.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from onestory.dedupe.signature import Signature
from onestory.pipelines.batch.bands import ENTRY, PLACE, SHOWN, entries_of, pairs_among
from onestory.pipelines.batch.components import connected

__all__ = ["BANDS", "PAIRS", "bands", "components", "pairs"]

# `key` as in `onestory.pipelines.batch.spark.tasks.VERSIONS`.
BANDS = pa.schema([("band", pa.int64()), ("priority", pa.int64()), ("key", pa.binary())])
PAIRS = pa.schema([("later", pa.binary()), ("earlier", pa.binary()), ("priority", pa.int64())])
ENTRIES = 50_000  # of bands, of which the pairs are made together
SHIFT = np.uint64(32)
Batches = Iterable[Any]


def bands(batches: Batches) -> Iterator[Any]:
    """The band keys of versions, each once, with what decides whom a crowded band shows."""
    for batch in batches:
        signatures = map(Signature.from_bytes, batch.column("signature").to_pylist())
        found = [entries_of(signature, row) for row, signature in enumerate(signatures)]
        entries = np.concatenate(found) if found else np.empty(0, dtype=ENTRY)
        columns = (entries["key"].astype(np.int64), entries["priority"].astype(np.int64))
        keys = batch.column("key").take(pa.array(entries["place"]))
        yield pa.RecordBatch.from_arrays([*map(pa.array, columns), keys], schema=BANDS)


def pairs(batches: Batches) -> Iterator[Any]:
    """The pairs that share a band. The bands come sorted by `band`, `priority` and `key`, each as a whole.

    A pair may be there several times. What a crowded band shows is carried on to its next entries.
    """
    shown = BANDS.empty_table()
    for entries in _tables(batches, BANDS):
        whole = pa.concat_tables([shown, entries]).combine_chunks()
        bands = whole.column("band").to_numpy()
        first = int(np.searchsorted(bands, bands[-1]))
        yield from _pairs_among(whole, bands).to_batches()
        shown = whole.slice(first, SHOWN)


def _tables(batches: Batches, schema: Any) -> Iterator[Any]:
    """The batches in tables of `ENTRIES` rows or a few more; none is empty."""
    waiting: list[Any] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= ENTRIES:
            yield pa.Table.from_batches(waiting).select(schema.names).cast(schema)
            waiting = []
    if sum(map(len, waiting)):
        yield pa.Table.from_batches(waiting).select(schema.names).cast(schema)


def _pairs_among(whole: Any, bands: Any) -> Any:
    keys = whole.column("key").chunk(0)
    # The order of the bytes is that of the keys: the zeros at the end of one do not count.
    wide = np.frombuffer(b"".join(keys.to_pylist()), dtype="S16")
    _, first, places = np.unique(wide, return_index=True, return_inverse=True)
    entries = np.empty(len(wide), dtype=ENTRY)
    entries["key"], entries["priority"], entries["place"] = bands, whole.column("priority").to_numpy(), places
    found = pairs_among(entries)
    later, earlier = first[(found >> SHIFT).astype(np.int64)], first[(found & PLACE).astype(np.int64)]
    ids = wide.astype("S12")
    apart = ids[later] != ids[earlier]
    later, earlier = pa.array(later[apart]), pa.array(earlier[apart])
    columns = [keys.take(later), keys.take(earlier), whole.column("priority").take(earlier).combine_chunks()]
    return pa.Table.from_arrays(columns, schema=PAIRS)


def components(batches: Batches) -> Iterator[Any]:
    """The smallest member of the component of each id that edges reach, itself excepted; these are all edges."""
    edges = [batch for batch in batches if batch.num_rows]
    if not edges:
        return
    whole = pa.Table.from_batches(edges).combine_chunks()
    ends = pa.concat_arrays([whole.column(name).chunk(0) for name in ("one", "other")])
    ids, places = np.unique(ends.to_numpy(zero_copy_only=False), return_inverse=True)
    labels = connected(len(ids), *np.split(places.astype(np.int64), 2))
    reached = np.flatnonzero(labels != np.arange(len(ids)))
    columns = [pa.array(ids[one].tolist(), type=ends.type) for one in (reached, labels[reached])]
    yield from pa.Table.from_arrays(columns, names=["id", "component"]).to_batches(max_chunksize=ENTRIES)
