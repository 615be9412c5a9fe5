"""Outlets and their owners."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select, update

from onestory.errors import NotFound
from onestory.store.queries import chunks, columns_of, insert_new, lock_stories
from onestory.store.schema import articles, outlets, stories

__all__ = ["OutletRecord", "outlet_records", "outlets_of_owner", "own_outlets", "update_outlet"]


@dataclass(frozen=True, slots=True)
class OutletRecord:
    """An outlet. `owner` of None means its own; `ours` marks the operator's outlets. `host` is None if it has no
    source.
    """

    name: str
    host: str | None
    owner: str | None
    homepage: str | None
    country: str | None
    language: str | None
    ours: bool


def outlet_records(connection: Connection) -> list[OutletRecord]:
    """All outlets, by name."""
    columns = columns_of(outlets, OutletRecord)
    return [OutletRecord(*row) for row in connection.execute(select(*columns).order_by(outlets.c.name))]


def own_outlets(connection: Connection) -> list[str]:
    """The names of the operator's own outlets."""
    return list(connection.execute(select(outlets.c.name).where(outlets.c.ours).order_by(outlets.c.name)).scalars())


def outlets_of_owner(connection: Connection, owner: str) -> list[str]:
    """The names of an owner's outlets. An outlet without a known owner is its own owner."""
    query = select(outlets.c.name, outlets.c.owner).where(or_(outlets.c.owner == owner, outlets.c.name == owner))
    found = {row.name: row.owner for row in connection.execute(query)}
    alone = [] if owner in found else [owner]
    return sorted([*alone, *(name for name, whose in found.items() if whose in (owner, None))])


def update_outlet(connection: Connection, name: str, *, ours: bool | None = None, owner: str | None = None) -> None:
    """Change an outlet, and recount the owners of its stories. An empty owner clears it.

    Raises NotFound unless the outlet has a source or an article.
    """
    changed: dict[str, object] = {} if ours is None else {"ours": ours}
    if owner is not None:
        changed["owner"] = owner.strip() or None
    known = connection.execute(select(outlets.c.name).where(outlets.c.name == name)).first()
    if known is None:
        _add_outlet(connection, name)
    touched: list[str] = []
    if owner is not None:
        query = select(articles.c.story_id).where(articles.c.outlet == name).distinct()
        touched = sorted(connection.execute(query).scalars())
        lock_stories(connection, touched)
    if changed:
        connection.execute(update(outlets).where(outlets.c.name == name).values(**changed))
    _count_owners(connection, touched)


def _add_outlet(connection: Connection, name: str) -> None:
    """Add an outlet that is known by its articles only. It has no host, so it claims no other article."""
    if connection.execute(select(articles.c.id).where(articles.c.outlet == name).limit(1)).first() is None:
        raise NotFound(f"there is no outlet {name!r}, and no article of it: `onestory outlets list` lists them")
    insert_new(connection, outlets, [{"name": name, "ours": False}])


def _count_owners(connection: Connection, story_ids: Collection[str]) -> None:
    owner = func.coalesce(outlets.c.owner, articles.c.outlet)
    owners = (
        select(func.count(owner.distinct()))
        .select_from(articles.outerjoin(outlets, outlets.c.name == articles.c.outlet))
        .where(articles.c.story_id == stories.c.id)
        .scalar_subquery()
    )
    for part in chunks(story_ids):
        connection.execute(update(stories).where(stories.c.id.in_(part)).values(owners=owners))
