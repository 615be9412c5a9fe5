"""What an editor decides about stories: kept, obeyed at once, and obeyed in every evaluation to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipelines.attach import evaluate
from store.database import Store
from store.decisions import decide, decision
from store.decisions import undo as undo_decision
from store.errors import BadInput, NotFound, TakenDown
from store.identity import article_id, normal_url
from store.records import copies, find_article_id, story_now
from store.stories import DecisionKind, stories_of_articles
from store.tombstones import article_digest, is_buried

__all__ = ["Decided", "Word", "article_named", "merge", "pin", "split", "story_named", "undo"]


@dataclass(frozen=True, slots=True)
class Word:
    """Who decides, why, and when."""

    who: str
    why: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """The number of the decision, and the stories that its articles stand in now."""

    number: int
    stories: tuple[str, ...]


def merge(store: Store, names: Sequence[str], word: Word) -> Decided:
    """The stories of these (story ids, article ids or URLs) are one. Raises BadInput, NotFound."""
    with store.read() as connection:
        homes = {story_named(connection, name) for name in names}
        members = {copy.id for home in homes for copy in copies(connection, home)}
    if len(homes) < 2:
        raise BadInput("these are one story already: name another one")
    return _decided(store, "together", members, (), word)


def split(store: Store, names: Sequence[str], word: Word) -> Decided:
    """These articles (ids or URLs) leave their story, as one story of their own. Raises BadInput, NotFound."""
    with store.read() as connection:
        leaving = {article_named(connection, name) for name in names}
        homes = set(stories_of_articles(connection, leaving).values())
        members = {copy.id for home in homes for copy in copies(connection, home)}
    if len(homes) != 1:
        raise BadInput("these articles stand in different stories: split one story at a time")
    if leaving == members:
        raise BadInput("these are all the articles of their story: name those that are to leave it")
    return _decided(store, "split", leaving, members - leaving, word)


def pin(store: Store, name: str, word: Word) -> Decided:
    """This article (its id or URL) is the original of its story. Raises NotFound."""
    with store.read() as connection:
        pinned = article_named(connection, name)
    return _decided(store, "original", {pinned}, (), word)


def undo(store: Store, number: int, word: Word) -> Decided:
    """The decision holds no longer. Raises NotFound, BadInput."""
    with store.read() as connection:
        told = decision(connection, number)
    named = {*told.articles, *told.against}
    touched = _around(store, named)
    evaluate(
        store,
        touched,
        change=lambda connection: undo_decision(connection, number, who=word.who, now=word.now),
        now=word.now,
    )
    return Decided(number, _homes(store, named))


def _decided(
    store: Store, kind: DecisionKind, articles: set[str], against: set[str] | tuple[()], word: Word
) -> Decided:
    numbers: list[int] = []

    def change(connection: Connection) -> None:
        numbers.append(decide(connection, kind, articles, against=against, who=word.who, why=word.why, now=word.now))

    # The whole of the touched stories is evaluated: nothing else may hold a member that is bound by no match.
    evaluate(store, _around(store, {*articles, *against}), change=change, now=word.now)
    return Decided(numbers[-1], _homes(store, {*articles, *against}))


def _around(store: Store, articles: set[str]) -> set[str]:
    with store.read() as connection:
        homes = set(stories_of_articles(connection, articles).values())
        return articles | {copy.id for home in homes for copy in copies(connection, home)}


def _homes(store: Store, articles: set[str]) -> tuple[str, ...]:
    with store.read() as connection:
        return tuple(sorted(set(stories_of_articles(connection, articles).values())))


def article_named(connection: Connection, name: str) -> str:
    """The id of an article that a person named by its id or URL. Raises NotFound, TakenDown, BadInput."""
    wanted = article_id(normal_url(name)) if "/" in name else name
    found = find_article_id(connection, normal_url(name)) if "/" in name else name
    if found is not None and stories_of_articles(connection, [found]):
        return found
    if is_buried(connection, [article_digest(wanted)]):
        raise TakenDown(f"{name[:200]} was taken down")
    raise NotFound(f"there is no article {name[:200]!r}: give its URL or its id")


def story_named(connection: Connection, name: str) -> str:
    """The id that the story has now, by a story id or by an article's URL. Raises NotFound, TakenDown, BadInput."""
    if "/" in name:
        return stories_of_articles(connection, [article_named(connection, name)]).popitem()[1]
    return story_now(connection, name).id
