"""Outlets and their owners."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.articles.ownership import recount_outlets
from onestory.store.queries import chunks, columns_of, insert_new, lock_stories
from onestory.store.schema import articles, outlets, sources, stories, webhooks

__all__ = [
    "OutletRecord",
    "load_outlet",
    "merge_outlets",
    "outlet_records",
    "outlets_of_owner",
    "own_outlets",
    "update_outlet",
]


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
    """All outlets, by name, without names that were merged into others."""
    query = select(*columns_of(outlets, OutletRecord)).where(outlets.c.merged_into.is_(None))
    return [OutletRecord(*row) for row in connection.execute(query.order_by(outlets.c.name))]


def load_outlet(connection: Connection, name: str) -> OutletRecord:
    """An outlet with a source, or with an article only. A merged name leads to its outlet. Raises NotFound."""
    query = select(*columns_of(outlets, OutletRecord), outlets.c.merged_into).where(outlets.c.name == name)
    row = connection.execute(query).first()
    if row is not None:
        return load_outlet(connection, row.merged_into) if row.merged_into else OutletRecord(*row[:-1])
    _check_has_article(connection, name)
    return OutletRecord(name, None, None, None, None, None, ours=False)


def own_outlets(connection: Connection) -> list[str]:
    """The names of the operator's own outlets."""
    return list(connection.execute(select(outlets.c.name).where(outlets.c.ours).order_by(outlets.c.name)).scalars())


def outlets_of_owner(connection: Connection, owner: str) -> list[str]:
    """The names of an owner's outlets. An outlet without a known owner is its own owner."""
    query = select(outlets.c.name, outlets.c.owner).where(or_(outlets.c.owner == owner, outlets.c.name == owner))
    found = {row.name: row.owner for row in connection.execute(query)}
    alone = [] if owner in found else [owner]
    return sorted([*alone, *(name for name, whose in found.items() if whose in (owner, None))])


def update_outlet(
    connection: Connection, name: str, *, ours: bool | None = None, owner: str | None = None, country: str | None = None
) -> None:
    """Change an outlet, and recount the owners of its stories. An empty owner or country clears it.

    Raises NotFound unless the outlet has a source or an article, and BadInput for what is no country code.
    """
    changed: dict[str, object] = {} if ours is None else {"ours": ours}
    if owner is not None:
        changed["owner"] = owner.strip() or None
    if country is not None:
        changed["country"] = _country(country)
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
    _check_has_article(connection, name)
    insert_new(connection, outlets, [{"name": name, "ours": False}])


def _check_has_article(connection: Connection, name: str) -> None:
    if connection.execute(select(articles.c.id).where(articles.c.outlet == name).limit(1)).first() is None:
        raise NotFound(f"there is no outlet {name!r}, and no article of it: `onestory outlets list` lists them")


def _country(typed: str) -> str | None:
    code = typed.strip().upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise BadInput(f"{typed[:40]!r} is not a country code; it has two letters, such as DE")
    return code or None


def merge_outlets(connection: Connection, name: str, into: str, *, now: datetime) -> int:
    """Merge an outlet into another one, and return how many articles changed their outlet.

    Its articles, sources and webhooks become the other's, and its name stands for the other from now on, also for
    articles on its host. Raises NotFound or BadInput.
    """
    target = load_outlet(connection, into).name
    load_outlet(connection, name)
    if target == name:
        raise BadInput(f"{name!r} is already that outlet: choose another one")
    insert_new(connection, outlets, [{"name": one, "ours": False} for one in sorted({name, target})])
    query = select(articles.c.story_id).where(articles.c.outlet == name).distinct()
    touched = sorted(connection.execute(query).scalars())
    lock_stories(connection, touched)
    is_or_was = or_(outlets.c.name == name, outlets.c.merged_into == name)
    connection.execute(update(outlets).where(is_or_was).values(merged_into=target, ours=False))
    for table in (sources, webhooks):
        connection.execute(update(table).where(table.c.outlet == name).values(outlet=target))
    changed = connection.execute(update(articles).where(articles.c.outlet == name).values(outlet=target)).rowcount
    recount_outlets(connection, touched)
    for part in chunks(touched):
        connection.execute(update(stories).where(stories.c.id.in_(part)).values(updated=now))
    return changed


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
