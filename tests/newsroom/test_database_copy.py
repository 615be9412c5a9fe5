"""The copy of a SQLite database that is written to."""

import sqlite3
from pathlib import Path

import pytest

from onestory.newsroom.backup import database_copy
from onestory.newsroom.backup.database_copy import dump_database

ROWS = 500


def test_a_copy_in_steps_is_of_the_moment_it_began_while_others_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "busy.db"
    writer = sqlite3.connect(source, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE told (word TEXT)")
    writer.executemany("INSERT INTO told VALUES (?)", [("a" * 3000,)] * ROWS)
    rests = 0

    def write(rest: object) -> None:
        nonlocal rests
        rests += 1
        # A copy that begins again after each write has no end.
        assert rests < 10 * ROWS
        writer.execute("INSERT INTO told VALUES ('later')")

    monkeypatch.setattr(database_copy, "STEP_PAGES", 10)
    monkeypatch.setattr(database_copy._Rest, "take", write)
    copy = sqlite3.connect(dump_database(f"sqlite:///{source}", tmp_path))
    assert rests > ROWS // 20
    assert copy.execute("SELECT count(*), count(*) FILTER (WHERE word = 'later') FROM told").fetchone() == (ROWS, 0)
    assert writer.execute("SELECT count(*) FROM told").fetchone()[0] > ROWS
    copy.close()
    writer.close()
