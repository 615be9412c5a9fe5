"""What a database says, in our words: what waiting mends is told from what it does not."""

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from onestory.errors import BadInput, DatabaseUnavailable, HomeUnusable
from onestory.store.database import Store


def test_a_deadlock_is_something_to_repeat(postgres_store_url: str) -> None:
    """Two transactions take two locks in opposite order: PostgreSQL ends one, and that one may be done again."""
    store = Store.open(postgres_store_url)
    both_hold_one = threading.Barrier(2)
    faults: list[BaseException] = []

    def take(first: int, second: int) -> None:
        try:
            with store.write() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
                both_hold_one.wait()
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})
        except DatabaseUnavailable as fault:
            faults.append(fault)

    threads = [threading.Thread(target=take, args=keys) for keys in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert len(faults) == 1


def test_a_url_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="ONESTORY_DATABASE_URL"):
        Store.open("nonsense")


def test_postgresql_plans_for_the_values_that_are_asked_for(postgres_store_url: str) -> None:
    """The driver prepares what is sent five times; a plan for any value reads a table where an index would do."""
    store = Store.open(postgres_store_url)
    for _ in range(2):
        with store.read() as connection:
            assert connection.execute(text("SHOW plan_cache_mode")).scalar_one() == "force_custom_plan"
    store.close()


def test_a_new_data_folder_is_its_owners_alone_under_any_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        Store.open(f"sqlite:///{tmp_path / 'home' / 'onestory.db'}").close()
    finally:
        os.umask(former)
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_a_database_that_the_server_does_not_have_is_named(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="no_such_news").render_as_string(hide_password=False)
    with pytest.raises(HomeUnusable, match="the server has no database 'no_such_news': create it"):
        Store.open(url)
