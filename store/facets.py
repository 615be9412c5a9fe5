"""What there is to choose from when stories are filtered, and whether there is anything at all."""

from sqlalchemy import Connection, select

from store.schema import sources, stories

__all__ = ["has_sources", "has_stories", "languages"]


def languages(connection: Connection) -> list[str]:
    """The languages that stories have. Reads the whole table: keep the answer for a while."""
    query = select(stories.c.language).where(stories.c.absorbed_into.is_(None)).distinct()
    return sorted(code for code in connection.execute(query).scalars() if code)


def has_stories(connection: Connection) -> bool:
    return connection.execute(select(stories.c.id).limit(1)).first() is not None


def has_sources(connection: Connection) -> bool:
    return connection.execute(select(sources.c.id).limit(1)).first() is not None
