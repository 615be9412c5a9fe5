"""Keys and sessions: only digests are kept, and what is revoked is good for nothing."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from onestory.config import Config
from onestory.errors import BadInput, NotFound
from onestory.store.access.api_keys import (
    CreatedKey,
    add_key,
    find_key,
    has_admin_key,
    import_environment_key,
    is_key_usable,
    list_keys,
    record_key_use,
    revoke_key,
    revoke_key_unless_last,
)
from onestory.store.access.sessions import MAX_SESSIONS, SESSION_LIFETIME, begin_session, end_session, find_session
from onestory.store.database import Store

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GIVEN = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


def add(store: Store, name: str = "desk", scope: str = "edit") -> CreatedKey:
    with store.write() as connection:
        return add_key(connection, name, scope, now=NOON)


def revoke(store: Store, number: int) -> None:
    with store.write() as connection:
        revoke_key(connection, number, now=NOON)


def test_a_key_is_random_and_only_its_digest_is_kept(store: Store) -> None:
    made, other = add(store), add(store, "another")
    assert re.fullmatch(r"onestory_[0-9a-f]{8}_[0-9a-f]{48}", made.secret)
    assert made.secret not in (other.secret, repr(made))
    with store.read() as connection:
        kept = " ".join(str(row) for row in connection.execute(text("SELECT * FROM api_keys")))
        assert made.secret.rpartition("_")[2] not in kept
        assert find_key(connection, made.secret) == made.record == list_keys(connection)[0]


@pytest.mark.parametrize("sent", ["", "onestory_", "x" * 100_000, "\x00", "\udcff", "é"])
def test_what_is_no_key_is_none(store: Store, sent: str) -> None:
    made = add(store)
    with store.read() as connection:
        assert find_key(connection, sent) is None
        assert find_key(connection, made.secret.upper()) is None
        assert find_key(connection, made.secret[:-1]) is None


@pytest.mark.parametrize("name", ["", "   ", "a" * 101, "a\x1b[31m", "a\u202eb", "a\x00b"])
def test_a_name_that_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadInput, match="a key needs a name of 1 to 100 printable characters"):
        add(store, name)


def test_two_usable_keys_have_two_names(store: Store) -> None:
    first = add(store, "news  desk")
    with pytest.raises(BadInput, match="there is already a key named 'news desk': revoke it first"):
        add(store, " news desk ")
    revoke(store, first.record.id)
    assert add(store, "news desk").record.id == 2


def test_two_who_add_a_name_at_once_make_one_key(store: Store) -> None:
    refused: list[str] = []

    def try_to() -> None:
        try:
            add(store)
        except BadInput as error:
            refused.append(str(error))

    threads = [threading.Thread(target=try_to) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert (len(list_keys(connection)), len(refused)) == (1, 3)


def test_a_scope_that_there_is_not_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="'king' is not a key scope: choose from read, edit, admin"):
        add(store, scope="king")


def test_a_revoked_key_is_good_for_nothing_and_stays_so(store: Store) -> None:
    made = add(store)
    with store.write() as connection:
        token = begin_session(connection, made.record.id, now=NOON)
        gone = revoke_key(connection, made.record.id, now=NOON)
        assert revoke_key(connection, made.record.id, now=NOON + timedelta(days=1)) == gone
        assert find_key(connection, made.secret) is None
        assert not is_key_usable(connection, made.record.id)
        assert find_session(connection, token, now=NOON) is None
        with pytest.raises(NotFound, match="there is no key 7"):
            revoke_key(connection, 7, now=NOON)


def test_the_last_admin_key_is_no_spare_one(store: Store) -> None:
    first = add(store, "first", "admin")
    with store.write() as connection:
        with pytest.raises(BadInput, match="add another admin key first"):
            revoke_key_unless_last(connection, first.record.id, now=NOON)
        second = add_key(connection, "second", "admin", now=NOON)
        revoke_key_unless_last(connection, first.record.id, now=NOON)
        assert has_admin_key(connection)
        revoke_key(connection, second.record.id, now=NOON)
        assert not has_admin_key(connection)


def test_the_key_of_the_environment_is_taken_up_once_and_takes_the_place_of_the_one_before(store: Store) -> None:
    with store.write() as connection:
        first = import_environment_key(connection, GIVEN, now=NOON)
        assert import_environment_key(connection, GIVEN, now=NOON) == first
        assert (first.scope, first.from_environment, first.prefix) == ("admin", True, "")
        second = import_environment_key(connection, OTHER, now=NOON)
        assert not is_key_usable(connection, first.id)
        assert find_key(connection, OTHER) == second
        with pytest.raises(BadInput, match="ONESTORY_ADMIN_KEY is a key that was revoked: use another one"):
            import_environment_key(connection, GIVEN, now=NOON)


def test_a_key_that_may_only_read_does_not_become_an_admin_key_by_the_environment(store: Store) -> None:
    made = add(store, scope="read")
    with store.write() as connection, pytest.raises(BadInput, match="has only the scope read"):
        import_environment_key(connection, made.secret, now=NOON)


def test_its_use_is_noted_once_in_some_minutes(store: Store) -> None:
    made = add(store)
    for minutes in (0, 1, 4, 6):
        with store.write() as connection:
            record_key_use(connection, made.record.id, now=NOON + timedelta(minutes=minutes))
            used = list_keys(connection)[0].last_used
        assert used == NOON + timedelta(minutes=minutes if minutes == 6 else 0)


def test_a_session_lasts_its_time_and_no_longer(store: Store) -> None:
    made = add(store)
    with store.write() as connection:
        token, other = (begin_session(connection, made.record.id, now=NOON) for _ in range(2))
        assert find_session(connection, token, now=NOON) == (made.record, NOON + SESSION_LIFETIME)
        assert find_session(connection, token, now=NOON + SESSION_LIFETIME) is None
        assert find_session(connection, token[:-1], now=NOON) is None
        end_session(connection, token)
        assert find_session(connection, token, now=NOON) is None
        assert find_session(connection, other, now=NOON) is not None
        kept = " ".join(str(row) for row in connection.execute(text("SELECT * FROM sessions")))
        assert other not in kept


def test_sessions_that_ended_and_those_too_many_are_forgotten(store: Store) -> None:
    made = add(store)
    with store.write() as connection:
        for second in range(MAX_SESSIONS + 3):
            begin_session(connection, made.record.id, now=NOON + timedelta(seconds=second))
        count = text("SELECT count(*) FROM sessions")
        assert connection.execute(count).scalar_one() == MAX_SESSIONS
        begin_session(connection, made.record.id, now=NOON + 2 * SESSION_LIFETIME)
        assert connection.execute(count).scalar_one() == 1


@pytest.mark.parametrize("value", ["short", "a" * 40, "0123456789 abcdef0123456789abcdef", "é" * 40, "x" * 300])
def test_a_weak_admin_key_is_refused_with_the_remedy_and_not_told(value: str) -> None:
    with pytest.raises(BadInput, match="openssl rand -hex 24") as refused:
        Config.read({"ONESTORY_ADMIN_KEY": value})
    assert value not in str(refused.value)
    assert GIVEN not in repr(Config.read({"ONESTORY_ADMIN_KEY": GIVEN}))


@pytest.mark.parametrize("value", ["desk.example", "ftp://desk.example", "https://desk.example/path", "https://a b"])
def test_what_is_no_public_url_is_refused_by_name(value: str) -> None:
    with pytest.raises(BadInput, match="ONESTORY_PUBLIC_URL"):
        Config.read({"ONESTORY_PUBLIC_URL": value})
    assert Config.read({"ONESTORY_PUBLIC_URL": "https://Desk.example/"}).public_url == "https://desk.example"


@pytest.mark.parametrize("name", ["DESK", "Desk ", "dеsk", "ｄｅｓｋ", "ᴅᴇꜱᴋ", "de\u3164sk", "desk\u034f"])
def test_a_name_that_readers_take_for_another_is_refused(store: Store, name: str):
    """Names sign decisions: a key named `dеsk`, with a Cyrillic letter, would sign as the desk."""
    first = add(store, "desk")
    with pytest.raises(BadInput, match=r"'desk'|printable"):
        add(store, name)
    revoke(store, first.record.id)
    add(store, "desk two")
    add(store, "десk")
