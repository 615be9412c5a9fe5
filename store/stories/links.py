"""Links between stories that share words without being the same: developments, round-ups, quotations."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select

from onestory.store.queries import chunks
from onestory.store.schema import articles, matches, stories

__all__ = ["StoryLink", "story_links"]

KINDS = ("contains", "develops", "quotes")


@dataclass(frozen=True, slots=True)
class StoryLink:
    """Another story that shares words with this one: `kind` is "contains", "develops" or "quotes".

    Both stories have the link. `share` is the part of this article contained in the other, `share_of_other` the
    reverse, 0 to 1.
    """

    kind: str
    story_id: str
    title: str | None
    first_seen: datetime
    first_outlet: str
    copies: int
    article_id: str
    other_article_id: str
    share: float
    share_of_other: float


def story_links(connection: Connection, article_ids: Sequence[str]) -> list[StoryLink]:
    """The links of a story, given its articles: what they develop or quote, and what develops or quotes them, in
    their current versions.

    One link per story and kind, for the most similar pair; the closest first.
    """
    ours = set(article_ids)
    best: dict[tuple[str, str], StoryLink] = {}
    for row in _crossing(connection, ours):
        link = _link(row)
        key = (link.story_id, link.kind)
        if key not in best or _closeness(best[key]) < _closeness(link):
            best[key] = link
    return sorted(best.values(), key=lambda link: (_closeness(link), link.story_id), reverse=True)


def _crossing(connection: Connection, ours: Collection[str]) -> Iterator[Any]:
    a_side, b_side = (matches.c.a_article, matches.c.a), (matches.c.b_article, matches.c.b)
    own = articles.alias("own")
    for part in chunks(ours):
        for (here, here_number), (there, there_number) in ((a_side, b_side), (b_side, a_side)):
            query = (
                select(
                    here.label("here"),
                    there.label("there"),
                    matches.c.kind,
                    matches.c.evidence,
                    matches.c.a_article,
                    stories.c.id,
                    stories.c.title,
                    stories.c.first_seen,
                    stories.c.first_outlet,
                    stories.c.copies,
                )
                .join(own, and_(own.c.id == here, own.c.version == here_number))
                .join(articles, and_(articles.c.id == there, articles.c.version == there_number))
                .join(stories, stories.c.id == articles.c.story_id)
                .where(here.in_(part), matches.c.kind.in_(KINDS))
            )
            yield from (row for row in connection.execute(query) if row.there not in ours)


def _link(row: Any) -> StoryLink:
    ours, theirs = "containment_a", "containment_b"
    if row.a_article != row.here:
        ours, theirs = theirs, ours
    return StoryLink(
        kind=row.kind,
        story_id=row.id,
        title=row.title,
        first_seen=row.first_seen,
        first_outlet=row.first_outlet,
        copies=row.copies,
        article_id=row.here,
        other_article_id=row.there,
        share=row.evidence.get(ours) or 0.0,
        share_of_other=row.evidence.get(theirs) or 0.0,
    )


def _closeness(link: StoryLink) -> tuple[float, str, str]:
    return (max(link.share, link.share_of_other), link.article_id, link.other_article_id)
