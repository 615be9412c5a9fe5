"""The versions that a store holds, as captures of a batch."""

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, select

from onestory.dedupe.signature import PARAMETERS
from onestory.errors import BadInput
from onestory.pipelines.batch.captures import capture_table
from onestory.pipelines.batch.extraction import CAPTURES
from onestory.pipelines.batch.parts import Progress, Setting
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture
from onestory.store.articles.text_replacement import VersionRow, version_rows
from onestory.store.database import Store
from onestory.store.schema import articles, decision_articles, decisions, stories, versions
from onestory.store.stories.components import linked_articles, load_component

__all__ = ["decided_articles", "read_store", "sampled_articles", "stored_stories"]

ROWS_A_PART = 4096


def read_store(setting: Setting, store: Store, *, chosen: Collection[str] | None, progress: Progress) -> None:
    """Make parts of all versions of these articles, or of all articles. Raises BadInput for signatures of old."""
    with store.read() as connection:
        rows = connection.execute(select(versions.c.number, versions.c.article_id).order_by(versions.c.number))
        numbers = [row.number for row in rows if chosen is None or row.article_id in chosen]
        waiting = iter(numbers)
        part = done = 0
        while batch := list(islice(waiting, ROWS_A_PART)):
            found = version_rows(connection, batch)
            table = capture_table([_reading(row) for row in found], [row.article_id for row in found])
            setting.folder.write_arrow(f"{CAPTURES}/{part:05d}.arrow", table)
            part, done = part + 1, done + len(batch)
            progress("reading the store", done, len(numbers))


def _reading(row: VersionRow) -> ProcessedCapture:
    """The version as it left the workers."""
    if row.signature_params != PARAMETERS.encode():
        raise BadInput("the store has signatures of an older version: run `onestory reindex` first")
    told = row.facts
    published = told.get("published")
    extracted = ExtractedArticle(
        row.url,
        told.get("fetched_url", row.url),
        row.text,
        told.get("language", ""),
        row.words,
        title=row.title,
        credit=told.get("credit"),
        canonical_elsewhere=told.get("canonical_elsewhere"),
        published=datetime.fromisoformat(published) if published else None,
        published_source=told.get("published_source"),
    )
    capture = Capture(row.url, row.observed, "store", outlet=row.outlet)
    return ProcessedCapture(capture, extracted, row.signature, row.signature_params, b"", row.extractor)


def stored_stories(connection: Connection, chosen: Collection[str] | None) -> dict[str, str]:
    """The story id of these articles, or of all."""
    rows = connection.execute(select(articles.c.id, articles.c.story_id))
    return {row.id: row.story_id for row in rows if chosen is None or row.id in chosen}


def decided_articles(connection: Connection) -> set[str]:
    """The articles that a decision in force names; where they belong is an editor's word."""
    query = select(decision_articles.c.article_id).join(decisions, decisions.c.id == decision_articles.c.decision_id)
    return set(connection.execute(query.where(decisions.c.undone.is_(None))).scalars())


def sampled_articles(connection: Connection, sample: int) -> set[str]:
    """The articles of so many stories, and all that matches connect to them.

    Story ids are digests, so that the first ones are a random sample.
    """
    query = select(stories.c.id).where(stories.c.absorbed_into.is_(None)).order_by(stories.c.id).limit(sample)
    first = set(connection.execute(query).scalars())
    inside = {one for one, story in stored_stories(connection, None).items() if story in first}
    return set(_reached(connection, inside))


def _reached(connection: Connection, inside: Collection[str]) -> Iterator[str]:
    yield from (member.id for member in load_component(connection, inside).members)
    yield from linked_articles(connection, inside)
