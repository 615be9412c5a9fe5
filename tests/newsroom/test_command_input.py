"""What people type after commands, and what commands say while they work and when nothing can be read."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from onestory.languages import language_code
from onestory.newsroom.terminal import console
from onestory.newsroom.terminal.console import spinner
from onestory.text import first_sentence
from tests.cli import onestory, write_rows
from tests.news_texts import wire_article
from tests.waiting import wait_until


@pytest.fixture
def filled(home: Path, tmp_path: Path) -> Path:
    row = {"url": "https://a.example/1", "text": wire_article(1), "title": "Ferry", "language": "en"}
    assert onestory("import", write_rows(tmp_path / "rows.jsonl", row), home=home).returncode == 0
    return home


@pytest.mark.parametrize("command", [("stories",), ("search", "ferry")])
def test_an_age_and_the_name_of_a_language_are_understood_and_others_refused(
    filled: Path, command: tuple[str, ...]
) -> None:
    known = onestory(*command, "--since", "24h", "--json", home=filled)
    assert (known.returncode, len(known.stdout.splitlines())) == (0, 1), known
    by_code = onestory(*command, "--language", "la", "--json", home=filled)
    by_name = onestory(*command, "--language", "English", "--json", home=filled)
    assert (by_name.returncode, by_code.returncode) == (0, 0)
    refusals = (("--language", "englisch", "a name such as English"), ("--since", "noon", "or 24h"))
    for option, value, said in refusals:
        refused = onestory(*command, option, value, home=filled)
        assert (refused.returncode, said in refused.stderr) == (2, True), refused


def test_the_name_of_a_language_is_its_code() -> None:
    typed = ("English", " german ", "EN", "pt-br", "fil")
    assert [language_code(one) for one in typed] == ["en", "de", "en", "pt-br", "fil"]
    for one in ("englisch", "", "e", "en_GB!"):
        with pytest.raises(ValueError, match="is not a known language"):
            language_code(one)


def test_nothing_is_counted_of_a_file_that_cannot_be_read(home: Path, tmp_path: Path) -> None:
    done = onestory("import", tmp_path / "missing.warc.gz", home=home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "missing.warc.gz" in done.stderr


def test_work_in_a_pipe_tells_its_progress_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(console, "notice_console", Console(file=out))
    with spinner("importing", seconds=0.01) as progress:
        task = progress.add_task("", total=40)
        progress.update(task, completed=7, description="7 read")
        wait_until(lambda: "importing: 7 read, 7 of 40, 0 s" in out.getvalue())
    told = out.getvalue()
    assert "\x1b" not in told
    begins = {line.split(",")[0] for line in told.splitlines()}
    assert begins <= {"importing", "importing: 0 of 40", "importing: 7 read"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n\n A short one.\nMore.", "A short one."),
        (
            "PORT ELLERY (St. Mary) - The harbour bridge will close on Monday. It shuts.",
            "PORT ELLERY (St. Mary) - The harbour bridge will close on Monday.",
        ),
        ("港の祭りが来週開かれる。" * 9, "港の祭りが来週開かれる。" * 4),
        ("word " * 100, "word " * 46 + "word…"),
        (
            "“We would rather close it for weeks than lose it.” She left.",
            "“We would rather close it for weeks than lose it.”",
        ),
    ],
)
def test_the_first_sentence_is_that_of_the_first_line(text: str, expected: str) -> None:
    assert first_sentence(text) == expected
