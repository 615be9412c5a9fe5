"""Pages written for these tests, each a folder: the page, and the article it holds."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ExtractedArticle

GOLDEN = Path(__file__).with_name("golden")
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def taken(folder: Path, url: str) -> ExtractedArticle:
    return extract(Capture(url=url, observed=NOW, body=(folder / "page.html").read_bytes()))


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("folder", sorted(GOLDEN.iterdir()), ids=lambda folder: folder.name)
def test_a_golden_page_gives_its_article(folder: Path) -> None:
    expected = json.loads((folder / "article.json").read_text("utf-8"))
    article = taken(folder, expected["url"])
    assert article.text.split("\n") == expected.pop("text")
    assert article.rights is not None
    assert article.rights["mining"] == expected.pop("mining")
    assert {name: plain(getattr(article, name)) for name in expected} == expected


def test_every_removed_line_has_its_reason() -> None:
    article = taken(GOLDEN / "english_with_everything_around", "https://www.example.org/news/ferry-landing")
    reasons = {removed.line.split(".")[0][:20]: removed.reason for removed in article.removed}
    assert reasons["Tagged in"] == "tags"
    assert reasons["Follow us on Faceboo"] == "follow"
    assert all(removed.reason for removed in article.removed)
