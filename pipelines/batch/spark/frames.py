"""The stages of the batch as DataFrames of Spark, around the same functions as the local batch.

Nothing that grows with the corpus is collected by the driver; it sees counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - as Spark's documentation calls it
from pyspark.sql.pandas.types import from_arrow_schema

from onestory.pipelines.batch.bands import SHOWN
from onestory.pipelines.batch.crowds import REPRESENTATIVES
from onestory.pipelines.batch.spark import candidates, tasks

__all__ = ["Frames", "connected_components", "grouped", "make_frames", "spark_schema"]

CAPTURES_A_GROUP = 2000
EDGES_A_TASK = 1_000_000  # some 100 MB
LONGEST_WAY = 60  # rounds of the stars; each about halves what is left


@dataclass(frozen=True, slots=True)
class Frames:
    """`captures` with keys, and whether they make versions; `rejected` rows; `matches` with the ids of both ends."""

    captures: DataFrame
    rejected: DataFrame
    matches: DataFrame


def spark_schema(schema: Any) -> Any:
    """The schema of Spark for one of Arrow."""
    return from_arrow_schema(schema)


def make_frames(
    spark: SparkSession, paths: Sequence[str], *, columns: dict[str, str], as_of: int, work: str, parts: int
) -> Frames:
    """All that is known before stories are: captures, and the matches of versions.

    Each step is written below `work` and read again, so that an executor that is lost costs one step of its part.
    `as_of` is in microseconds, `parts` the number of partitions of the costly steps.
    """
    files = spark.createDataFrame([(path,) for path in paths], "path string").repartition(len(paths), "path")
    found = files.mapInArrow(partial(tasks.found_captures, columns=columns), spark_schema(tasks.FOUND))
    read = found.repartition(parts).mapInArrow(partial(tasks.captures, as_of=as_of), spark_schema(tasks.CAPTURES))
    read = _kept(read, f"{work}/read")
    ordered = read.where("rejected IS NULL").drop("rejected").repartition(parts, "id")
    ordered = ordered.sortWithinPartitions("id", "observed", "content", "tie")
    captures = _kept(
        ordered.mapInArrow(partial(tasks.versions, as_of=as_of), spark_schema(tasks.VERSIONS)), f"{work}/captures"
    )
    matches = _kept(_matches(captures.where("counts"), work), f"{work}/matches")
    return Frames(captures, read.where("rejected IS NOT NULL").select("rejected"), matches)


def _kept(frame: DataFrame, path: str) -> DataFrame:
    """The frame, written and read again. Spark's pages and its event log call the step as the folder."""
    frame.sparkSession.sparkContext.setJobDescription(path.rpartition("/")[2].rstrip("-0123456789"))
    frame.write.mode("overwrite").parquet(path)
    return frame.sparkSession.read.parquet(path)


def _matches(versions: DataFrame, work: str) -> DataFrame:
    """The pairs that hold, each with the ids of its articles. Of crowds the representatives are compared first."""
    pairs = _kept(_divided(candidate_pairs(versions)), f"{work}/pairs")
    found = _kept(_verified(pairs.where("is_first"), versions), f"{work}/matches-first")
    crowded = pairs.where("NOT is_first")
    if not crowded.isEmpty():
        origins = versions.select("key", "url").mapInArrow(tasks.origins, spark_schema(tasks.ORIGINS))
        origins = _kept(origins, f"{work}/origins")
        left = _kept(_left_of_crowds(crowded, found, origins), f"{work}/pairs-of-crowds")
        found = found.union(_kept(_verified(left, versions), f"{work}/matches-of-crowds"))
    # A key begins with the id of its article.
    ids = (F.substring(side, 1, 12).alias(f"{side}_id") for side in ("low", "high"))
    return found.select(*(name for name in found.columns if name not in ("later", "earlier", "follows")), *ids)


def candidate_pairs(versions: DataFrame) -> DataFrame:
    """The pairs `later`, `earlier` of keys that share a band, with the priority of the earlier one.

    Of a crowded band each version with the 24 that it shows: so a band of n versions makes 24 n rows at most, however
    crowded it is, and is never in memory as a whole.
    """
    bands = versions.select("key", "signature").mapInArrow(candidates.bands, spark_schema(candidates.BANDS))
    ordered = bands.repartition("band").sortWithinPartitions("band", "priority", "key")
    return ordered.mapInArrow(candidates.pairs, spark_schema(candidates.PAIRS)).distinct()


def _divided(pairs: DataFrame) -> DataFrame:
    """The pairs, and whether they are verified first: see `onestory.pipelines.batch.crowds.divided`."""
    later = Window.partitionBy("later")
    ranked = pairs.withColumn("size", F.count("*").over(later))
    ranked = ranked.withColumn("rank", F.row_number().over(later.orderBy("priority", "earlier")))
    is_first = (F.col("rank") <= REPRESENTATIVES) | (F.col("size") <= SHOWN)
    return ranked.select("later", "earlier", is_first.alias("is_first"))


