"""What a crowd costs is counted, not timed: comparisons and matches a copy do not grow with the crowd."""

import random
from pathlib import Path
from typing import Any

import pytest

from onestory.pipelines.batch import comparison
from onestory.pipelines.stories import candidates
from tests.batches import batch, read_table, write_jsonl
from tests.dedupe.news import article, join

MOST_A_COPY = 10


def crowd(count: int) -> list[dict[str, Any]]:
    """Copies of one story, each with other paragraphs left out."""
    chance, story = random.Random(3), article(1)
    kept = ([one for one in story if chance.random() > 0.1] for _ in range(count))
    return [
        {"url": f"https://crowd{at}.example/a", "title": "Harbour talks end without result", "text": join(*one)}
        for at, one in enumerate(kept)
    ]


@pytest.mark.parametrize("count", [60, 240])
def test_a_copy_in_a_crowd_is_compared_with_a_few(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    def counted(module: Any) -> Any:
        whole = module.verify

        def verify(one: Any, other: Any) -> Any:
            nonlocal compared
            compared += 1
            return whole(one, other)

        return verify

    for module in (comparison, candidates):
        monkeypatch.setattr(module, "verify", counted(module))
    batch([write_jsonl(tmp_path / "rows.jsonl", crowd(count))], tmp_path / "out")
    [story] = read_table(tmp_path / "out", "stories")
    assert len(story["copies"]) == count
    assert compared < MOST_A_COPY * count + 24 * 24
    assert len(read_table(tmp_path / "out", "matches")) <= compared
