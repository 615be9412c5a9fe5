"""Rows through the real intake, in three orders of arrival: what one page says may change nothing of others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import pytest

from onestory.errors import Dropped
from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.runtime.workers import Workers
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.store.database import Store
from onestory.store.stories.export import iter_stories
from onestory.store.stories.records import ArticleRecord, StoryRecord
from tests.readings import fresh_registry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

_NO_LINES: Mapping[str, frozenset[int]] = {}
Stories = Sequence[tuple[StoryRecord, Sequence[ArticleRecord]]]
Import = Callable[[Sequence[Capture]], Stories]


class ReadingHere(Workers):
    """Reads captures in this process: no test needs a worker that can die."""

    def __init__(self) -> None:
        self.count = 1

    def read(
        self, captures: Sequence[Capture], *, furniture: Mapping[str, frozenset[int]] = _NO_LINES
    ) -> "Future[list[ProcessedCapture | Dropped]]":
        done: Future[list[ProcessedCapture | Dropped]] = Future()
        done.set_result(read_captures_in_worker(captures, furniture))
        return done


@pytest.fixture
def desk_store(sqlite_store_url: str) -> Iterator[Store]:
    store = Store.open(sqlite_store_url)
    yield store
    store.close()


@pytest.fixture(params=["as written", "reversed", "rotated"])
def import_rows(request: pytest.FixtureRequest, desk_store: Store, redis_url: str, prefix: str) -> Import:
    """Imports captures in the order of this test, one after the other, and returns the stories."""

    def run(captures: Sequence[Capture]) -> Stories:
        ordered = {
            "as written": list(captures),
            "reversed": list(reversed(captures)),
            "rotated": [*captures[1:], *captures[:1]],
        }[request.param]
        index_client = fresh_registry(desk_store, redis_url, prefix)
        now = NOON + timedelta(days=1)
        with Intake(desk_store, index_client, workers=ReadingHere(), retry=BackendRetry(), clock=lambda: now) as intake:
            for capture in ordered:
                assert intake.submit(capture).result(timeout=120).kind in ("stored", "known")
        with desk_store.read() as connection:
            return [(story, list(members)) for story, members in iter_stories(connection)]

    return run


def seen(url: str, text: str, *, minutes: float, said: float | None = None, **more: object) -> Capture:
    """A row that was fetched so many minutes after noon; `said` is the minute that it states."""
    published = None if said is None else (NOON + timedelta(minutes=said)).isoformat()
    title = more.pop("title", "Council closes the old ferry landing")
    observed = NOON + timedelta(minutes=minutes)
    return Capture(url, observed, text=text, published=published, title=title, **more)  # type: ignore[arg-type]


def original_of(stories: Stories) -> ArticleRecord:
    """The original of the only story."""
    ((story, members),) = stories
    return next(one for one in members if one.copy.id == story.original)
