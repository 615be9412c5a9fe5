"""The batch on Apache Spark: the same rows as the local batch, for those who outgrow one machine."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import zstandard
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's documentation calls it

from onestory.dedupe.signature import PARAMETERS
from onestory.errors import BadInput
from onestory.newsroom.batch.results import TABLES
from onestory.newsroom.batch.spark_stories import BETWEEN, RESULTS, evaluate_group, matches_between, typed_rows
from onestory.newsroom.dump.arrow import arrow_schema
from onestory.newsroom.dump.card import DumpFormat, dataset_card
from onestory.newsroom.dump.manifest import pretty_json, write_manifest
from onestory.newsroom.dump.schema import json_schema
from onestory.pipelines.batch.captures import micros
from onestory.pipelines.batch.inputs import find_inputs
from onestory.pipelines.batch.spark.frames import connected_components, grouped, make_frames, spark_schema
from onestory.pipelines.runtime.read_capture import EXTRACTOR

__all__ = ["open_spark", "run_on_spark"]


def open_spark(master: str | None) -> SparkSession:
    """A session on this master; without one, that of `spark-submit`."""
    builder = SparkSession.builder.appName("onestory dedupe")
    if master is not None:
        builder = builder.master(master)
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
        "spark.ui.enabled": "false",
    }
    if (master or "").startswith("local"):
        # Spark takes whatever is called python3 otherwise; and nobody else has to reach it.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def run_on_spark(
    spark: SparkSession, inputs: Sequence[str], out: Path, *, columns: dict[str, str], as_of: datetime
) -> dict[str, Any]:
    """Read the inputs, find the stories, and write them to `out`, which appears when it is complete.

    Inputs and output are paths that the driver and all executors reach. Returns the manifest. Raises BadInput.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise BadInput(f"{out} already exists and is not empty: choose a new folder, or remove it first")
    paths = [str(Path(file.path).absolute()) for file in find_inputs(inputs)]
    partial_out = out.with_name(f"{out.name}.partial").absolute()
    shutil.rmtree(partial_out, ignore_errors=True)
    work = f"{partial_out}/.work"
    moment = micros(as_of)
    parts = max(2, int(spark.sparkContext.defaultParallelism) * 2)
    frames = make_frames(spark, paths, columns=columns, as_of=moment, work=work, parts=parts)
    telling = frames.matches.where("NOT inert").select(F.col("low_id").alias("one"), F.col("high_id").alias("other"))
    numbered, within, between = grouped(frames, connected_components(telling, work=work))
    results = (
        numbered.groupBy("group")
        .cogroup(within.groupBy("group"))
        .applyInArrow(partial(evaluate_group, as_of=moment), spark_schema(RESULTS))
    )
    spark.sparkContext.setJobDescription("results")
    results.write.mode("overwrite").partitionBy("table").parquet(f"{work}/results")
    rows = spark.read.parquet(f"{work}/results")
    current = rows.where("table = 'current'").select(F.col("id").alias("key"))
    others = _between(between, current)
    counts = {}
    for table in TABLES:
        found = rows.where(F.col("table") == table).select("id", "row")
        whole = found.union(others) if table == "matches" else found
        counts[table] = _write_table(whole, table, partial_out)
    reasons = _write_rejected(frames.rejected, partial_out)
    told = _told(as_of, paths, frames.captures, counts, reasons)
    _write_texts(partial_out, counts)
    shutil.rmtree(work)
    manifest = write_manifest(partial_out, TABLES, told, file_format=DumpFormat.PARQUET, as_of=as_of)
    partial_out.rename(out)
    return manifest


def _between(between: DataFrame, current: DataFrame) -> DataFrame:
    """The matches between groups, of current versions."""
    for side in ("low", "high"):
        between = between.join(current.select(F.col("key").alias(side)), side, "left_semi")
    return between.mapInArrow(matches_between, spark_schema(BETWEEN))


def _write_table(rows: DataFrame, table: str, out: Path) -> int:
    """Write the rows in the order of their ids, under the names that a dump has; how many there are."""
    fields = dict(TABLES[table])
    # A sort by ranges reads its rows twice: so they get their types behind it.
    ordered = rows.orderBy("id")
    typed = ordered.mapInArrow(partial(typed_rows, fields=fields), spark_schema(arrow_schema(fields)))
    rows.sparkSession.sparkContext.setJobDescription(f"writing {table}")
    typed.write.mode("overwrite").parquet(f"{out}/{table}")
    written = sorted((out / table).glob("part-*.parquet"))
    for number, path in enumerate(written):
        path.rename(out / table / f"{table}-{number:05d}.parquet")
    for path in (out / table).iterdir():
        if path.suffix != ".parquet":
            path.unlink()
    return int(rows.sparkSession.read.parquet(f"{out}/{table}").count())


def _write_rejected(rejected: DataFrame, out: Path) -> dict[str, int]:
    """The rejected rows as JSON Lines, in the order of files and lines."""
    (out / "rejected").mkdir()
    reasons: dict[str, int] = {}
    with (
        (out / "rejected" / "rejected-00000.jsonl.zst").open("wb") as file,
        zstandard.ZstdCompressor(6).stream_writer(file) as lines,
    ):
        told = (
            F.get_json_object(F.col("rejected").cast("string"), "$.file"),
            F.get_json_object(F.col("rejected").cast("string"), "$.line").cast("long"),
        )
        # Row by row, and never as a whole.
        for row in rejected.orderBy(*told).toLocalIterator():
            reason = str(orjson.loads(bytes(row[0]))["reason"])
            reasons[reason] = reasons.get(reason, 0) + 1
            lines.write(bytes(row[0]) + b"\n")
    return dict(sorted(reasons.items()))


def _told(
    as_of: datetime, paths: Sequence[str], captures: DataFrame, counts: Mapping[str, int], reasons: Mapping[str, int]
) -> dict[str, Any]:
    whole, stored = captures.count(), captures.where("counts").count()
    return {
        "as_of": as_of.isoformat(),
        "extractor": EXTRACTOR,
        "signature": PARAMETERS.encode(),
        "inputs": {path: Path(path).stat().st_size for path in paths},
        "captures": whole,
        "repeated": whole - stored,
        "counts": {**counts, "rejected": sum(reasons.values())},
        "rejected": dict(reasons),
    }


def _write_texts(out: Path, counts: Mapping[str, int]) -> None:
    for table, fields in TABLES.items():
        (out / f"{table}.schema.json").write_bytes(pretty_json(json_schema(fields)))
    card = dataset_card(counts, file_format=DumpFormat.PARQUET, is_batch=True)
    (out / "README.md").write_text(card, encoding="utf-8")
