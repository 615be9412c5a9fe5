"""The whole effect of a decision: the stories it touches, before and after, and which copies move where."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from onestory.store.stories.records import CopyRecord, copies_of_story, stories_by_id

__all__ = ["DecisionEffect", "PlacedCopy", "StoryAfter", "StoryBefore", "effect_of", "stories_before"]


@dataclass(frozen=True, slots=True)
class StoryBefore:
    """A touched story as it was. `original` is the id of an article, `copies` counts."""

    id: str
    title: str | None
    original: str
    copies: int


@dataclass(frozen=True, slots=True)
class PlacedCopy:
    """A copy in its story after the decision, and the story that it was in before."""

    article_id: str
    outlet: str
    title: str | None
    story_before: str


@dataclass(frozen=True, slots=True)
class StoryAfter:
    """A touched story as the decision makes it, with all its copies."""

    id: str
    title: str | None
    original: str
    copies: tuple[PlacedCopy, ...]


@dataclass(frozen=True, slots=True)
class DecisionEffect:
    before: tuple[StoryBefore, ...]
    after: tuple[StoryAfter, ...]

    @property
    def changes_nothing(self) -> bool:
        """Whether every story keeps its copies and its original."""
        was = {story.id: (story.original, story.copies) for story in self.before}
        return was == {story.id: (story.original, len(story.copies)) for story in self.after} and all(
            copy.story_before == story.id for story in self.after for copy in story.copies
        )

    @property
    def digest(self) -> str:
        """Equal for equal effects."""
        told = [(story.id, story.original, [copy.article_id for copy in story.copies]) for story in self.after]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


def stories_before(connection: Connection, story_ids: Collection[str]) -> tuple[StoryBefore, ...]:
    found = stories_by_id(connection, sorted(story_ids))
    return tuple(
        StoryBefore(story.id, story.title, story.original, story.copies)
        for story in sorted(found.values(), key=lambda story: story.id)
    )


def effect_of(
    connection: Connection, before: tuple[StoryBefore, ...], moves: Mapping[str, tuple[str, str]]
) -> DecisionEffect:
    """The effect within the transaction that makes it. `moves` are the articles whose story changed: from, to."""
    ids = {story.id for story in before} | {to for _, to in moves.values()}
    after = [
        StoryAfter(
            story.id,
            story.title,
            story.original,
            tuple(_placed(copy, moves) for copy in copies_of_story(connection, story.id)),
        )
        for story in stories_by_id(connection, sorted(ids)).values()
    ]
    return DecisionEffect(before, tuple(sorted(after, key=_most_copies_first)))


def _placed(copy: CopyRecord, moves: Mapping[str, tuple[str, str]]) -> PlacedCopy:
    was, _ = moves.get(copy.id, (copy.story_id, copy.story_id))
    return PlacedCopy(copy.id, copy.outlet, copy.title, was)


def _most_copies_first(story: StoryAfter) -> tuple[Any, ...]:
    return (-len(story.copies), story.id)
