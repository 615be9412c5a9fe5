"""The database connection: SQLite or PostgreSQL, one transaction at a time."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from onestory.errors import BadInput, DiskFull, HomeUnusable, is_disk_full
from onestory.private_files import create_private_file, make_private_folder, restrict
from onestory.store.database_errors import BUSY_TIMEOUT_SECONDS, damaged, translate_errors
from onestory.store.events.event_log import flush_events
from onestory.store.migrate import migrate

__all__ = ["Store"]

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
        try:
            with translate_errors():
                migrate(store.engine)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open_as_is(cls, url: str) -> "Store":
        """Connect, and change nothing: the schema stays as it is. Raises HomeUnusable if there is no store yet."""
        if url.startswith("sqlite") and not Path(make_url(url).database or "").is_file():
            raise HomeUnusable("there is no store yet: `onestory run` and all other commands make one")
        return cls(_engine(url))

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
            if "?" in url:
                raise BadInput("ONESTORY_DATABASE_URL: write a ? in the path of a SQLite file as %3F, a % as %25")
            return _sqlite(parsed.database or "")
        if parsed.get_backend_name() != "postgresql":
            raise BadInput(f"ONESTORY_DATABASE_URL: {parsed.drivername!r} is neither sqlite nor postgresql")
        engine = create_engine(
            parsed,
            pool_pre_ping=True,
            pool_size=10,
            connect_args={"connect_timeout": 10},
            json_serializer=_json,
            json_deserializer=_load_json,
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
    _prepare_file(Path(path))
    engine = create_engine(
        URL.create("sqlite", database=path),
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        json_serializer=_json,
        json_deserializer=_load_json,
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_file(path: Path) -> None:
    # SQLite gives its log and its shared memory the mode of the database. Those of an older version are restricted.
    try:
        make_private_folder(path.parent)
        if _is_emptied(path):
            raise HomeUnusable(f"{path} is empty, and was not: restore it from a backup, or remove it to start over")
        create_private_file(path)
        for ending in ("-wal", "-shm"):
            restrict(path.with_name(path.name + ending))
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"the disk of {path.parent} is full: free some space and try again") from error
        raise HomeUnusable(
            f"{path} cannot be used ({error.strerror}): make it writable, or choose another folder with --home"
        ) from error


def _is_emptied(path: Path) -> bool:
    """Whether the file is empty beside the index of a former content. The store is made before its index."""
    return path.is_file() and not path.stat().st_size and (path.parent / "redis" / "appendonlydir").exists()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _load_json(value: str | bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise damaged() from error


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver sends BEGIN too late, and as deferred. _begin_sqlite sends it instead.
    connection.isolation_level = None
    try:
        _set_pragmas(connection)
    except UnicodeDecodeError as error:
        # The driver cannot even read SQLite's message, which quotes the damaged schema.
        raise sqlite3.DatabaseError("the schema is malformed") from error


def _set_pragmas(connection: sqlite3.Connection) -> None:
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


def now_on(connection: Connection) -> str:
    """The database clock, as text. Leases are measured by it."""
    return str(connection.execute(text("SELECT CURRENT_TIMESTAMP")).scalar_one())
