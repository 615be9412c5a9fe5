"""Rows through the real intake, in three orders of arrival: what one page says may change nothing of others."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from onestory.pipelines.runtime.intake import Intake
from onestory.pipelines.runtime.retry import BackendRetry
from onestory.pipelines.runtime.workers import Workers
from onestory.store.articles.captures import Capture
from onestory.store.database import Store
from onestory.store.stories.export import iter_stories
from onestory.store.stories.records import ArticleRecord, StoryRecord
from tests.readings import fresh_registry

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Stories = Sequence[tuple[StoryRecord, Sequence[ArticleRecord]]]
Import = Callable[[Sequence[Capture]], Stories]


@pytest.fixture(scope="session")
def reading_workers() -> Iterator[Workers]:
    with Workers(1) as workers:
        yield workers


@pytest.fixture
def desk_store(sqlite_store_url: str) -> Iterator[Store]:
    store = Store.open(sqlite_store_url)
    yield store
    store.close()


@pytest.fixture(params=["as written", "reversed", "rotated"])
def import_rows(
    request: pytest.FixtureRequest, desk_store: Store, redis_url: str, prefix: str, reading_workers: Workers
) -> Import:
    """Imports captures in the order of this test, one after the other, and returns the stories."""

    def run(captures: Sequence[Capture]) -> Stories:
        ordered = {
            "as written": list(captures),
            "reversed": list(reversed(captures)),
            "rotated": [*captures[1:], *captures[:1]],
        }[request.param]
        index_client = fresh_registry(desk_store, redis_url, prefix)
        now = NOON + timedelta(days=1)
        with Intake(
            desk_store, index_client, workers=reading_workers, retry=BackendRetry(), clock=lambda: now
        ) as intake:
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
