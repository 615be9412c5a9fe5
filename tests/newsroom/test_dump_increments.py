"""A dump and its increments are the whole dump, to the byte: what is new, what has changed, what is gone."""

import shutil
from pathlib import Path

import pytest
from redis import Redis

from onestory.dedupe.index import BandIndex
from onestory.errors import BadInput
from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.merging import merge_dumps
from onestory.newsroom.dump.writer import write_dump
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.takedown import take_down
from onestory.store.database import Store
from tests.batch_rows import mixed_rows
from tests.batches import AS_OF, imported, read_table, write_jsonl

ROWS = sorted(mixed_rows(), key=lambda row: row.get("fetched", ""))
STEPS = (ROWS[:90], ROWS[90:150], ROWS[150:170])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", params=list(DumpFormat))
def dumps(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, redis_url: str
) -> Path:
    """A folder with the dumps `whole-0` to `whole-2`, and the increments `since-1` and `since-2`."""
    folder = tmp_path_factory.mktemp("dumps")
    shutil.copy(sqlite_template, folder / "onestory.db")
    store = Store.open(f"sqlite:///{folder / 'onestory.db'}")
    prefix = f"{{increments-{request.param}}}:"
    with Redis.from_url(redis_url) as redis:
        client = IndexClient(store, BandIndex(redis, prefix=prefix.strip("{}:")), ensure_server=lambda: None)
        for step, rows in enumerate(STEPS):
            imported(write_jsonl(folder / "rows.jsonl", rows), store, redis, prefix)
            if step == 1:
                first = read_table(folder / "whole-0", "articles")[0]
                take_down(store, client, first["id"], reason="asked for", archived=(), now=AS_OF)
            write_dump(store, out=folder / f"whole-{step}", file_format=request.param)
            if step:
                since = [folder / "whole-0", *(folder / f"since-{one}" for one in range(1, step))]
                write_dump(store, out=folder / f"since-{step}", file_format=request.param, since=since)
    store.close()
    return folder


def test_a_base_and_its_increments_are_the_whole_dump(dumps: Path, tmp_path: Path) -> None:
    merge_dumps([dumps / "whole-0", dumps / "since-1"], tmp_path / "one")
    merge_dumps([dumps / "whole-0", dumps / "since-1", dumps / "since-2"], tmp_path / "two")
    assert contents(tmp_path / "one") == contents(dumps / "whole-1")
    assert contents(tmp_path / "two") == contents(dumps / "whole-2")


def test_an_increment_has_what_is_new_or_changed_and_names_what_is_gone(dumps: Path) -> None:
    before, after = ({row["id"]: row for row in read_table(dumps / name, "stories")} for name in ("whole-0", "whole-1"))
    found = {row["id"]: row for row in read_table(dumps / "since-1", "stories")}
    assert found == {one: row for one, row in after.items() if before.get(one) != row}
    assert 0 < len(found) < len(after)
    assert any(one in before for one in found)
    gone = (dumps / "since-1" / "gone.jsonl").read_text()
    assert f'"articles","id":"{read_table(dumps / "whole-0", "articles")[0]["id"]}"' in gone
    assert all(one in gone for one in before.keys() - after.keys())


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["since-1", "since-2"], "name its base first"),
        (["whole-0", "since-2"], "was not made since"),
        (["whole-1", "since-1"], "was not made since"),
        (["whole-0", "whole-1"], "was not made since"),
    ],
)
def test_a_chain_that_is_none_is_refused(dumps: Path, tmp_path: Path, names: list[str], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        merge_dumps([dumps / name for name in names], tmp_path / "out")


def test_a_truncated_increment_is_refused(dumps: Path, tmp_path: Path) -> None:
    shutil.copytree(dumps / "since-1", tmp_path / "cut")
    shard = next((tmp_path / "cut" / "articles").iterdir())
    shard.write_bytes(shard.read_bytes()[:-9])
    with pytest.raises(BadInput, match="truncated or changed"):
        merge_dumps([dumps / "whole-0", tmp_path / "cut"], tmp_path / "out")
