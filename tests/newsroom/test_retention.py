"""How long events and removed lines are kept, by form and by API."""

from datetime import timedelta

import pytest

from onestory.newsroom.webhooks.sender import prune_events_and_messages
from onestory.store.database import Store
from onestory.store.events.event_log import add_event, event_log_bounds
from onestory.store.frontier.hosts import database_time
from onestory.store.settings import Retention, read_retention, write_retention
from tests.newsroom.locked import Locked
from tests.newsroom.test_pages import read, words


@pytest.mark.parametrize(("days", "is_kept"), [(30, False), (60, True)])
def test_events_are_kept_as_long_as_was_set(store: Store, days: int, *, is_kept: bool) -> None:
    with store.write() as connection:
        write_retention(connection, Retention(events_days=days))
        add_event(connection, "story.grew", now=database_time(connection) - timedelta(days=45))
    prune_events_and_messages(store)
    with store.read() as connection:
        bounds = event_log_bounds(connection)
    assert (bounds.deleted_up_to == 0) == is_kept


def test_administrators_set_it_by_form_and_api(small: Locked) -> None:
    with small.signed_in("admin") as client:
        token = read(client.get("/settings")).xpath("//input[@name='form_token']/@value")[0]
        form = {"form_token": token, "events_days": "90", "removed_lines_days": "7"}
        assert client.post("/settings/retention", data=form).headers["location"].startswith("/settings?saved=retention")
        for wrong in ("0", "x", "99999", ""):
            refused = read(client.post("/settings/retention", data={**form, "events_days": wrong}), 422)
            assert "The retention was not saved" in words(refused, "//*[@role='alert']")
    told = small.client.get("/v1/settings/retention", headers=small.bearer("admin")).json()
    assert told == {"events_days": 90, "removed_lines_days": 7}
    wanted = {"events_days": 10, "removed_lines_days": 10}
    assert small.client.put("/v1/settings/retention", headers=small.bearer("edit"), json=wanted).status_code == 403
    assert small.client.put("/v1/settings/retention", headers=small.bearer("admin"), json=wanted).json() == wanted
    with small.store.read() as connection:
        assert read_retention(connection) == Retention(10, 10)
