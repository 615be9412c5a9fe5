"""`onestory doctor`: check store, folder, index, clocks, locks, network and sources, and say what to do."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import typer
from redis import Redis
from redis.exceptions import RedisError

from onestory.config import Config
from onestory.errors import OnestoryError
from onestory.newsroom.maintenance import checks, network_checks
from onestory.newsroom.maintenance.fault import Fault
from onestory.newsroom.terminal.console import HomeOption, JsonOption, load_config, print_json
from onestory.newsroom.terminal.output import print_line
from onestory.pipelines.runtime.engine import redis_client
from onestory.store.database import Store
from onestory.store.database_errors import CHECK_IT
from onestory.store.redis_server.embedded import EmbeddedRedis
from onestory.text import printable
from onestory.times import utc_now

__all__ = ["Finding", "doctor_command", "examine"]

NAME_WIDTH = 12
MEND_FIRST = "mend the faults above first"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check: `fault` and `remedy` are None where all is well."""

    check: str
    ok: bool
    fault: str | None = None
    remedy: str | None = None


def doctor_command(home: HomeOption = None, json: JsonOption = False) -> None:
    """Check the installation, and suggest a remedy for each problem. Changes nothing."""
    is_well = True
    for finding in examine(load_config(home)):
        is_well = is_well and finding.ok
        if json:
            print_json(finding)
        else:
            said = "OK" if finding.ok else f"{finding.fault}: {finding.remedy}"
            print_line(f"{finding.check:<{NAME_WIDTH}} {printable(said)}")
    raise typer.Exit(0 if is_well else 1)


def examine(config: Config, *, clock: Callable[[], datetime] = utc_now) -> Iterator[Finding]:
    """One finding for each check, in the order in which faults follow from each other."""
    # Opening a database restricts its files to their owner, so their modes are read first.
    permissions = _finding("permissions", lambda: checks.check_permissions(config))
    with ExitStack() as stack:
        patient = _Patient(config, stack)
        database = _finding("database", lambda: checks.check_database(patient.store()))
        yield database
        schema = _finding("schema", lambda: checks.check_schema(patient.store()))
        yield schema
        patient.is_readable = database.ok and schema.ok
        yield permissions
        yield _finding("disk", lambda: checks.check_disks(config))
        answer = _finding("redis", lambda: checks.check_redis(patient.redis()))
        yield answer
        patient.is_indexed = answer.ok
        yield _finding("index", lambda: checks.check_index(patient.sound_redis(), patient.sound_store()))
        yield _finding("clock", lambda: checks.check_clocks(patient.sound_redis(), patient.sound_store(), clock()))
        yield _finding("locks", lambda: checks.check_locks(patient.sound_redis(), patient.sound_store()))
        yield _finding("semantic", lambda: checks.check_semantic(config, patient.sound_store()))
        yield _finding("names", lambda: network_checks.check_names(config, patient.sound_store()))
        yield _finding("certificates", network_checks.check_certificates)
        yield _finding("contact", lambda: network_checks.check_contact(config))
        yield _finding("sources", lambda: checks.check_sources(patient.sound_store()))


class _Patient:
    """The store and the index, opened when the first check needs them. An error is raised again for every check."""

    def __init__(self, config: Config, stack: ExitStack) -> None:
        self._config = config
        self._stack = stack
        self._store: Store | None = None
        self._redis: Redis | None = None
        self.is_readable = True
        self.is_indexed = True

    def store(self) -> Store:
        if self._store is None:
            self._store = Store.open_as_is(self._config.database_url)
            self._stack.callback(self._store.close)
        return self._store

    def sound_store(self) -> Store:
        if not self.is_readable:
            raise Fault("not checked, because the store cannot be read", MEND_FIRST)
        return self.store()

    def sound_redis(self) -> Redis:
        if not self.is_indexed:
            raise Fault("not checked, because Redis cannot be used", MEND_FIRST)
        return self.redis()

    def redis(self) -> Redis:
        if self._redis is None:
            self._redis = redis_client(self._url())
            self._stack.callback(self._redis.close)
        return self._redis

    def _url(self) -> str:
        if self._config.redis_url is not None:
            return self._config.redis_url
        if not self._config.home.is_dir():
            raise Fault(f"there is no folder {self._config.home}", "name the data folder with --home or ONESTORY_HOME")
        return self._stack.enter_context(EmbeddedRedis(self._config.home)).ensure()


def _finding(name: str, check: Callable[[], None]) -> Finding:
    try:
        check()
    except Fault as fault:
        return Finding(name, False, fault.what, fault.remedy)
    except OnestoryError as error:
        # Our messages read "what is wrong: what to do".
        what, _, remedy = str(error).partition(": ")
        return Finding(name, False, what, remedy.removesuffix(CHECK_IT) or "see the log of the server")
    except RedisError as error:
        return Finding(name, False, f"Redis does not answer ({error})", "start it, or correct ONESTORY_REDIS_URL")
    return Finding(name, True)
