"""`onestory import`, and the reading commands on what it took in."""

import json
import os
import resource
import subprocess
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from tests.cli import ONESTORY, article_rows, onestory, story_sets, write_rows
from tests.news_texts import excerpt, house_style, wire_article
from tests.processes import child
from tests.servers import PostgresServer, postgres_folder, postgres_in, redis_in, short_folder
from tests.waiting import LONGEST_WAIT, wait_until


def row(name: str, body: str) -> dict[str, str]:
    return {
        "url": f"https://{name}.example/ferry",
        "text": body,
        "title": f"Ferry late, says {name}",
        "fetched": "2026-03-01T12:00:00Z",
    }


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A wire story in an original, an edited copy and an excerpt, and another story."""
    first = wire_article(1)
    coverage = {"herald": first, "courier": house_style(first), "brief": excerpt(first), "mirror": wire_article(2)}
    return write_rows(tmp_path / "rows.jsonl", *(row(*pair) for pair in coverage.items()))


def test_an_import_can_be_listed_shown_looked_up_and_dumped(home: Path, rows: Path, tmp_path: Path) -> None:
    first = onestory("import", rows, "--json", home=home)
    assert (first.returncode, json.loads(first.stdout)["stored"]) == (0, 4)

    again = onestory("import", rows, "--json", home=home)
    assert json.loads(again.stdout) == {"read": 4, "stored": 0, "known": 4, "dropped": {}, "faults": []}

    listed = onestory("stories", "--min-copies", "2", "--json", home=home)
    [story] = [json.loads(line) for line in listed.stdout.splitlines()]
    assert (story["copies"], story["outlets"]) == (3, 3)

    shown = onestory("show", "https://brief.example/ferry", home=home)
    assert "https://courier.example/ferry" in shown.stdout

    (tmp_path / "draft.txt").write_text(house_style(wire_article(1)))
    found = onestory("lookup", tmp_path / "draft.txt", "--json", home=home)
    [match] = [json.loads(line) for line in found.stdout.splitlines()]
    assert match["story_id"] == story["id"]
    assert match["share"] > 0.9
    assert match["first_seen"].startswith("2026-03-01T12:00:00")
    nothing = onestory("lookup", "-", home=home, stdin=wire_article(77).encode())
    assert "Only verbatim passages of" in nothing.stdout
    sentence = " ".join(wire_article(2).split()[20:36])
    short = onestory("lookup", "-", "--json", home=home, stdin=sentence.encode())
    assert (json.loads(short.stdout)["share"], json.loads(short.stdout)["passage_words"]) == (1, 12)

    assert onestory("dump", tmp_path / "one", home=home).returncode == 0
    assert onestory("reindex", home=home).returncode == 0
    assert onestory("dump", tmp_path / "two", home=home).returncode == 0
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert Path("manifest.json") in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    again = onestory("dump", tmp_path / "one", home=home)
    assert (again.returncode, "already exists" in again.stderr) == (2, True)


@pytest.mark.parametrize("charset", ["utf-16", "utf-8-sig", "windows-1252"])
def test_a_draft_is_looked_up_in_whatever_charset_an_editor_saved_it(home: Path, tmp_path: Path, charset: str) -> None:
    text = wire_article(5) + " Die Fähre „Käthe“ fährt über den Fluß, sagte der Kapitän am Dienstag für alle Gäste."
    (tmp_path / "rows.jsonl").write_text(json.dumps({"url": "https://a.example/1", "text": text}), encoding="utf-8")
    (tmp_path / "draft.txt").write_bytes(text.encode(charset))
    onestory("import", tmp_path / "rows.jsonl", home=home)
    found = onestory("lookup", tmp_path / "draft.txt", "--json", home=home)
    assert json.loads(found.stdout)["relation"] == "verbatim"


def test_one_rows_fault_drops_that_row_and_is_counted(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(
        path,
        {"url": "https://a.example/huge", "html": "<p>" + "x" * 51_000_000},
        {"url": "https://a.example/deep", "html": "<div>" * 100_000 + "The ferry was late."},
        {"url": "not a url", "text": wire_article(3)},
        {"url": "https://a.example/nul", "text": "\x00".join(wire_article(4).split(" ")) + " \ud800"},
        {"url": "https://a.example/empty", "text": "  "},
        {"url": "https://a.example/9999", "text": wire_article(5), "published": "9999-12-31", "fetched": "9999-12-31"},
        {"url": "https://a.example/good", "text": wire_article(6)},
    )
    with path.open("a") as file:
        file.write("this is not json\n")
    done = onestory("import", path, "--json", "--verbose", home=home)
    counts = json.loads(done.stdout)
    assert done.returncode == 0
    assert counts["read"] == 8
    assert counts["stored"] + sum(counts["dropped"].values()) == 8
    assert counts["dropped"]["not_json"] == 1
    assert counts["dropped"]["too_large"] == 1
    urls = {article["url"] for article in article_rows(home)}
    assert {"https://a.example/good", "https://a.example/9999", "https://a.example/nul"} <= urls


@pytest.mark.parametrize("what", ["missing.jsonl", "empty.jsonl"])
def test_a_file_that_cannot_be_read_exits_2_with_one_line(home: Path, tmp_path: Path, what: str) -> None:
    (tmp_path / "empty.jsonl").touch()
    done = onestory("import", tmp_path / what, home=home)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert what in done.stderr


def test_a_file_that_is_cut_is_done_in_part(home: Path, rows: Path, tmp_path: Path) -> None:
    done = onestory("import", rows, tmp_path / "missing.jsonl", home=home)
    assert done.returncode == 1
    assert "missing.jsonl" in done.stderr
    assert len(article_rows(home)) == 4


def test_a_store_of_a_newer_schema_is_refused(home: Path, rows: Path) -> None:
    onestory("import", rows, home=home)
    with create_engine(f"sqlite:///{home / 'onestory.db'}").begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    done = onestory("import", rows, home=home)
    assert (done.returncode, "upgrade onestory" in done.stderr) == (2, True)


def test_a_home_that_cannot_be_written_is_refused(rows: Path) -> None:
    done = onestory("import", rows, home=Path("/proc/onestory"))
    assert done.returncode == 2
    assert "/proc/onestory" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ONESTORY_DATABASE_URL", "mysql://x"), ("ONESTORY_REDIS_URL", "http://x"), ("ONESTORY_WORKERS", "many")],
)
def test_a_setting_that_cannot_be_used_is_named(home: Path, rows: Path, variable: str, value: str) -> None:
    done = onestory("import", rows, home=home, env={variable: value})
    assert (done.returncode, variable in done.stderr) == (2, True)


def test_a_full_disk_stops_the_import_and_loses_nothing_acknowledged(home: Path) -> None:
    with ExitStack() as stack:
        process = stack.enter_context(_importing(home, {}))
        _feed(process, "a")
        wait_until(lambda: _stored(home) >= 30)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        with suppress(BrokenPipeError):
            _feed(process, "b")
        _, said = process.communicate(timeout=LONGEST_WAIT)
    assert process.returncode == 2
    assert b"disk" in said
    assert b"Traceback" not in said
    assert {row["url"][:9] for row in article_rows(home)} == {"https://a"}


def test_an_import_killed_at_any_moment_is_completed_by_the_next(home: Path, tmp_path: Path) -> None:
    twins = [row(f"{side}{n}", wire_article(n)) for side in ("a", "b") for n in range(150)]
    path = write_rows(tmp_path / "rows.jsonl", *twins)
    for articles in (20, 160, 260):
        command = [ONESTORY, "import", str(path), "--home", str(home)]
        with child(command, stdout=subprocess.DEVNULL) as process:
            _wait_for_articles(process, home, articles)
            process.kill()
    assert onestory("import", path, home=home).returncode == 0
    expected = {frozenset({f"https://a{n}.example/ferry", f"https://b{n}.example/ferry"}) for n in range(150)}
    assert story_sets(home) == expected


def _wait_for_articles(process: "subprocess.Popen[bytes]", home: Path, count: int) -> None:
    wait_until(lambda: process.poll() is not None or _stored(home) >= count)


def _stored(home: Path) -> int:
    database = home / "onestory.db"
    if not database.exists():
        return 0
    engine = create_engine(f"sqlite:///file:{database}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM articles")).scalar_one())
    except DBAPIError:
        return 0
    finally:
        engine.dispose()


def test_redis_gone_in_the_middle_is_waited_for(home: Path) -> None:
    """The server comes back empty: what it knew is rebuilt, and the copies are found."""
    with ExitStack() as stack, short_folder() as folder:
        with redis_in(folder) as url:
            process = stack.enter_context(_importing(home, {"ONESTORY_REDIS_URL": url}))
            _feed(process, "a")
            wait_until(lambda: _stored(home) >= 30)
        _feed_while_gone(process, "b")
        with redis_in(folder):
            assert process.wait(LONGEST_WAIT) == 0
    assert story_sets(home) == TWINS


def test_postgresql_gone_in_the_middle_is_waited_for(home: Path, redis_url: str) -> None:
    with ExitStack() as stack, postgres_folder() as folder:
        with postgres_in(folder) as server:
            env = {"ONESTORY_DATABASE_URL": server.url("postgres")}
            process = stack.enter_context(_importing(home, env))
            _feed(process, "a")
            wait_until(lambda: _stored_at(server) >= 30)
        _feed_while_gone(process, "b")
        with postgres_in(folder):
            assert process.wait(LONGEST_WAIT) == 0
            assert story_sets(home, env=env) == TWINS


TWINS = {frozenset({f"https://a{n}.example/ferry", f"https://b{n}.example/ferry"}) for n in range(60)}


def _importing(home: Path, env: dict[str, str]) -> "AbstractContextManager[subprocess.Popen[bytes]]":
    return child(
        [ONESTORY, "import", "-", "--home", str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "ONESTORY_WORKERS": "1", **env},
    )


def _feed(process: "subprocess.Popen[bytes]", side: str) -> None:
    assert process.stdin is not None
    for number in range(60):
        process.stdin.write(json.dumps(row(f"{side}{number}", wire_article(number))).encode() + b"\n")
    process.stdin.flush()


def _feed_while_gone(process: "subprocess.Popen[bytes]", side: str) -> None:
    """The rest of the rows; returns when the import has said that it waits."""
    _feed(process, side)
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.close()
    said = b""
    while b"waiting for it" not in said:
        assert process.poll() is None, said
        said += process.stderr.readline()


def _stored_at(server: PostgresServer) -> int:
    engine = create_engine(server.url("postgres"))
    try:
        with engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM articles")).scalar_one())
    except DBAPIError:
        return 0
    finally:
        engine.dispose()


FOOTER = "The Herald depends on its readers: become a member and support our newsroom"


@pytest.mark.parametrize(("option", "is_kept"), [("--learn", False), ("--no-learn", True)])
def test_an_import_learns_what_a_host_repeats(home: Path, tmp_path: Path, option: str, is_kept: bool) -> None:
    titles = ("Harbour talks end", "Clinic reopens wing", "Orchard owners want rain", "Railway strike begins")
    pages = [
        {"url": f"https://herald.example/{at}", "text": f"{wire_article(at)}\n{FOOTER}", "title": title}
        for at, title in enumerate(titles)
    ]
    assert onestory("import", write_rows(tmp_path / "rows.jsonl", *pages), option, home=home).returncode == 0
    assert [FOOTER in article["text"] for article in article_rows(home)] == [is_kept] * len(titles)
