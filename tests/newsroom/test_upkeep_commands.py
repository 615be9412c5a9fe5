"""`onestory boilerplate`, `reextract`, and what a dump leaves out."""

import json
from pathlib import Path

from tests.cli import article_rows, onestory, write_rows
from tests.news_texts import wire_article

LINE = "The Gazette is printed on paper from forests near you"


def html_row(name: str, number: int, head: str = "") -> dict[str, str]:
    body = "".join(f"<p>{line}</p>" for line in [*wire_article(number).split("\n"), LINE])
    return {
        "url": f"https://{name}.example/{number}",
        "html": f"<html><head><title>Ferry {number}</title>{head}</head><body><article>{body}</article></body></html>",
        "fetched": "2026-03-01T12:00:00Z",
    }


def test_boilerplate_is_learned_shown_and_kept_out(home: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", *(html_row("gazette", number) for number in range(4)))
    assert onestory("import", rows, "--no-learn", home=home).returncode == 0
    assert "no boilerplate learned" in onestory("boilerplate", "gazette.example", home=home).stderr
    assert (
        "1 boilerplate lines active on 1 hosts; 4 texts changed" in onestory("boilerplate", "learn", home=home).stdout
    )
    told = onestory("boilerplate", "www.gazette.example", home=home).stdout
    assert LINE in told
    former = onestory("furniture", "www.gazette.example", home=home)
    assert (former.stdout, "is now `onestory boilerplate`" in former.stderr) == (told, True)
    assert "in 4 of 4 stories" in told
    [line] = map(json.loads, onestory("boilerplate", "gazette.example", "--json", home=home).stdout.splitlines())
    assert (line["line"], line["in_force"], line["stories"]) == (LINE, True, 4)
    again = onestory("import", rows, "--json", home=home)
    assert json.loads(again.stdout)["known"] == 4
    late = write_rows(tmp_path / "late.jsonl", html_row("gazette", 9))
    onestory("import", late, home=home)
    assert not any(LINE in row["text"] for row in article_rows(home))


def test_a_dump_leaves_out_what_may_not_be_mined(home: Path, tmp_path: Path) -> None:
    heads = {
        "yes": '<meta name="tdm-reservation" content="0">',
        "no": '<meta name="robots" content="noai">',
        "mute": "",
    }
    rows = [html_row(name, 1, head) for name, head in heads.items()] + [html_row("no", 2, heads["no"])]
    assert onestory("import", write_rows(tmp_path / "rows.jsonl", *rows), home=home).returncode == 0

    def urls(*options: str) -> set[str]:
        told = onestory("dump", "-", *options, home=home)
        return {json.loads(line)["url"] for line in told.stdout.splitlines()}

    assert len(urls()) == 4
    assert urls("--mining", "allowed") == {"https://yes.example/1"}
    assert urls("--mining", "allowed", "--mining", "unknown") == {"https://yes.example/1", "https://mute.example/1"}
    [story] = onestory("dump", "-", "--rows", "stories", "--mining", "allowed", home=home).stdout.splitlines()
    assert [copy["url"] for copy in json.loads(story)["copies"]] == ["https://yes.example/1"]
    [denied, *_] = [row for row in article_rows(home) if row["mining"] == "denied"]
    assert denied["rights"] == [{"source": "meta robots", "value": "noai", "says": "denied"}]
    assert denied["rights_observed"] == "2026-03-01T12:00:00Z"
    onestory("dump", tmp_path / "out", "--mining", "allowed", home=home)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["mining"] == ["allowed"]
    assert (manifest["counts"]["articles"], manifest["counts"]["stories"]) == (1, 1)


def test_reextract_says_what_it_needs(home: Path, tmp_path: Path) -> None:
    nothing = onestory("reextract", home=home)
    assert (nothing.returncode, "ONESTORY_WARC_DIR" in nothing.stderr) == (2, True)
    (tmp_path / "empty").mkdir()
    assert "has no file" in onestory("reextract", tmp_path / "empty", home=home).stderr
