"""Addresses that people want polled. A crawler finds out what is there, adds the source, and records the result."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from onestory.errors import BadInput, NotFound
from onestory.store.queries import columns_of
from onestory.store.schema import source_requests

__all__ = [
    "SourceRequest",
    "add_source_request",
    "finish_source_request",
    "has_source_requests",
    "load_source_request",
    "recent_source_requests",
    "take_source_request",
]

MAX_WAITING = 100
# A crawler that took a request and died leaves it to the next one.
TAKEN_FOR = timedelta(minutes=5)
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """A requested source. Once `finished`, it has a `source_id`, or a `why` that says why it could not be added."""

    id: int
    url: str
    is_section: bool
    outlet: str | None
    language: str | None
    created: datetime
    finished: datetime | None
    source_id: int | None
    why: str | None

    @property
    def state(self) -> str:
        """One of waiting, added and refused."""
        if self.finished is None:
            return "waiting"
        return "refused" if self.why else "added"


COLUMNS = columns_of(source_requests, SourceRequest)


def add_source_request(
    connection: Connection, url: str, *, is_section: bool, outlet: str | None, language: str | None, now: datetime
) -> SourceRequest:
    """Add a request. The same one that still waits is returned. Raises BadInput if too many wait."""
    connection.execute(delete(source_requests).where(source_requests.c.finished < now - KEPT_FOR))
    waiting = source_requests.c.finished.is_(None)
    known = select(*COLUMNS).where(waiting, source_requests.c.url == url, source_requests.c.is_section == is_section)
    if (row := connection.execute(known.limit(1)).first()) is not None:
        return SourceRequest(*row)
    count = connection.execute(select(func.count()).select_from(source_requests).where(waiting)).scalar_one()
    if count >= MAX_WAITING:
        raise BadInput(f"{MAX_WAITING} requested sources are already queued: check that a crawler is running")
    values = {"url": url, "is_section": is_section, "outlet": outlet, "language": language, "created": now}
    return SourceRequest(*connection.execute(insert(source_requests).values(values).returning(*COLUMNS)).one())


def load_source_request(connection: Connection, number: int) -> SourceRequest:
    """Raises NotFound."""
    row = connection.execute(select(*COLUMNS).where(source_requests.c.id == number)).first()
    if row is None:
        raise NotFound(f"there is no requested source {number}")
    return SourceRequest(*row)


def recent_source_requests(connection: Connection, *, since: datetime, limit: int) -> list[SourceRequest]:
    """Requests that wait or were finished after `since`, newest first."""
    is_recent = or_(source_requests.c.finished.is_(None), source_requests.c.finished >= since)
    query = select(*COLUMNS).where(is_recent).order_by(source_requests.c.id.desc()).limit(limit)
    return [SourceRequest(*row) for row in connection.execute(query)]


def has_source_requests(connection: Connection) -> bool:
    """Whether a request waits."""
    waiting = select(source_requests.c.id).where(source_requests.c.finished.is_(None)).limit(1)
    return connection.execute(waiting).first() is not None


def take_source_request(connection: Connection, *, now: datetime) -> SourceRequest | None:
    """The oldest request that waits, taken so that no other crawler works on it; None if there is none."""
    is_free = or_(source_requests.c.taken.is_(None), source_requests.c.taken < now - TAKEN_FOR)
    waiting = select(source_requests.c.id).where(source_requests.c.finished.is_(None), is_free)
    oldest = connection.execute(waiting.order_by(source_requests.c.id).limit(1)).scalar_one_or_none()
    if oldest is None:
        return None
    taken = update(source_requests).where(source_requests.c.id == oldest, is_free).values(taken=now)
    row = connection.execute(taken.returning(*COLUMNS)).first()
    return None if row is None else SourceRequest(*row)


def finish_source_request(
    connection: Connection, number: int, *, source_id: int | None, why: str | None, now: datetime
) -> None:
    """Record the result: the source that was added or known, or the reason."""
    done = update(source_requests).where(source_requests.c.id == number)
    connection.execute(done.values(finished=now, source_id=source_id, why=why))
