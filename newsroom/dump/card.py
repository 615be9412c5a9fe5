"""The dataset card of a dump, which people and loaders read."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from onestory.newsroom.dump.schema import ARTICLE_FIELDS, NEWS_EVENT_FIELDS, STORY_FIELDS

__all__ = ["DumpFormat", "dataset_card", "dataset_features"]


class DumpFormat(StrEnum):
    """The formats of a dump's rows."""

    PARQUET = "parquet"
    JSONL = "jsonl"

    @property
    def ending(self) -> str:
        return "parquet" if self is DumpFormat.PARQUET else "jsonl.zst"

    @property
    def moment(self) -> str:
        """The type of times: JSON Lines has them as text, which loaders cast."""
        return "timestamp[us, tz=UTC]" if self is DumpFormat.PARQUET else "string"


# Files beside the rows: of a store's dump, and of a batch.
STORE_FILES = """\
- `news_events/` has one row per news event, with the ids of the stories that report it: `label` is the headline of
  `label_story`; `copies`, `outlets` and `owners` count the whole event, also where a dump has only some stories.
- `removed.jsonl` lists takedowns: remove these from data derived from an earlier dump. `digest` is, by `kind`, the
  SHA-256 of `article:` and an article's id, of `host:` and a host without www., or a `content_digest`.
- `gaps.jsonl` lists what may be missing: for each source the times in which it was not seen, from the last successful
  poll (`from`) to the next (`to`, null while the gap lasts), with the reason. Articles that appeared and disappeared
  within a gap are not included.
"""
BATCH_FILES = """\
- `matches/` has the evidence: one row for two articles that share words, the lower id as `a`. `kind` is copy,
  contains, develops, quotes or frame; only copies share a story. `a_is` says what a is beside b, `containment_a` how
  much of a stands in b; counts are words.
- `rejected/` has one row for each row of the input that could not be used: its file and line, and the reason.
"""


_NEWS_EVENTS_CONFIG = """\
- config_name: news_events
  data_files:
  - split: train
    path: news_events/*.{ending}
"""


def dataset_features(fields: Mapping[str, Any], *, indent: str, moment: str = "string") -> str:
    """The fields as the YAML of a dataset card's `dataset_info`; `moment` is the type of times."""
    return "".join(_feature(name, kind, indent, moment) for name, kind in fields.items())


def _feature(name: str, kind: Any, indent: str, moment: str) -> str:
    if isinstance(kind, dict):
        return (
            f"{indent}- name: {name}\n{indent}  struct:\n{dataset_features(kind, indent=indent + '  ', moment=moment)}"
        )
    if isinstance(kind, list) and isinstance(kind[0], dict):
        return (
            f"{indent}- name: {name}\n{indent}  list:\n{dataset_features(kind[0], indent=indent + '  ', moment=moment)}"
        )
    if isinstance(kind, list):
        return f"{indent}- name: {name}\n{indent}  list: {kind[0]}\n"
    return f"{indent}- name: {name}\n{indent}  dtype: {moment if kind == 'timestamp' else kind}\n"


def dataset_card(
    counts: Mapping[str, int],
    *,
    mining: Sequence[str] = (),
    file_format: DumpFormat = DumpFormat.JSONL,
    is_batch: bool = False,
) -> str:
    """The dataset card: Markdown with the YAML header that loaders read. `counts` are the rows of each table.

    `mining` are the requested verdicts. `is_batch`: it was made from files and not from a store.
    """
    features = {
        name: dataset_features(fields, indent="  ", moment=file_format.moment)
        for name, fields in {
            "stories": STORY_FIELDS,
            "articles": ARTICLE_FIELDS,
            "news_events": NEWS_EVENT_FIELDS,
        }.items()
    }
    more = "" if is_batch else _NEWS_EVENTS_CONFIG.format(ending=file_format.ending)
    more_features = "" if is_batch else f"- config_name: news_events\n  features:\n{features['news_events']}"
    files = BATCH_FILES if is_batch else STORE_FILES
    return f"""---
configs:
- config_name: stories
  default: true
  data_files:
  - split: train
    path: stories/*.{file_format.ending}
- config_name: articles
  data_files:
  - split: train
    path: articles/*.{file_format.ending}
{more}dataset_info:
- config_name: stories
  features:
{features["stories"]}- config_name: articles
  features:
{features["articles"]}{more_features}---

# A deduplicated news corpus

{counts["stories"]} stories, {counts["articles"]} articles, made with Onestory.

`stories/` has one row per story: the text of its original, and every copy with its outlet and times.
`articles/` has one row per article with its text; `story_id` is its story, and `relation` its role there: original,
verbatim, edited or excerpt.

- `runs_version` is set for a copy that runs an earlier version of its story's original word by word: 1 is the first.
- `first_seen`, `last_seen`, `added` are observed times, or the import's for rows without `fetched`;
  `published`, `created` are stated on the page.
- `url` is the fetched URL; `warc_file` and `warc_offset` locate the stored response, if it was archived.
- `withdrawn` is since when an article's page no longer shows it, with the reason; the text is that of the last version.
  Null: the page shows it, or was not revisited.
- `mining` is the verdict on text and data mining (allowed, denied, or unknown without any statement), `rights` the
  signals that it is based on, as found, `rights_observed` the time. This dump has: {", ".join(mining) or "all"}.
- `content_digest` is the SHA-256 of title, an empty line, and text.
- Every row has every field, null if unknown: see `articles.schema.json` and `stories.schema.json`.
{files}- `manifest.json` has the counts, and the size and SHA-256 of every other file.

The texts remain their publishers'. Users must establish what they may do with them.
"""
