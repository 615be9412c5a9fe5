"""`onestory audit`: the batch over what a store holds."""

import json
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import update

from onestory.newsroom.batch.audit import AuditResult, Difference, audit, compare_stories
from onestory.store.database import Store
from onestory.store.schema import articles
from tests.batch_rows import mixed_rows
from tests.batches import imported, write_jsonl
from tests.cli import onestory, write_rows
from tests.news_texts import house_style, wire_article


def run(store: Store, sample: int | None = None) -> AuditResult:
    return audit(store, sample=sample, workers=1, memory=1 << 30, report=None)


@pytest.fixture
def filled(sqlite_store_url: str, redis_client: Redis, prefix: str, tmp_path: Path) -> Store:
    store = Store.open(sqlite_store_url)
    imported(write_jsonl(tmp_path / "rows.jsonl", mixed_rows()[60:]), store, redis_client, prefix)
    return store


def test_an_audit_finds_what_is_not_as_the_batch_says(filled: Store) -> None:
    whole = run(filled)
    assert (whole.differences, whole.articles > 100) == ([], True)
    with filled.write() as connection:
        rows = connection.execute(articles.select().where(articles.c.host.like("again%")).order_by(articles.c.id)).all()
        moved = rows[-1].id
        connection.execute(update(articles).where(articles.c.id == moved).values(story_id=moved))
    [found] = run(filled).differences
    assert (len(found.stored), len(found.batch)) == (2, 1)
    assert [moved] in found.stored


def test_a_sample_is_of_some_stories(filled: Store) -> None:
    some, whole = run(filled, sample=3), run(filled)
    assert some.differences == []
    assert 3 <= some.stories < whole.stories


def test_stories_are_compared_by_their_articles() -> None:
    stored = {"a": "1", "b": "1", "c": "2", "d": "3", "e": "4", "f": "4", "x": "9"}
    again = {"a": "a", "b": "b", "c": "b", "d": "d", "e": "e", "f": "f"}
    found = compare_stories(stored, again, {"e"})
    assert found == AuditResult(6, 4, 2, [Difference([["a", "b"], ["c"]], [["a"], ["b", "c"]])])


def test_the_command_prints_what_it_compared(home: Path, tmp_path: Path) -> None:
    texts = [wire_article(1), house_style(wire_article(1)), wire_article(2)]
    rows = [{"url": f"https://outlet{at}.example/a", "text": text} for at, text in enumerate(texts)]
    assert onestory("import", write_rows(tmp_path / "rows.jsonl", *rows), home=home).returncode == 0
    done = onestory("audit", "--json", home=home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"articles": 3, "stories": 2, "decided": 0, "differences": []}
