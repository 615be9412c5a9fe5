"""Searches that editors keep: a name, and the filters of the front page as its query string."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from onestory.errors import BadInput, NotFound
from onestory.store.queries import columns_of
from onestory.store.schema import saved_searches

__all__ = ["MAX_SEARCH_NAME", "SavedSearch", "add_saved_search", "list_saved_searches", "remove_saved_search"]

MAX_SEARCH_NAME = 100
MAX_SAVED = 100


@dataclass(frozen=True, slots=True)
class SavedSearch:
    id: int
    name: str
    query: str
    created: datetime


COLUMNS = columns_of(saved_searches, SavedSearch)


def list_saved_searches(connection: Connection) -> list[SavedSearch]:
    """All, by name."""
    query = select(*COLUMNS).order_by(func.lower(saved_searches.c.name), saved_searches.c.id)
    return [SavedSearch(*row) for row in connection.execute(query)]


def add_saved_search(connection: Connection, name: str, query: str, *, now: datetime) -> SavedSearch:
    """Keep a search. Raises BadInput for a name that is empty, long or taken, and if there are too many."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_SEARCH_NAME:
        raise BadInput(f"a name has 1 to {MAX_SEARCH_NAME} characters")
    known = list_saved_searches(connection)
    if any(one.name.casefold() == name.casefold() for one in known):
        raise BadInput(f"{name!r} is the name of another saved search")
    if len(known) >= MAX_SAVED:
        raise BadInput(f"there are already {MAX_SAVED} saved searches: remove one first")
    added = insert(saved_searches).values(name=name, query=query, created=now)
    return SavedSearch(*connection.execute(added.returning(*COLUMNS)).one())


def remove_saved_search(connection: Connection, number: int) -> None:
    """Raises NotFound."""
    if connection.execute(delete(saved_searches).where(saved_searches.c.id == number)).rowcount == 0:
        raise NotFound(f"there is no saved search {number}")
