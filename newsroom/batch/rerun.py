"""The stories of a store's versions, found again by the batch."""

from collections.abc import Collection

import orjson

from onestory.pipelines.batch.bands import make_pairs
from onestory.pipelines.batch.comparison import compare_pairs
from onestory.pipelines.batch.components import group_articles
from onestory.pipelines.batch.directory import make_directory
from onestory.pipelines.batch.evaluation import evaluated_group, forget_opened, make_template
from onestory.pipelines.batch.parts import Progress, Setting, do_parts
from onestory.pipelines.batch.stored import read_store, stored_stories
from onestory.store.database import Store

__all__ = ["stories_again"]


def stories_again(
    setting: Setting, store: Store, *, chosen: Collection[str] | None, progress: Progress
) -> dict[str, str]:
    """The story of each article by the batch, of these articles or of all."""
    forget_opened()
    read_store(setting, store, chosen=chosen, progress=progress)
    make_directory(setting, progress=progress)
    make_pairs(setting, progress=progress)
    compare_pairs(setting, progress=progress)
    groups = range(len(group_articles(setting, progress=progress)))
    make_template(setting)
    do_parts("stories", write_homes, groups, setting, name=_name, progress=progress)
    found: dict[str, str] = {}
    for group in groups:
        found |= orjson.loads((setting.folder.path / _name(group)).read_bytes())
    return found


def _name(group: int) -> str:
    return f"homes/{group:06d}.json"


def write_homes(setting: Setting, group: int) -> None:
    """The story of each article of a group."""
    with evaluated_group(setting, group) as evaluated, evaluated.store.read() as connection:
        setting.folder.write_bytes(_name(group), orjson.dumps(stored_stories(connection, None)))
