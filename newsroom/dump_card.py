"""The dataset card of a dump: what it is, how to load it, what its fields mean."""

from collections.abc import Mapping, Sequence

from newsroom.dump_schema import ARTICLE_FIELDS, STORY_FIELDS, features

__all__ = ["card"]


def card(counts: Mapping[str, int], *, mining: Sequence[str] = ()) -> str:
    """Markdown with the YAML head that dataset loaders read; `counts` are the rows of each table.

    `mining` are the verdicts that were asked for.
    """
    return f"""---
configs:
- config_name: stories
  default: true
  data_files:
  - split: train
    path: stories/*.jsonl.zst
- config_name: articles
  data_files:
  - split: train
    path: articles/*.jsonl.zst
dataset_info:
- config_name: stories
  features:
{features(STORY_FIELDS, indent="  ")}- config_name: articles
  features:
{features(ARTICLE_FIELDS, indent="  ")}---

# A deduplicated news corpus

{counts["stories"]} stories, {counts["articles"]} articles, made with Onestory.

`stories/` has one row a story: the text of its original, and every copy with its outlet and times.
`articles/` has one row an article with its text; `story_id` leads to its story, `relation` says what it is there:
original, verbatim, edited or excerpt.

- `first_seen`, `last_seen`, `added` are observed times; `published`, `created` are what the page claims.
- `url` is the URL that was fetched; `warc_file` and `warc_offset` lead to the bytes, where they were kept.
- `withdrawn` is since when an article's page has not shown it any more, with the reason; the text stays that of the
  last version. Null: its page shows it, or nobody has looked.
- `mining` is the verdict on text and data mining (allowed, denied, or unknown where nothing was said), `rights` the
  signals that it rests on as they were found, `rights_observed` when. This dump has: {", ".join(mining) or "all"}.
- `content_digest` is the SHA-256 of title, an empty line, and text.
- Every field stands in every row, null where nothing is known: `articles.schema.json`, `stories.schema.json`.
- `removed.jsonl` names what was taken down: drop it from what you made of an earlier dump. `digest` is, by `kind`, the
  SHA-256 of `article:` and an article's id, of `host:` and a host without www., or a `content_digest`.
- `gaps.jsonl` says what is missing: for each source the times, `from` the last poll that saw it `to` the next one, in
  which it was not seen, with the reason; `to` is null where that lasts. What ran and went within a gap is not here.
- `manifest.json` has the counts, and the size and SHA-256 of every other file.

The texts remain their publishers'. What may be done with them is for whoever uses them to establish.
"""