def _left_of_crowds(crowded: DataFrame, found: DataFrame, origins: DataFrame) -> DataFrame:
    """The pairs of crowds that are to be verified: those that follow no common representative, or stand at one host."""
    followed = found.where("follows").select("later", F.col("earlier").alias("representative"))
    theirs = followed.select(F.col("later").alias("earlier"), "representative")
    folded = crowded.join(followed, "later").join(theirs, ["earlier", "representative"])
    folded = folded.select("later", "earlier").distinct()
    for side in ("later", "earlier"):
        folded = folded.join(origins.select(F.col("key").alias(side), F.col("origin").alias(f"{side}_at")), side)
    apart = folded.where("later_at = '' OR later_at <> earlier_at").select("later", "earlier")
    return crowded.join(apart, ["later", "earlier"], "left_anti")


def _verified(pairs: DataFrame, versions: DataFrame) -> DataFrame:
    """The matches of pairs. The later version is joined last, so that its pairs are one task's: they are bounded."""
    texts = versions.select("key", "signature", "title", "url", "text")
    both = pairs.select("later", "earlier")
    for side in ("earlier", "later"):
        told = (F.col(name).alias(f"{side}_{name}") for name in texts.columns[1:])
        both = both.join(texts.select(F.col("key").alias(side), *told), side)
    return both.mapInArrow(tasks.matches, spark_schema(tasks.MATCHES))


def connected_components(edges: DataFrame, *, work: str, edges_a_task: int = EDGES_A_TASK) -> DataFrame:
    """The smallest member (`component`) of each `id` that an edge (`one`, `other`) reaches, itself excepted.

    Edges that fit a task are handed to one. Of more, alternating large-star and small-star (Kiveris, Lattanzi,
    Mirrokni, Rastogi and Vassilvitskii, "Connected components in MapReduce and beyond", 2014). Neighbours are never
    gathered in one row, so that a star of any size is a join and not a list.
    """
    current = _kept(_downwards(edges.select("one", "other")), f"{work}/edges-0")
    if current.count() <= edges_a_task:
        kind = current.schema["one"].dataType.simpleString()
        found = current.coalesce(1).mapInArrow(candidates.components, f"id {kind}, component {kind}")
        return _kept(found, f"{work}/components")
    before: tuple[Any, ...] | None = None
    for step in range(1, LONGEST_WAY):
        stars = _small_star(_large_star(current))
        current = _kept(stars, f"{work}/edges-{step}")
        now = tuple(current.agg(F.count("*"), F.sum(F.xxhash64("one", "other") % 1_000_003)).first() or ())
        if now == before:
            break
        before = now
    return current.select(F.col("one").alias("id"), F.col("other").alias("component"))


def _downwards(edges: DataFrame) -> DataFrame:
    """Each edge once, from the larger end (`one`) to the smaller."""
    ends = edges.select(F.greatest("one", "other").alias("one"), F.least("one", "other").alias("other"))
    return ends.where("one <> other").distinct()


def _large_star(edges: DataFrame) -> DataFrame:
    """Every larger neighbour of a member is tied to the smallest of its neighbours and itself."""
    both = edges.union(edges.select(F.col("other").alias("one"), F.col("one").alias("other")))
    least = both.groupBy("one").agg(F.min("other").alias("least"))
    least = least.select("one", F.least("one", "least").alias("least"))
    larger = both.join(least, "one").where("other > one")
    return _downwards(larger.select(F.col("other").alias("one"), F.col("least").alias("other")))


def _small_star(edges: DataFrame) -> DataFrame:
    """Every smaller neighbour of a member, and itself, is tied to the smallest of them."""
    least = edges.groupBy("one").agg(F.min("other").alias("least"))
    smaller = edges.join(least, "one").select(F.col("other").alias("one"), F.col("least").alias("other"))
    return _downwards(smaller.union(least.select("one", F.col("least").alias("other"))))


def grouped(frames: Frames, components: DataFrame) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Captures and the matches within a group, with the number of the group; and the matches between groups."""
    count = max(1, -(-frames.captures.count() // CAPTURES_A_GROUP))
    home = F.coalesce(F.col("component"), F.col("id"))
    numbered = frames.captures.join(components, "id", "left")
    numbered = numbered.withColumn("group", F.pmod(F.xxhash64(home), F.lit(count))).drop("component")
    groups = numbered.select("id", "group").distinct()
    ends = frames.matches
    for side in ("low", "high"):
        ends = ends.join(
            groups.select(F.col("id").alias(f"{side}_id"), F.col("group").alias(f"{side}_group")), f"{side}_id"
        )
    within = ends.where("low_group = high_group").withColumn("group", F.col("low_group"))
    names = ("low", "high", "low_words", "high_words", "inert", "evidence")
    return numbered, within.select(*names, "group"), ends.where("low_group <> high_group").select(*names)
