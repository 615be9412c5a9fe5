"""Puts the engine together from a configuration: store, index and intake, opened and closed as one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from dedupe.index import BandIndex
from pipelines.intake import Intake
from pipelines.patience import Patience
from pipelines.pulse import Pulse
from pipelines.registry import Registry
from pipelines.workers import Workers
from store.config import Config
from store.database import Store
from store.embedded import EmbeddedRedis
from store.errors import BadInput

__all__ = ["Engine", "open_engine", "open_intake", "redis_client"]

REDIS_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Engine:
    """What a command works with. `registry` is safe in one thread only: each thread opens an engine of its own."""

    store: Store
    registry: Registry


@contextmanager
def open_engine(config: Config) -> Iterator[Engine]:
    """Raises the tree of store.errors: BadInput, HomeUnusable, Unavailable."""
    with ExitStack() as stack:
        store = Store.open(config.database_url)
        stack.callback(store.close)
        redis, ensure = _redis(config, stack)
        stack.callback(redis.close)
        pulse = Pulse(redis)
        stack.callback(pulse.close)
        store.wake = pulse.beat
        yield Engine(store, Registry(store, BandIndex(redis), ensure_server=ensure))


def _redis(config: Config, stack: ExitStack) -> "tuple[Redis, Callable[[], object]]":
    if config.redis_url is not None:
        return redis_client(config.redis_url), lambda: None
    server = stack.enter_context(EmbeddedRedis(config.home))
    return redis_client(server.ensure()), server.ensure


def redis_client(url: str) -> Redis:
    """A client whose lost connections are seen: no retries. Raises BadInput."""
    try:
        return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=REDIS_SECONDS, max_connections=1)
    except (ValueError, RedisError) as error:
        raise BadInput(f"ONESTORY_REDIS_URL is not a Redis URL, as in redis://host:6379/0: {error}") from error


@contextmanager
def open_intake(config: Config, engine: Engine, *, patience: Patience | None = None) -> Iterator[Intake]:
    """The stages with their workers."""
    with (
        Workers(config.workers) as workers,
        Intake(engine.store, engine.registry, workers=workers, patience=patience or Patience()) as intake,
    ):
        yield intake
