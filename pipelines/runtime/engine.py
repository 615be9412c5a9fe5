"""Store, index and intake, assembled from a configuration and opened and closed as one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from onestory.config import Config
from onestory.dedupe.index import BandIndex
from onestory.errors import BadInput
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.notifications import Notifier
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.runtime.workers import Workers
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from onestory.store.redis_server.embedded import EmbeddedRedis

__all__ = ["Engine", "open_engine", "open_intake", "redis_client"]

REDIS_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that a command works with. `index_client` is not thread-safe: each thread opens its own engine."""

    store: Store
    index_client: IndexClient


@contextmanager
def open_engine(config: Config) -> Iterator[Engine]:
    """Open store and index. Raises BadInput, HomeUnusable, Unavailable."""
    with ExitStack() as stack:
        store = Store.open(config.database_url)
        stack.callback(store.close)
        redis, ensure = _redis(config, stack)
        stack.callback(redis.close)
        pulse = Notifier(redis)
        stack.callback(pulse.close)
        store.on_events = pulse.notify
        yield Engine(store, IndexClient(store, BandIndex(redis), ensure_server=ensure))


def _redis(config: Config, stack: ExitStack) -> "tuple[Redis, Callable[[], object]]":
    if config.redis_url is not None:
        return redis_client(config.redis_url), lambda: None
    server = stack.enter_context(EmbeddedRedis(config.home))
    return redis_client(server.ensure()), server.ensure


def redis_client(url: str) -> Redis:
    """A Redis client without retries, so that a lost connection is noticed. Raises BadInput."""
    try:
        return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=REDIS_SECONDS, max_connections=1)
    except (ValueError, RedisError) as error:
        raise BadInput(f"ONESTORY_REDIS_URL is not a Redis URL, as in redis://host:6379/0: {error}") from error


@contextmanager
def open_intake(config: Config, engine: Engine, *, retry: BackendRetry | None = None) -> Iterator[Intake]:
    """Open the stages with their worker processes."""
    with (
        Workers(config.workers) as workers,
        Intake(engine.store, engine.index_client, workers=workers, retry=retry or BackendRetry()) as intake,
    ):
        yield intake
