"""onestory story, takedown and index, as an editor runs them."""

import json
from pathlib import Path

import pytest

from tests.cli import onestory, write_rows
from tests.news_texts import house_style, wire_article


def url(name: str) -> str:
    return f"https://{name}.example/ferry"


@pytest.fixture
def filled(home: Path, tmp_path: Path) -> Path:
    first = wire_article(1)
    texts = {"herald": first, "courier": house_style(first), "mirror": wire_article(2)}
    rows = [
        {"url": url(name), "text": text, "title": f"Ferry late, says {name}", "fetched": "2026-03-01T12:00:00Z"}
        for name, text in texts.items()
    ]
    assert onestory("import", write_rows(tmp_path / "rows.jsonl", *rows), home=home).returncode == 0
    return home


def test_an_editor_merges_splits_pins_and_undoes_with_a_log_of_it(filled: Path) -> None:
    signed = ("--who", "Ada", "--why", "the same ferry")
    merged = onestory("story", "merge", url("herald"), url("mirror"), *signed, "--json", home=filled)
    assert len(json.loads(merged.stdout)["stories"]) == 1
    number = json.loads(merged.stdout)["number"]
    assert onestory("story", "pin", url("courier"), *signed, home=filled).returncode == 0
    shown = json.loads(onestory("show", url("mirror"), "--json", home=filled).stdout)
    assert (len(shown["copies"]), shown["original_reason"]) == (3, "pinned")
    assert "(marked by an editor)" in onestory("show", url("mirror"), home=filled).stdout
    assert onestory("story", "undo", number, "--who", "Ben", home=filled).returncode == 0
    shown = onestory("story", "split", url("courier"), *signed, "--preview", home=filled).stdout
    assert shown.startswith("preview, no change made: 1 before, 2 stories afterwards")
    assert "split" not in onestory("story", "log", home=filled).stdout
    split = onestory("story", "split", url("courier"), *signed, home=filled)
    assert (split.returncode, split.stdout.count("\nstory ")) == (0, 2)
    assert shown.splitlines()[1:] == split.stdout.splitlines()[1:]
    log = onestory("story", "log", home=filled).stdout
    assert [word in log for word in ("merge", "pin", "split", "Ada", "the same ferry", "by Ben")] == [True] * 6
    rows = onestory("story", "log", url("mirror"), "--json", home=filled).stdout.splitlines()
    assert [json.loads(row)["kind"] for row in rows] == ["together"]
    refused = onestory("story", "split", url("courier"), *signed, home=filled)
    assert (refused.returncode, "all the articles" in refused.stderr) == (2, True)


def test_what_was_taken_down_is_in_no_list_and_named_in_the_dump(filled: Path, tmp_path: Path) -> None:
    done = onestory("takedown", url("herald"), "--reason", "order 7", "--json", home=filled)
    assert json.loads(done.stdout) == {"articles": 1, "versions": 1, "records": 0, "left": 1}
    shown = onestory("show", url("herald"), home=filled)
    assert (shown.returncode, "was taken down" in shown.stderr) == (2, True)
    assert onestory("dump", tmp_path / "out", home=filled).returncode == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["counts"]["removed"] == 2
    removed = [json.loads(line) for line in (tmp_path / "out" / "removed.jsonl").read_text().splitlines()]
    assert sorted(row["kind"] for row in removed) == ["article", "content"]
    again = onestory("takedown", url("herald"), "--reason", "order 7", home=filled)
    assert again.returncode == 0
    assert onestory("takedown", url("nobody"), "--reason", "x", home=filled).returncode == 2


def test_the_index_tells_what_it_holds_and_costs(filled: Path) -> None:
    stats = json.loads(onestory("index", "stats", "--json", home=filled).stdout)
    assert stats["ids"] == 3
    assert stats["bytes"] > 0
    assert {"bytes_an_article", "hottest", "overflowed", "skipped", "epochs"} <= stats.keys()
    told = onestory("index", "stats", home=filled).stdout
    assert "bytes an article" in told
