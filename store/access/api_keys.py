"""API keys: who may ask, and for how much. Of a key only its digest is kept.

A key is random, with 192 bits: nobody guesses it, so a plain SHA-256 is as good at rest as a slow hash made for
passwords would be, and costs a request nothing. It is found by that digest. How long the search takes tells at most
something of the digest of what was sent, and from a digest there is no way back to a key.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, insert, or_, select, text, update

from onestory.errors import BadInput, NotFound
from onestory.store.queries import columns_of
from onestory.store.schema import api_keys, sessions

__all__ = [
    "KEY_SCOPES",
    "MAX_KEY_NAME",
    "CreatedKey",
    "KeyRecord",
    "KeyScope",
    "add_first_admin_key",
    "add_key",
    "find_key",
    "has_admin_key",
    "import_environment_key",
    "is_key_usable",
    "list_keys",
    "record_key_use",
    "revoke_key",
    "revoke_key_unless_last",
]

KeyScope = Literal["read", "edit", "admin"]
# Each includes those before it.
KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
KEY_PREFIX = "onestory"
SECRET_BYTES = 24
MAX_KEY_NAME = 100
MAX_KEYS = 1_000
KEY_USE_INTERVAL = timedelta(minutes=5)
ENVIRONMENT_KEY_NAME = "ONESTORY_ADMIN_KEY"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as it may be shown: `begins` is what people know it by, `is_given` that the environment gave it."""

    id: int
    name: str
    scope: KeyScope
    begins: str
    is_given: bool
    created: datetime
    last_used: datetime | None
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A key that was just made, with what is shown this once."""

    record: KeyRecord
    secret: str = field(repr=False)


KEY_COLUMNS = columns_of(api_keys, KeyRecord)


def secret_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def add_key(connection: Connection, name: str, scope: str, *, now: datetime) -> CreatedKey:
    """Raises BadInput for a scope that there is not, and a name that is none, or that a usable key has."""
    _be_alone(connection)
    if scope not in KEY_SCOPES:
        raise BadInput(f"{scope[:40]!r} is no scope of a key: choose from {', '.join(KEY_SCOPES)}")
    begins = f"{KEY_PREFIX}_{secrets.token_hex(4)}"
    secret = f"{begins}_{secrets.token_hex(SECRET_BYTES)}"
    return CreatedKey(_add(connection, _checked_name(connection, name), scope, secret, begins=begins, now=now), secret)


def _add(
    connection: Connection, name: str, scope: str, secret: str, *, begins: str, now: datetime, is_given: bool = False
) -> KeyRecord:
    values = {"name": name, "scope": scope, "digest": secret_digest(secret), "begins": begins, "is_given": is_given}
    return KeyRecord(*connection.execute(insert(api_keys).values(**values, created=now).returning(*KEY_COLUMNS)).one())


def _checked_name(connection: Connection, name: str) -> str:
    """One line. Two keys of one name could not be told apart where they sign."""
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > MAX_KEY_NAME or not wanted.isprintable():
        raise BadInput(f"a key has a name of 1 to {MAX_KEY_NAME} printable characters: say who or what uses it")
    usable = [one for one in list_keys(connection) if one.revoked is None]
    if any(one.name == wanted for one in usable):
        raise BadInput(f"there is a key named {wanted!r} already: revoke it first, or choose another name")
    if len(usable) >= MAX_KEYS:
        raise BadInput(f"there are {MAX_KEYS} keys already: revoke one that nobody needs")
    return wanted


def _be_alone(connection: Connection) -> None:
    """Until the end of the transaction nobody else adds or revokes a key; on SQLite a writer is alone in any case."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE"))


def add_first_admin_key(connection: Connection, name: str, *, now: datetime) -> CreatedKey | None:
    """None where there is an admin key; of several who do this at once one makes it."""
    _be_alone(connection)
    return None if has_admin_key(connection) else add_key(connection, name, "admin", now=now)


