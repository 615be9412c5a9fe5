"""What an editor decides about stories: kept, obeyed at once, and obeyed in every evaluation to come."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.pipelines.stories.attach import evaluate
from onestory.pipelines.stories.decision_effect import DecisionEffect, effect_of, stories_before
from onestory.store.database import Store
from onestory.store.editorial.decisions import load_decision, record_decision
from onestory.store.editorial.decisions import mark_decision_undone as store_undo
from onestory.store.stories.components import DecisionKind, stories_of_articles
from onestory.store.stories.records import copies_of_story
from onestory.store.stories.references import article_named, story_named

__all__ = [
    "APPLY",
    "PREVIEW",
    "DecisionMode",
    "DecisionNote",
    "DecisionResult",
    "EffectChanged",
    "merge_stories",
    "pin_original",
    "split_story",
    "undo_decision",
]


@dataclass(frozen=True, slots=True)
class DecisionNote:
    """Who decides, why, and when."""

    who: str
    why: str
    now: datetime


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The stories that the named articles are in now, and the whole effect. `number` is that of the decision, or None
    for a preview, which changes nothing.
    """

    number: int | None
    stories: tuple[str, ...]
    effect: DecisionEffect


@dataclass(frozen=True, slots=True)
class DecisionMode:
    """How a decision is made: as a preview, or only if its effect is still the one that was shown (its digest)."""

    is_preview: bool = False
    expected: str | None = None


class EffectChanged(BadInput):
    """The effect is no longer the one that was shown, since copies arrived or others decided meanwhile."""

    reason = "effect_changed"


class _Preview(Exception):  # noqa: N818 - a signal, not a fault
    """Undoes a decision whose effect is known."""


APPLY = DecisionMode()
PREVIEW = DecisionMode(is_preview=True)


def merge_stories(store: Store, names: Sequence[str], word: DecisionNote, mode: DecisionMode = APPLY) -> DecisionResult:
    """The stories of these (story ids, article ids or URLs) are one. Raises BadInput, NotFound."""
    with store.read() as connection:
        homes = {story_named(connection, name) for name in names}
        members = {copy.id for home in homes for copy in copies_of_story(connection, home)}
    if len(homes) < 2:
        raise BadInput("these are already one story: name another one")
    return _decided(store, "together", members, (), word, mode)


def split_story(store: Store, names: Sequence[str], word: DecisionNote, mode: DecisionMode = APPLY) -> DecisionResult:
    """These articles (ids or URLs) leave their story, as one story of their own; the others stay one story. Raises
    BadInput, NotFound.
    """
    with store.read() as connection:
        leaving = {article_named(connection, name) for name in names}
        homes = set(stories_of_articles(connection, leaving).values())
        members = {copy.id for home in homes for copy in copies_of_story(connection, home)}
    if len(homes) != 1:
        raise BadInput("these articles belong to different stories: split one story at a time")
    if leaving == members:
        raise BadInput("these are all the articles of their story: name the ones to split off")
    return _decided(store, "split", leaving, members - leaving, word, mode)


def pin_original(store: Store, name: str, word: DecisionNote, mode: DecisionMode = APPLY) -> DecisionResult:
    """This article (its id or URL) is the original of its story. Raises NotFound."""
    with store.read() as connection:
        pinned = article_named(connection, name)
    return _decided(store, "original", {pinned}, (), word, mode)


def undo_decision(store: Store, number: int, word: DecisionNote, mode: DecisionMode = APPLY) -> DecisionResult:
    """The decision holds no longer. Raises NotFound, BadInput."""
    with store.read() as connection:
        told = load_decision(connection, number)

    def change(connection: Connection) -> int:
        store_undo(connection, number, who=word.who, now=word.now)
        return number

    return _made(store, {*told.articles, *told.against}, change, word, mode)


def _decided(
    store: Store,
    kind: DecisionKind,
    articles: set[str],
    against: set[str] | tuple[()],
    word: DecisionNote,
    mode: DecisionMode,
) -> DecisionResult:
    def change(connection: Connection) -> int:
        return record_decision(connection, kind, articles, against=against, who=word.who, why=word.why, now=word.now)

    return _made(store, {*articles, *against}, change, word, mode)


def _made(
    store: Store, named: set[str], change: Callable[[Connection], int], word: DecisionNote, mode: DecisionMode
) -> DecisionResult:
    """Makes the change and evaluates what it touches; undoes both for a preview."""
    numbers: list[int] = []
    results: list[DecisionResult] = []

    def inspect(connection: Connection, moves: Mapping[str, tuple[str, str]]) -> None:
        homes = set(stories_of_articles(connection, named).values())
        with store.read() as snapshot:
            was = set(stories_of_articles(snapshot, named).values()) | {old for old, _ in moves.values()}
            before = stories_before(snapshot, was)
        effect = effect_of(connection, before, moves)
        number = None if mode.is_preview else numbers[-1]
        results.append(DecisionResult(number, tuple(sorted(homes)), effect))
        if mode.is_preview:
            raise _Preview
        if mode.expected is not None and mode.expected != effect.digest:
            raise EffectChanged("the story has changed since: look at the effect again")

    with suppress(_Preview):
        # The whole of the touched stories is evaluated: nothing else may hold a member that is bound by no match.
        evaluate(
            store, _around(store, named), change=lambda one: numbers.append(change(one)), inspect=inspect, now=word.now
        )
    return results[-1]


def _around(store: Store, articles: set[str]) -> set[str]:
    with store.read() as connection:
        homes = set(stories_of_articles(connection, articles).values())
        return articles | {copy.id for home in homes for copy in copies_of_story(connection, home)}
