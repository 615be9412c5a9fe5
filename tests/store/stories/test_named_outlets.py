"""Outlets that are known by their articles only, and get a record by being named."""

from sqlalchemy import select

from onestory.store.database import Store
from onestory.store.schema import outlets
from onestory.store.sources.source_list import SourceEntry, add_sources
from onestory.store.stories.components import load_members
from onestory.store.stories.outlets import update_outlet
from tests.readings import NOON, reading, save_all


def test_naming_an_outlet_does_not_make_its_statements_believed_and_its_first_source_completes_it(store: Store) -> None:
    [saved] = save_all(store, [reading("https://www.bay.example/b", "One two three four five.", outlet="Bay News")])
    with store.write() as connection:
        update_outlet(connection, "Bay News", ours=True, owner="Coast Media")
        assert [member.is_known for member in load_members(connection, [saved.article_id])] == [False]
        add_sources(connection, [SourceEntry("https://www.bay.example/feed", "feed", "Bay News")], now=NOON)
        assert [member.is_known for member in load_members(connection, [saved.article_id])] == [True]
        [row] = connection.execute(select(outlets)).all()
    assert (row.host, row.ours, row.owner) == ("www.bay.example", True, "Coast Media")