def import_environment_key(connection: Connection, secret: str, *, now: datetime) -> KeyRecord:
    """The admin key that the environment gives; it takes the place of one that it gave before.

    Raises BadInput where that key was revoked, or is another one's.
    """
    _be_alone(connection)
    known = _found(connection, api_keys.c.digest == secret_digest(secret))
    if known is not None:
        if known.revoked is not None or known.scope != "admin":
            what = "was revoked" if known.revoked is not None else f"may only {known.scope}"
            raise BadInput(f"ONESTORY_ADMIN_KEY is a key that {what}: give another one (`openssl rand -hex 24`)")
        return known
    before = select(api_keys.c.id).where(api_keys.c.is_given, api_keys.c.revoked.is_(None))
    for number in connection.scalars(before).all():
        _revoke(connection, number, now=now)
    return _add(connection, ENVIRONMENT_KEY_NAME, "admin", secret, begins="", now=now, is_given=True)


def find_key(connection: Connection, secret: str) -> KeyRecord | None:
    """The key, if it may still be used."""
    digest = secret_digest(secret)
    row = connection.execute(select(api_keys.c.digest, *KEY_COLUMNS).where(api_keys.c.digest == digest)).one_or_none()
    if row is None or not hmac.compare_digest(row[0], digest):
        return None
    found = KeyRecord(*row[1:])
    return found if found.revoked is None else None


def is_key_usable(connection: Connection, number: int) -> bool:
    found = _found(connection, api_keys.c.id == number)
    return found is not None and found.revoked is None


def list_keys(connection: Connection) -> list[KeyRecord]:
    """All of them, also those that were revoked."""
    return [KeyRecord(*row) for row in connection.execute(select(*KEY_COLUMNS).order_by(api_keys.c.id))]


def has_admin_key(connection: Connection) -> bool:
    """Whether anybody could sign in who may add further keys."""
    return bool(_usable_admins(connection))


def _usable_admins(connection: Connection) -> Sequence[int]:
    return connection.scalars(
        select(api_keys.c.id).where(api_keys.c.scope == "admin", api_keys.c.revoked.is_(None))
    ).all()


def revoke_key(connection: Connection, number: int, *, now: datetime) -> KeyRecord:
    """For good, with the sessions that began with it; again changes nothing. Raises NotFound."""
    _be_alone(connection)
    if _found(connection, api_keys.c.id == number) is None:
        raise NotFound(f"there is no key {number}")
    return _revoke(connection, number, now=now)


def revoke_key_unless_last(connection: Connection, number: int, *, now: datetime) -> KeyRecord:
    """The same, for who comes by the network: raises BadInput for the last admin key, as nobody could add another."""
    _be_alone(connection)
    if list(_usable_admins(connection)) == [number]:
        raise BadInput("this is the last admin key, without which nobody could add one: add another admin key first")
    return revoke_key(connection, number, now=now)


def _revoke(connection: Connection, number: int, *, now: datetime) -> KeyRecord:
    connection.execute(delete(sessions).where(sessions.c.key_id == number))
    is_ours = api_keys.c.id == number
    connection.execute(update(api_keys).where(is_ours, api_keys.c.revoked.is_(None)).values(revoked=now))
    return KeyRecord(*connection.execute(select(*KEY_COLUMNS).where(is_ours)).one())


def _found(connection: Connection, wanted: Any) -> KeyRecord | None:
    row = connection.execute(select(*KEY_COLUMNS).where(wanted)).one_or_none()
    return None if row is None else KeyRecord(*row)


def record_key_use(connection: Connection, number: int, *, now: datetime) -> None:
    """When it was last used, give or take NOTED_EVERY: a request must not cost a write."""
    is_old = or_(api_keys.c.last_used.is_(None), api_keys.c.last_used < now - KEY_USE_INTERVAL)
    connection.execute(update(api_keys).where(api_keys.c.id == number, is_old).values(last_used=now))
