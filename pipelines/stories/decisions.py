"""What an editor decides about stories: kept, obeyed at once, and obeyed in every evaluation to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.pipelines.stories.attach import evaluate
from onestory.store.database import Store
from onestory.store.editorial.decisions import load_decision, record_decision
from onestory.store.editorial.decisions import mark_decision_undone as store_undo
from onestory.store.stories.components import DecisionKind, stories_of_articles
from onestory.store.stories.records import copies_of_story
from onestory.store.stories.references import article_named, story_named

__all__ = ["DecisionNote", "DecisionResult", "merge_stories", "pin_original", "split_story", "undo_decision"]


@dataclass(frozen=True, slots=True)
class DecisionNote:
    """Who decides, why, and when."""

    who: str
    why: str
    now: datetime


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The number of the decision, and the stories that its articles stand in now."""

    number: int
    stories: tuple[str, ...]


def merge_stories(store: Store, names: Sequence[str], word: DecisionNote) -> DecisionResult:
    """The stories of these (story ids, article ids or URLs) are one. Raises BadInput, NotFound."""
    with store.read() as connection:
        homes = {story_named(connection, name) for name in names}
        members = {copy.id for home in homes for copy in copies_of_story(connection, home)}
    if len(homes) < 2:
        raise BadInput("these are one story already: name another one")
    return _decided(store, "together", members, (), word)


def split_story(store: Store, names: Sequence[str], word: DecisionNote) -> DecisionResult:
    """These articles (ids or URLs) leave their story, as one story of their own. Raises BadInput, NotFound."""
    with store.read() as connection:
        leaving = {article_named(connection, name) for name in names}
        homes = set(stories_of_articles(connection, leaving).values())
        members = {copy.id for home in homes for copy in copies_of_story(connection, home)}
    if len(homes) != 1:
        raise BadInput("these articles stand in different stories: split one story at a time")
    if leaving == members:
        raise BadInput("these are all the articles of their story: name those that are to leave it")
    return _decided(store, "split", leaving, members - leaving, word)


def pin_original(store: Store, name: str, word: DecisionNote) -> DecisionResult:
    """This article (its id or URL) is the original of its story. Raises NotFound."""
    with store.read() as connection:
        pinned = article_named(connection, name)
    return _decided(store, "original", {pinned}, (), word)


def undo_decision(store: Store, number: int, word: DecisionNote) -> DecisionResult:
    """The decision holds no longer. Raises NotFound, BadInput."""
    with store.read() as connection:
        told = load_decision(connection, number)
    named = {*told.articles, *told.against}
    touched = _around(store, named)
    evaluate(
        store,
        touched,
        change=lambda connection: store_undo(connection, number, who=word.who, now=word.now),
        now=word.now,
    )
    return DecisionResult(number, _homes(store, named))


def _decided(
    store: Store, kind: DecisionKind, articles: set[str], against: set[str] | tuple[()], word: DecisionNote
) -> DecisionResult:
    numbers: list[int] = []

    def change(connection: Connection) -> None:
        numbers.append(
            record_decision(connection, kind, articles, against=against, who=word.who, why=word.why, now=word.now)
        )

    # The whole of the touched stories is evaluated: nothing else may hold a member that is bound by no match.
    evaluate(store, _around(store, {*articles, *against}), change=change, now=word.now)
    return DecisionResult(numbers[-1], _homes(store, {*articles, *against}))


def _around(store: Store, articles: set[str]) -> set[str]:
    with store.read() as connection:
        homes = set(stories_of_articles(connection, articles).values())
        return articles | {copy.id for home in homes for copy in copies_of_story(connection, home)}


def _homes(store: Store, articles: set[str]) -> tuple[str, ...]:
    with store.read() as connection:
        return tuple(sorted(set(stories_of_articles(connection, articles).values())))
