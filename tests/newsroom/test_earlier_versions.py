"""Evidence after a correction: of current texts only, and copies of the earlier text named as that."""

from pathlib import Path
from typing import Any

import pytest

from onestory.newsroom.dump.rows import dump_story_row
from onestory.pipelines.versions.corrections import record_corrections
from onestory.store.articles.earlier_versions import changed_articles, copies_of_earlier_versions
from onestory.store.articles.save import save_articles
from onestory.store.stories.export import iter_stories
from tests.cli import onestory, write_rows
from tests.news_texts import wire_article
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, NOON, Piece, put, story_of
from tests.newsroom.test_pages import read, words
from tests.readings import reading, take

CORRECTED = BRIDGE.replace("eleven million crowns", "seventeen million crowns").replace("two thirds", "one half")
EDITED = "Our reporter adds a line on the weather over the bay.\n" + CORRECTED.replace("early spring", "late winter")


@pytest.fixture
def corrected(served: Served) -> Served:
    """Three copies of one text, the first of which was corrected; a copy of the new text, and one that edits it."""
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    later = NOON.replace(hour=13)
    fixed = reading("https://www.bridge0.example/bridge", CORRECTED, observed=later, title="Bridge to close")
    with served.store.write() as connection:
        record_corrections(connection, save_articles(connection, [fixed], now=later))
    take(served.store, served.index_client, [], now=later)
    late = [
        Piece("https://late.example/b", CORRECTED, "Bridge to close", "Late", 70),
        Piece("https://edited.example/b", EDITED, "Bridge to close", "Edited", 71),
    ]
    put(served.store, served.index_client, late)
    return served


def story(served: Served) -> dict[str, Any]:
    [found] = served.client.get("/v1/stories").json()["stories"]
    told: dict[str, Any] = served.client.get(f"/v1/stories/{found['id']}").json()
    return told


def test_evidence_is_of_current_versions_each_pair_once_with_their_numbers(corrected: Served) -> None:
    told = story(corrected)
    current = {
        copy["id"]: corrected.client.get(f"/v1/articles/{copy['id']}").json()["number"] for copy in told["articles"]
    }
    pairs = [frozenset((one["a_article"], one["b_article"])) for one in told["evidence"]]
    assert len(pairs) == len(set(pairs)) > 3
    for one in told["evidence"]:
        assert (one["a"], one["b"]) == (current[one["a_article"]], current[one["b_article"]])
        assert one["kind"] != "none"


def test_a_copy_of_the_earlier_text_is_called_verbatim_of_version_1(corrected: Served) -> None:
    told = story(corrected)
    runs = {copy["outlet"]: copy["runs_earlier"] for copy in told["articles"]}
    first = {"version": 1, "versions": 2, "number": 1}
    assert runs == {"Bridge 0": None, "Bridge 1": first, "Bridge 2": first, "Late": None, "Edited": None}
    page = read(corrected.client.get(f"/stories/{told['id']}"))
    [row] = [row for row in page.xpath("//tbody/tr") if "Bridge 1" in row.text_content()][:1]
    text = " ".join(row.text_content().split())
    assert "runs version 1 of 2, verbatim" in text
    assert "−" not in text
    assert "−" in words(page, "//tbody/tr[contains(., 'Edited')]")


def test_a_copy_that_is_verbatim_but_for_a_word_runs_the_version_that_it_is_closer_to(served: Served) -> None:
    old = wire_article(3, sentences=40)
    new = old.replace(old.split()[-3], "again")
    pieces = [
        Piece("https://a.example/x", old, "Fair"),
        Piece("https://b.example/x", f"{old} Ends.", "Fair", minutes=1),
    ]
    put(served.store, served.index_client, pieces)
    later = NOON.replace(hour=13)
    with served.store.write() as connection:
        fixed = reading("https://a.example/x", new, observed=later, title="Fair")
        record_corrections(connection, save_articles(connection, [fixed], now=later))
    take(served.store, served.index_client, [], now=later)
    put(served.store, served.index_client, [Piece("https://c.example/x", f"{new} Ends.", "Fair", minutes=70)])
    runs = {
        copy["host"]: copy["runs_earlier"] and copy["runs_earlier"]["version"] for copy in story(served)["articles"]
    }
    assert runs == {"a.example": None, "b.example": 1, "c.example": None}


def test_a_dump_says_which_version_a_copy_runs(corrected: Served) -> None:
    with corrected.store.read() as connection:
        [(record, members)] = list(iter_stories(connection))
        assert changed_articles(connection) == {record.original}
        earlier = copies_of_earlier_versions(connection, record.original, [one.copy.id for one in members])
    copies = dump_story_row(record, members, earlier)["copies"]
    told = {copy["outlet"]: (copy["relation"], copy["runs_version"]) for copy in copies}
    assert told["Bridge 1"] == ("verbatim", 1)
    assert (told["Bridge 0"][1], told["Edited"][1]) == (None, None)


def test_the_command_says_what_the_page_says_after_a_correction(home: Path, tmp_path: Path) -> None:
    def row(name: str, text: str, time: str) -> dict[str, str]:
        fetched = f"2026-03-01T{time}:00Z"
        return {"url": f"https://{name}.example/b", "text": text, "title": "Bridge", "outlet": name, "fetched": fetched}

    old, new = [row("a", BRIDGE, "12:00"), row("b", BRIDGE, "12:05")], [row("a", CORRECTED, "13:00")]
    for name, rows in (("old", old), ("new", new)):
        assert onestory("import", write_rows(tmp_path / f"{name}.jsonl", *rows), home=home).returncode == 0
    shown = onestory("show", "https://b.example/b", home=home).stdout
    assert "runs version 1 of 2, verbatim" in shown
    assert "of the original" not in shown
    assert onestory("dump", tmp_path / "dump", home=home).returncode == 0
