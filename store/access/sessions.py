"""Sessions of people signed in with a key. A session is a random token in a cookie; the store keeps its digest."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from onestory.store.access.api_keys import KEY_COLUMNS, KeyRecord, secret_digest
from onestory.store.schema import api_keys, sessions

__all__ = ["SESSION_LIFETIME", "active_digests", "begin_session", "end_session", "find_session"]

SESSION_LIFETIME = timedelta(days=7)
TOKEN_BYTES = 32
# Sessions per key. One more ends the oldest.
MAX_SESSIONS = 200


def begin_session(connection: Connection, key_id: int, *, now: datetime) -> str:
    """Begin a session and return its token, which stands for the key until the session ends."""
    connection.execute(delete(sessions).where(sessions.c.ends <= now))
    of_key = select(func.count()).select_from(sessions).where(sessions.c.key_id == key_id)
    if connection.execute(of_key).scalar_one() >= MAX_SESSIONS:
        first = select(func.min(sessions.c.began)).where(sessions.c.key_id == key_id).scalar_subquery()
        connection.execute(delete(sessions).where(sessions.c.key_id == key_id, sessions.c.began == first))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute(
        insert(sessions).values(digest=secret_digest(token), key_id=key_id, began=now, ends=now + SESSION_LIFETIME)
    )
    return token


def find_session(connection: Connection, token: str, *, now: datetime) -> tuple[KeyRecord, datetime] | None:
    """The key of a session, and the time it ends. None if the session has ended or the key was revoked."""
    found = (
        select(*KEY_COLUMNS, sessions.c.ends)
        .join(sessions, sessions.c.key_id == api_keys.c.id)
        .where(sessions.c.digest == secret_digest(token), sessions.c.ends > now, api_keys.c.revoked.is_(None))
    )
    row = connection.execute(found).one_or_none()
    return None if row is None else (KeyRecord(*row[:-1]), row[-1])


def active_digests(connection: Connection, *, now: datetime) -> frozenset[str]:
    """The digests of all sessions that have not ended."""
    return frozenset(connection.scalars(select(sessions.c.digest).where(sessions.c.ends > now)))


def end_session(connection: Connection, token: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.digest == secret_digest(token)))
