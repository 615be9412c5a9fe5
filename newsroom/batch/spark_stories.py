"""The last stage of the batch on Spark: the stories of a group, as rows of the dump."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from onestory.dedupe.signature import PARAMETERS
from onestory.newsroom.batch.results import collected_once, group_rows, match_row
from onestory.newsroom.dump.arrow import table_of, with_times
from onestory.pipelines.batch.captures import EPOCH, reading_of_row
from onestory.pipelines.batch.comparison import evidence_of
from onestory.pipelines.batch.evaluation import Arrival, GroupMatch, evaluated, write_template
from onestory.pipelines.batch.spark.tasks import place_of

__all__ = ["BETWEEN", "RESULTS", "evaluate_group", "matches_between", "typed_rows"]

# A row of a table as JSON, with what orders it; of the table `current` the key of a version that is current.
RESULTS = pa.schema([("table", pa.string()), ("id", pa.binary()), ("row", pa.binary())])
BETWEEN = pa.schema([("id", pa.binary()), ("row", pa.binary())])


def evaluate_group(versions: Any, matches: Any, *, as_of: int) -> Any:
    """The results of one group, from the table of its captures and that of the matches among them."""
    rows = versions.to_pylist()
    places = place_of(row["key"] for row in rows)
    arrivals = [
        Arrival(places[row["key"]], row["id"].hex(), reading_of_row(row, params=PARAMETERS.encode())) for row in rows
    ]
    found = [
        GroupMatch(
            places[row["low"]], places[row["high"]], row["low_words"], row["high_words"], row["inert"], row["evidence"]
        )
        for row in matches.to_pylist()
        if row["low"] in places and row["high"] in places
    ]
    moment = EPOCH + timedelta(microseconds=as_of)
    with collected_once(), evaluated(arrivals, found, template=_template(), as_of=moment) as group:
        tables, current = group_rows(group)
    keys = {place: key for key, place in places.items()}
    results: list[dict[str, Any]] = [
        {"table": table, "id": _order(row), "row": orjson.dumps(row)} for table, made in tables.items() for row in made
    ]
    results += [{"table": "current", "id": keys[place], "row": None} for place in current]
    return pa.Table.from_pylist(results, schema=RESULTS)


def _order(row: dict[str, Any]) -> bytes:
    """What rows of a table are ordered by."""
    return str(row["id"] if "id" in row else f"{row['a']} {row['b']}").encode()


@cache
def _template() -> Path:
    """An empty store, made once a process, in the folder that Spark removes at the end: it kills its processes."""
    places = os.environ.get("SPARK_LOCAL_DIRS", "")
    folder = tempfile.mkdtemp(prefix="onestory-spark-", dir=places.partition(",")[0] or None)
    write_template(Path(folder) / "template.db")
    return Path(folder) / "template.db"


def matches_between(batches: Iterable[Any]) -> Iterator[Any]:
    """The matches of articles in two groups, as rows of JSON."""
    for batch in batches:
        rows = [_between(row) for row in batch.to_pylist()]
        told = [{"id": _order(row), "row": orjson.dumps(row)} for row in rows]
        yield pa.RecordBatch.from_pylist(told, schema=BETWEEN)


def _between(row: dict[str, Any]) -> dict[str, Any]:
    low, high = (bytes(row[side])[:12].hex() for side in ("low", "high"))
    return match_row(evidence_of(row["evidence"]), low, high)


def typed_rows(batches: Iterable[Any], *, fields: dict[str, Any]) -> Iterator[Any]:
    """Rows of JSON with the types of a dump's table."""
    for batch in batches:
        rows = [orjson.loads(row) for row in batch.column("row").to_pylist()]
        yield from with_times(table_of(rows, fields), fields).to_batches()
