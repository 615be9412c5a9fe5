"""Damaged files and odd places: each works, or one line says what to do. A home is readable by its owner alone."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from onestory.config import Config
from onestory.errors import BadInput, HomeUnusable
from onestory.store.database import Store
from tests.cli import onestory, write_rows
from tests.news_texts import wire_article
from tests.servers import short_folder

DAMAGED = "is damaged: restore it from a backup"


@pytest.fixture(scope="module")
def stored() -> Iterator[Path]:
    """A home with a few articles and an index. Tests damage copies of it."""
    with short_folder() as folder:
        rows = [
            {"url": f"https://gazette.example/{number}", "title": f"Ferry {number}", "text": wire_article(number)}
            for number in range(8)
        ]
        done = onestory("import", write_rows(folder / "rows.jsonl", *rows), home=folder / "home")
        assert done.returncode == 0, done.stderr
        yield folder / "home"


@pytest.fixture
def copy(stored: Path, home: Path) -> Path:
    shutil.copytree(stored, home)
    return home


def flip(path: Path, offsets: range | list[int]) -> None:
    content = bytearray(path.read_bytes())
    for offset in offsets:
        content[offset] ^= 0xFF
    path.write_bytes(content)


def the_only_line(*command: str, home: Path) -> str:
    done = onestory(*command, home=home)
    assert done.returncode == 2, done.stdout
    [line] = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda file: flip(file, range(100)), id="header"),
        pytest.param(lambda file: flip(file, range(100, 400)), id="schema"),
        pytest.param(lambda file: os.truncate(file, 50), id="cut in the header"),
        pytest.param(lambda file: os.truncate(file, file.stat().st_size // 2), id="cut in half"),
        pytest.param(lambda file: file.write_text("news\n" * 900), id="a text"),
    ],
)
def test_a_damaged_store_is_named_with_its_remedy(copy: Path, damage: Callable[[Path], None]) -> None:
    damage(copy / "onestory.db")
    for command in (["stories"], ["dump", "-"]):
        assert DAMAGED in the_only_line(*command, home=copy)


def test_flipped_bytes_anywhere_are_never_a_traceback(stored: Path, tmp_path: Path) -> None:
    """Every text, time and structured value of the store is read."""
    numbers = random.Random(3)
    for case in range(40):
        file = shutil.copy(stored / "onestory.db", tmp_path / f"{case}.db")
        flip(file, [numbers.randrange(100, file.stat().st_size) for _ in range(1 + case * case)])
        with suppress(HomeUnusable):
            read_everything(file)


def read_everything(file: Path) -> None:
    from onestory.store.schema import metadata

    store = Store.open(f"sqlite:///{file}")
    try:
        for table in metadata.sorted_tables:
            with store.read() as connection:
                connection.execute(table.select()).all()
    finally:
        store.close()


def test_a_store_without_a_table_or_with_two_schemas_is_named(copy: Path) -> None:
    with sqlite3.connect(copy / "onestory.db") as connection:
        connection.execute("DROP TABLE versions")
    connection.close()
    assert DAMAGED in the_only_line("reindex", home=copy)
    assert DAMAGED in the_only_line("health", home=copy)
    with sqlite3.connect(copy / "onestory.db") as connection:
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
    connection.close()
    assert "2 schema versions at once" in the_only_line("stories", home=copy)


def test_a_store_that_was_emptied_is_not_taken_for_a_new_one(copy: Path) -> None:
    os.truncate(copy / "onestory.db", 0)
    assert "is empty, and was not: restore it from a backup" in the_only_line("stories", home=copy)
    (copy / "onestory.db").unlink()
    assert onestory("stories", home=copy).returncode == 0


def append_only_file(home: Path, part: str) -> Path:
    [found] = (home / "redis" / "appendonlydir").glob(f"*{part}*")
    return found


def test_a_cut_append_only_file_is_mended(copy: Path, tmp_path: Path) -> None:
    file = append_only_file(copy, ".incr.")
    os.truncate(file, file.stat().st_size * 2 // 3)
    copied = {"url": "https://other.example/1", "title": "Ferry", "text": wire_article(1)}
    assert onestory("import", write_rows(tmp_path / "late.jsonl", copied), home=copy).returncode == 0
    assert "2 copies" in onestory("stories", home=copy).stdout


@pytest.mark.parametrize("part", ["base", "manifest"])
def test_a_damaged_index_is_named_with_its_remedy(copy: Path, part: str) -> None:
    append_only_file(copy, part).write_bytes(b"\x00garbage\n" * 30)
    line = the_only_line("reindex", home=copy)
    assert "does not start" in line
    assert "can be rebuilt: if it is damaged, remove it and try again" in line
    shutil.rmtree(copy / "redis")
    assert onestory("reindex", home=copy).returncode == 0


@pytest.mark.parametrize("name", ["it's", 'a "b"', "%41", "a?b=c", "a#b", "100 %", "naïve ♥", "a;b&c", "-x"])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    store = Store.open(Config.read({"ONESTORY_HOME": str(tmp_path / name)}).database_url)
    store.close()
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.db")] == [f"{name}/onestory.db"]


def test_a_home_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="choose another data folder"):
        Config.read({"ONESTORY_HOME": f"{tmp_path}/\udcff"})


def test_a_database_url_with_a_question_mark_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="%3F"):
        Store.open(f"sqlite:///{tmp_path}/what?.db")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_reads_a_home(home: Path, tmp_path: Path, umask: int) -> None:
    rows = write_rows(tmp_path / "r.jsonl", {"url": "https://a.example/1", "title": "t", "text": wire_article(1)})
    former = os.umask(umask)
    try:
        assert onestory("import", rows, home=home).returncode == 0
    finally:
        os.umask(former)
    readable = [path for path in (home, *home.rglob("*")) if not path.is_symlink() and path.stat().st_mode & 0o077]
    assert readable == []


def test_an_older_store_is_restricted_and_a_shared_one_is_left(copy: Path) -> None:
    file = copy / "onestory.db"
    for before, after in ((0o644, 0o600), (0o666, 0o600), (0o660, 0o660), (0o640, 0o600)):
        file.chmod(before)
        Store.open(f"sqlite:///{file}").close()
        assert file.stat().st_mode & 0o777 == after
