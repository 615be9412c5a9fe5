"""What the web says reaches a terminal as text: no command's output steers it, or turns the line around."""

import re
from pathlib import Path

from tests.cli import onestory, write_rows

EVILS = (
    "\x1b]0;pwned\x07\x1b[2J\x1b[31mred",
    "\x9b31m\x90q\x9c",
    "safe\u202egpj.exe\u2066\u200b\u2069",
    "two\r\x1b[1Alines\nof it\x08\x7f",
    "\u2028next\u2029\x85line",
)
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069]")


def test_no_command_shows_what_steers_a_terminal(home: Path, tmp_path: Path) -> None:
    rows = [
        {
            "url": f"https://evil{number}.example/x",
            "text": f"In {1700 + number} the mill of Ellery counted {number * 31} boats and as many captains. {evil}",
            "title": f"Captains {evil}",
            "outlet": f"Outlet {evil}",
            "fetched": "2026-03-01T12:00:00Z",
        }
        for number, evil in enumerate(EVILS)
    ]
    write_rows(tmp_path / "rows.jsonl", *rows)
    (tmp_path / "draft.txt").write_text("\n".join(str(row["text"]) for row in rows))
    evil = EVILS[0]
    commands: list[tuple[str, ...]] = [
        ("import", str(tmp_path / "rows.jsonl")),
        ("stories",),
        ("stories", "--json"),
        ("show", "https://evil0.example/x"),
        ("article", "https://evil0.example/x"),
        ("search", "captains"),
        ("lookup", str(tmp_path / "draft.txt")),
        ("watch", "add", "captains", "--name", f"Watch {evil}"),
        ("watch", "list"),
        ("story", "pin", "https://evil0.example/x", "--who", f"Ada {evil}", "--why", evil),
        ("story", "log"),
        ("show", f"https://evil.example/{evil}"),
        ("events",),
    ]
    told = [onestory(*words, home=home) for words in commands]
    for one in told:
        assert not STEERS.search(one.stdout), repr(one.stdout)
        assert not STEERS.search(one.stderr), repr(one.stderr)
    assert sum("aptains" in one.stdout for one in told) >= 6
