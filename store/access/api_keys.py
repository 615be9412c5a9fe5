"""API keys and their scopes. The store keeps only a digest of each key.

A key has 192 random bits and cannot be guessed, so a plain SHA-256 protects it at rest as well as a slow password hash
would, at no cost per request. Keys are looked up by digest. The duration of the lookup reveals at most something about
the digest, which does not lead back to a key.
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
from onestory.look_alikes import skeleton
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
    "usable_digests",
]

KeyScope = Literal["read", "edit", "admin"]
# Each scope includes those before it.
KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)
KEY_PREFIX = "onestory"
SECRET_BYTES = 24
MAX_KEY_NAME = 100
MAX_KEYS = 1_000
KEY_USE_INTERVAL = timedelta(minutes=5)
ENVIRONMENT_KEY_NAME = "ONESTORY_ADMIN_KEY"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key without its secret. `prefix` is its visible beginning; `from_environment`: given by ONESTORY_ADMIN_KEY."""

    id: int
    name: str
    scope: KeyScope
    prefix: str
    from_environment: bool
    created: datetime
    last_used: datetime | None
    revoked: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret, which is shown only once."""

    record: KeyRecord
    secret: str = field(repr=False)


KEY_COLUMNS = columns_of(api_keys, KeyRecord)


def secret_digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def add_key(connection: Connection, name: str, scope: str, *, now: datetime) -> CreatedKey:
    """Add a key. Raises BadInput for an unknown scope, an invalid name, or the name of another usable key."""
    _be_alone(connection)
    if scope not in KEY_SCOPES:
        raise BadInput(f"{scope[:40]!r} is not a key scope: choose from {', '.join(KEY_SCOPES)}")
    prefix = f"{KEY_PREFIX}_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_hex(SECRET_BYTES)}"
    return CreatedKey(_add(connection, _checked_name(connection, name), scope, secret, prefix=prefix, now=now), secret)


def _add(
    connection: Connection,
    name: str,
    scope: str,
    secret: str,
    *,
    prefix: str,
    now: datetime,
    from_environment: bool = False,
) -> KeyRecord:
    values = {"name": name, "scope": scope, "digest": secret_digest(secret), "prefix": prefix, "created": now}
    added = insert(api_keys).values(**values, from_environment=from_environment)
    return KeyRecord(*connection.execute(added.returning(*KEY_COLUMNS)).one())


def _checked_name(connection: Connection, name: str) -> str:
    """The name on one line. Names are unique to readers among usable keys, since they sign decisions."""
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > MAX_KEY_NAME or not wanted.isprintable():
        raise BadInput(
            f"a key needs a name of 1 to {MAX_KEY_NAME} printable characters: the person or program that uses it"
        )
    usable = [one for one in list_keys(connection) if one.revoked is None]
    if alike := next((one.name for one in usable if skeleton(one.name) == skeleton(wanted)), None):
        what = "named" if alike == wanted else "with a name that looks the same,"
        raise BadInput(f"there is already a key {what} {alike!r}: revoke it first, or choose another name")
    if len(usable) >= MAX_KEYS:
        raise BadInput(f"there are already {MAX_KEYS} keys: revoke one that is no longer needed")
    return wanted


def _be_alone(connection: Connection) -> None:
    """Keep others from adding or revoking keys until the transaction ends. SQLite has a single writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE"))


def add_first_admin_key(connection: Connection, name: str, *, now: datetime) -> CreatedKey | None:
    """Add an admin key, or return None if there is one. Of several concurrent calls, one adds the key."""
    _be_alone(connection)
    return None if has_admin_key(connection) else add_key(connection, name, "admin", now=now)


def import_environment_key(connection: Connection, secret: str, *, now: datetime) -> KeyRecord:
    """Import the admin key from the environment in place of the one imported before.

    Raises BadInput if the key was revoked or has another scope.
    """
    _be_alone(connection)
    known = _found(connection, api_keys.c.digest == secret_digest(secret))
    if known is not None:
        if known.revoked is not None or known.scope != "admin":
            what = "was revoked" if known.revoked is not None else f"has only the scope {known.scope}"
            raise BadInput(f"ONESTORY_ADMIN_KEY is a key that {what}: use another one (`openssl rand -hex 24`)")
        return known
    before = select(api_keys.c.id).where(api_keys.c.from_environment, api_keys.c.revoked.is_(None))
    for number in connection.scalars(before).all():
        _revoke(connection, number, now=now)
    return _add(connection, ENVIRONMENT_KEY_NAME, "admin", secret, prefix="", now=now, from_environment=True)


def find_key(connection: Connection, secret: str) -> KeyRecord | None:
    """The key, if it is still usable."""
    digest = secret_digest(secret)
    row = connection.execute(select(api_keys.c.digest, *KEY_COLUMNS).where(api_keys.c.digest == digest)).one_or_none()
    if row is None or not hmac.compare_digest(row[0], digest):
        return None
    found = KeyRecord(*row[1:])
    return found if found.revoked is None else None


def usable_digests(connection: Connection) -> frozenset[str]:
    """The digests of all usable keys."""
    return frozenset(connection.scalars(select(api_keys.c.digest).where(api_keys.c.revoked.is_(None))))


def is_key_usable(connection: Connection, number: int) -> bool:
    found = _found(connection, api_keys.c.id == number)
    return found is not None and found.revoked is None


def list_keys(connection: Connection) -> list[KeyRecord]:
    """All keys, including revoked ones."""
    return [KeyRecord(*row) for row in connection.execute(select(*KEY_COLUMNS).order_by(api_keys.c.id))]


def has_admin_key(connection: Connection) -> bool:
    """Whether a usable admin key exists."""
    return bool(_usable_admins(connection))


def _usable_admins(connection: Connection) -> Sequence[int]:
    return connection.scalars(
        select(api_keys.c.id).where(api_keys.c.scope == "admin", api_keys.c.revoked.is_(None))
    ).all()


def revoke_key(connection: Connection, number: int, *, now: datetime) -> KeyRecord:
    """Revoke a key and its sessions for good. Revoking it again changes nothing. Raises NotFound."""
    _be_alone(connection)
    if _found(connection, api_keys.c.id == number) is None:
        raise NotFound(f"there is no key {number}")
    return _revoke(connection, number, now=now)


def revoke_key_unless_last(connection: Connection, number: int, *, now: datetime) -> KeyRecord:
    """Revoke a key for a network client. Raises BadInput for the last admin key, since no client could add another."""
    _be_alone(connection)
    if list(_usable_admins(connection)) == [number]:
        raise BadInput("this is the last admin key, and only an admin key can add others: add another admin key first")
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
    """Record when the key was last used, to within KEY_USE_INTERVAL, so that most requests need no write."""
    is_old = or_(api_keys.c.last_used.is_(None), api_keys.c.last_used < now - KEY_USE_INTERVAL)
    connection.execute(update(api_keys).where(api_keys.c.id == number, is_old).values(last_used=now))
