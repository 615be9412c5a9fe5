"""Articles and stories by what people type: an id or a URL."""

from sqlalchemy import Connection

from onestory.errors import NotFound, TakenDown
from onestory.store.stories.components import stories_of_articles
from onestory.store.stories.records import find_article_id, resolve_story
from onestory.store.tombstones import article_digest, has_tombstone
from onestory.urls import article_id_of_url, normalize_url

__all__ = ["article_named", "story_named"]


def article_named(connection: Connection, name: str) -> str:
    """The id of the article with this id or URL. Raises NotFound, TakenDown or BadInput."""
    wanted = article_id_of_url(normalize_url(name)) if "/" in name else name
    found = find_article_id(connection, normalize_url(name)) if "/" in name else name
    if found is not None and stories_of_articles(connection, [found]):
        return found
    if has_tombstone(connection, [article_digest(wanted)]):
        raise TakenDown(f"{name[:200]} was taken down")
    raise NotFound(f"there is no article {name[:200]!r}: give its URL or id")


def story_named(connection: Connection, name: str) -> str:
    """The current id of a story, by story id or article URL. Raises NotFound, TakenDown or BadInput."""
    if "/" in name:
        return stories_of_articles(connection, [article_named(connection, name)]).popitem()[1]
    return resolve_story(connection, name).id
