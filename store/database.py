"""The database connection: SQLite or PostgreSQL, one transaction at a time."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from onestory.errors import BadInput, DatabaseUnavailable, DiskFull, HomeUnusable, OnestoryError
from onestory.store.events.event_log import flush_events
from onestory.store.migrate import migrate

__all__ = ["Store"]

BUSY_TIMEOUT_SECONDS = 30
SNAPSHOT_OPTIONS: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Store:
    """Transactions on the database. The functions of the other modules take their connections.

    On SQLite every write begins with BEGIN IMMEDIATE: a deferred transaction that upgrades to a writer fails if another
    one wrote in between. On PostgreSQL a read is one REPEATABLE READ snapshot, like a read on SQLite in WAL mode.

    `wake` is called after a transaction that wrote events.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        self.on_events: Callable[[], object] = lambda: None

    @classmethod
    def open(cls, url: str) -> "Store":
        """Connect, and upgrade the schema.

        Raises BadInput for an unusable URL, SchemaTooNew, HomeUnusable or DatabaseUnavailable.
        """
        store = cls(_engine(url))
        with translate_errors():
            migrate(store.engine)
        return store

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One write transaction, rolled back on any error."""
        with translate_errors(), self.engine.connect() as opened:
            connection = opened.execution_options(write=True, gathered_events=[], gathered_moves={})
            with connection.begin():
                yield connection
                has_events = flush_events(connection)
        if has_events:
            self.on_events()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot, read-only."""
        with translate_errors(), self.engine.connect() as opened:
            connection = opened.execution_options(**SNAPSHOT_OPTIONS) if self.dialect == "postgresql" else opened
            with connection.begin():
                yield connection

    @contextmanager
    def without_transaction(self) -> Iterator[Connection]:
        """A connection in autocommit mode, for statements that no transaction may contain."""
        options: dict[str, Any] = {"outside": True}
        if self.dialect == "postgresql":
            options["isolation_level"] = "AUTOCOMMIT"
        with translate_errors(), self.engine.connect() as opened:
            yield opened.execution_options(**options)

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed.database or "")
        if parsed.get_backend_name() != "postgresql":
            raise BadInput(f"ONESTORY_DATABASE_URL: {parsed.drivername!r} is neither sqlite nor postgresql")
        engine = create_engine(
            parsed,
            pool_pre_ping=True,
            pool_size=10,
            connect_args={"connect_timeout": 10},
            json_serializer=_json,
            json_deserializer=orjson.loads,
        )
        event.listen(engine, "connect", _configure_postgresql)
        return engine
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise BadInput(
            "ONESTORY_DATABASE_URL is not a database URL; it reads like postgresql://user@host/name"
        ) from error


def _sqlite(path: str) -> Engine:
    if not path:
        raise BadInput("ONESTORY_DATABASE_URL: a SQLite store needs a file, as in sqlite:////var/lib/onestory.db")
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise HomeUnusable(f"{Path(path).parent} cannot be created: {error.strerror}") from error
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        json_serializer=_json,
        json_deserializer=orjson.loads,
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver sends BEGIN too late, and as deferred. _begin_sqlite sends it instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "cache_size = -8192",  # KiB per connection; a crawler has several, and the system caches the file as well
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _configure_postgresql(connection: Any, _record: object) -> None:
    # The driver prepares frequent statements. A generic plan, for any time and any word, would scan whole tables.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("outside", False):
        return
    writes = options.get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate driver errors that report a state of the environment, not a bug."""
    try:
        yield
    except DBAPIError as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error


# PostgreSQL reports it with its own SQLSTATE, which psycopg does not pass on from a failed connection.
_MISSING_DATABASE = re.compile(r'database "([^"\n]{1,63})" does not exist')


def _known(error: DBAPIError) -> OnestoryError | None:  # noqa: PLR0911 - one line a state of the world
    said = str(error.orig).lower()
    if "disk is full" in said or "no space left" in said or "disk i/o error" in said:
        return DiskFull("the disk is full: free some space and run the command again; acknowledged work is kept")
    if "readonly database" in said or "unable to open database" in said:
        return HomeUnusable("the store cannot be written: check the owner and mode of the data folder")
    if "file is not a database" in said or "malformed" in said:
        return HomeUnusable("the store's file is not a SQLite database, or is damaged: restore it from a backup")
    if _is_conflict(error):
        return DatabaseUnavailable("the transaction conflicted with another one: repeat it")
    if missing := _MISSING_DATABASE.search(str(error.orig)):
        return HomeUnusable(f"the server has no database {missing[1]!r}: create it, as with `createdb {missing[1]}`")
    if error.connection_invalidated or _is_connection_fault(error):
        return DatabaseUnavailable("the database does not answer: check ONESTORY_DATABASE_URL and the server")
    if "database is locked" in said:
        return DatabaseUnavailable(f"another process locked the store for over {BUSY_TIMEOUT_SECONDS} s")
    return None


def _is_conflict(error: DBAPIError) -> bool:
    """Whether PostgreSQL reports class 40, a deadlock or serialization failure. The work can be repeated."""
    return str(getattr(error.orig, "sqlstate", None) or "").startswith("40")


def _is_connection_fault(error: DBAPIError) -> bool:
    """Whether no server answered: SQLSTATE class 08 (connection), 57P (shutdown) or 53 (resources), or none."""
    if not type(error.orig).__module__.startswith("psycopg") or type(error.orig).__name__ not in POSTGRES_FAULTS:
        return False
    state: Any = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in ("08", "53") or state[:3] == "57P"


POSTGRES_FAULTS = {
    "OperationalError",
    "AdminShutdown",
    "CrashShutdown",
    "CannotConnectNow",
    "ConnectionException",
    "ConnectionFailure",
    "ConnectionTimeout",
    "InterfaceError",
    "TooManyConnections",
    "DatabaseDropped",
}


def now_on(connection: Connection) -> str:
    """The database clock, as text. Leases are measured by it."""
    return str(connection.execute(text("SELECT CURRENT_TIMESTAMP")).scalar_one())
