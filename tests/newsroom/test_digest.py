"""`onestory digest`: what ran widely, what changed, what our titles missed; once a day for each address."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.digest.cli import DigestFailed, send_digests
from onestory.newsroom.digest.gathering import digest_text, gather_digest
from onestory.store.database import Store
from onestory.store.events.event_log import add_event
from onestory.store.stories.outlets import update_outlet
from tests.cli import onestory
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON, put, story_of
from tests.newsroom.test_mail import Postbox, postbox

NIGHT = NOON + timedelta(hours=6)


@pytest.fixture
def news(served: Served) -> Served:
    put(served.store, served.index_client, story_of(BRIDGE, copies=4, name="bridge", title="Bridge to close"))
    put(served.store, served.index_client, story_of(FERRY, copies=3, name="ferry", title="Ferry crews"))
    return served


def text_of(store: Store, *, now: datetime = NIGHT) -> tuple[str, str]:
    with store.read() as connection:
        return digest_text(gather_digest(connection, now=now), day=now.date(), desk="https://desk.example")


def test_it_says_what_ran_widely_what_changed_and_what_we_missed(news: Served) -> None:
    [ferry] = [
        story["id"] for story in news.client.get("/v1/stories").json()["stories"] if story["title"] == "Ferry crews"
    ]
    with news.store.write() as connection:
        update_outlet(connection, "Bridge 1", ours=True)
        add_event(connection, "story.corrected", now=NOON, story_id=ferry, data={"is_original": True})
    subject, text = text_of(news.store)
    assert subject == "Onestory, 23 November 2026: Bridge to close"
    wide, changed, missed = text.split("\n\n")
    assert [line for line in wide.splitlines() if line.startswith("- ")] == [
        "- Bridge to close (4 outlets, first seen: Bridge 0)",
        "- Ferry crews (3 outlets, first seen: Ferry 0)",
    ]
    assert "- Ferry crews (original corrected)" in changed
    assert f"https://desk.example/stories/{ferry}" in changed
    assert missed.startswith("Not in our titles\n- Ferry crews (3 outlets")
    assert "Bridge" not in missed


def test_a_quiet_day_is_said_and_what_is_older_is_left_out(news: Served) -> None:
    _, text = text_of(news.store, now=NIGHT + timedelta(days=2))
    assert "Ran widely in the last 24 hours\n- nothing" in text
    assert "Not in our titles" not in text


@pytest.fixture
def box() -> Iterator[Postbox]:
    with postbox() as found:
        yield found


@pytest.fixture
def config(box: Postbox, tmp_path: Path) -> Config:
    given = {"ONESTORY_SMTP_URL": f"smtp://127.0.0.1:{box.port}", "ONESTORY_DIGEST_MAIL": "a@b.example, c@d.example"}
    return replace(Config.read(given, home=tmp_path), mail_from="desk@onestory.example", digest_hour=0)


def test_each_address_gets_one_a_day(news: Served, box: Postbox, config: Config) -> None:
    now = NIGHT.astimezone().replace(hour=12)
    for _ in range(2):
        send_digests(config, news.store, now=now)
    assert sorted(mail["To"] for mail in box.mails) == ["a@b.example", "c@d.example"]
    assert send_digests(replace(config, digest_hour=13), news.store, now=now + timedelta(days=1)) == []
    assert len(send_digests(config, news.store, now=now + timedelta(days=1))) == 2
    assert len(box.mails) == 4


def test_a_refused_mail_is_sent_the_next_time(news: Served, box: Postbox, config: Config) -> None:
    box.refuses = True
    with pytest.raises(DigestFailed, match="550"):
        send_digests(config, news.store, now=NIGHT)
    box.refuses = False
    assert send_digests(config, news.store, now=NIGHT) == ["a@b.example", "c@d.example"]


def test_one_that_was_ended_while_it_sent_is_not_sent_again(
    news: Served, box: Postbox, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("onestory.newsroom.digest.cli.send_mail", ended)
    with pytest.raises(KeyboardInterrupt):
        send_digests(config, news.store, now=NIGHT)
    monkeypatch.undo()
    assert send_digests(config, news.store, now=NIGHT) == ["c@d.example"]


def test_the_command_prints_it_and_says_what_is_not_set(home: Path) -> None:
    assert "Corrected or taken down\n- nothing" in onestory("digest", "--print", home=home).stdout
    done = onestory("digest", home=home)
    assert (done.returncode, "ONESTORY_DIGEST_MAIL" in done.stderr) == (2, True)
    with pytest.raises(BadInput, match="ONESTORY_DIGEST_HOUR"):
        Config.read({"ONESTORY_DIGEST_HOUR": "24"}, home=home)
