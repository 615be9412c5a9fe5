"""Watches by e-mail, against a mail server that speaks SMTP on loopback."""

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx2 as httpx
import pytest

from onestory.errors import BadInput
from onestory.newsroom.webhooks.mail import MailServer, check_target, send_mail
from onestory.newsroom.webhooks.sender import Targets, send_due_messages
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.watches.creation import WatchRequest, create_watch
from onestory.ssrf import AllowList
from onestory.store.database import Store
from onestory.store.events.event_log import add_event
from tests.newsroom.locked import Locked, locked_desk
from tests.newsroom.news import BRIDGE, NOON, put, story_of
from tests.newsroom.test_pages import read, words
from tests.readings import fresh_registry, stories_of


@dataclass(slots=True)
class Postbox:
    port: int = 0
    refuses: bool = False
    mails: list[EmailMessage] = field(default_factory=list)


@contextmanager
def postbox() -> Iterator[Postbox]:
    """A server that takes every mail, or refuses every recipient."""
    box = Postbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 box")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.say("354 go on")
                    body = b"".join(iter(self.rfile.readline, b".\r\n"))
                    box.mails.append(email.message_from_bytes(body, policy=email.policy.default))  # type: ignore[arg-type]
                self.say("550 no such user" if verb == b"RCPT" and box.refuses else "250 ok")
                if verb == b"QUIT":
                    return

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield box
        server.shutdown()
        thread.join()


@dataclass(frozen=True, slots=True)
class Desk:
    locked: Locked
    index_client: IndexClient
    watch: int

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        return self.locked.client.request(method, path, headers=self.locked.bearer("edit"), **sent)


@pytest.fixture
def desk(sqlite_store_url: str, redis_url: str, prefix: str) -> Iterator[Desk]:
    """A server with a mail server, and a watch."""
    store = Store.open(sqlite_store_url)
    index_client = fresh_registry(store, redis_url, prefix)
    wish = WatchRequest(["harbour bridge"], name="The bridge")
    begun = create_watch(store, wish, clock=lambda _: NOON)
    with locked_desk(store, redis_url, prefix, sends_mail=True) as locked:
        index_client.rebuild()
        yield Desk(locked, index_client, begun.watch.id)
    index_client.index.redis.close()
    store.close()


def send(desk: Desk, box: Postbox | None) -> int:
    server = MailServer.of(f"smtp://127.0.0.1:{box.port}", "desk@onestory.example") if box else None
    targets = Targets(AllowList(), server, "https://desk.example")
    return sum(send_due_messages(desk.locked.store, targets, now=NOON + timedelta(days=day)) for day in (0, 1))


def news(desk: Desk) -> None:
    """A story of two copies with a hostile headline, which the watch matches."""
    pieces = story_of(BRIDGE, copies=2, name="bridge", title="Bridge\r\nBcc: x@y.example")
    put(desk.locked.store, desk.index_client, pieces)
    [story] = stories_of(desk.locked.store)
    about = {"story_id": story.id, "watch_id": desk.watch, "data": {"watch": "The bridge"}}
    with desk.locked.store.write() as connection:
        add_event(connection, "watch.matched", now=NOON, **about)


def test_a_watch_sends_mails_of_what_it_matches(desk: Desk) -> None:
    added = desk.ask("POST", f"/v1/watches/{desk.watch}/recipients", json={"address": "ada@paper.example"})
    assert (added.status_code, added.json()["address"]) == (201, "ada@paper.example")
    news(desk)
    with postbox() as box:
        assert send(desk, box) == 1
    [mail] = box.mails
    assert (mail["To"], mail["From"]) == ("ada@paper.example", "Onestory <desk@onestory.example>")
    assert mail["Subject"].startswith("Matches your watch: Bridge")
    assert mail["Bcc"] is None
    text = mail.get_content()
    assert "“The bridge”" in text
    assert "2 copies in 2 outlets" in text
    assert "https://desk.example/stories/" in text


def test_a_mail_that_is_refused_or_cannot_be_sent_says_why(desk: Desk) -> None:
    number = desk.ask("POST", f"/v1/watches/{desk.watch}/recipients", json={"address": "a@b.example"}).json()["id"]
    news(desk)
    assert send(desk, None) == 1
    [told] = desk.ask("GET", f"/v1/watches/{desk.watch}/recipients").json()["recipients"]
    assert (told["id"], "ONESTORY_SMTP_URL" in told["why"]) == (number, True)


def test_the_reply_of_the_mail_server_is_the_reason() -> None:
    with postbox() as box:
        box.refuses = True
        server = MailServer.of(f"smtp://127.0.0.1:{box.port}", "desk@onestory.example")
        result = send_mail(server, "mailto:a@b.example", message_id="m1", body='{"subject": "s", "text": "t"}')
        assert (result.is_delivered, result.why) == (False, "the mail server answers 550: no such user")
    gone = send_mail(server, "mailto:a@b.example", message_id="m1", body='{"subject": "s", "text": "t"}')
    assert (gone.why or "").startswith("the mail server is unreachable")


def test_no_password_is_sent_without_encryption() -> None:
    with postbox() as box:
        server = MailServer.of(f"smtp://ada:secret@127.0.0.1:{box.port}", "desk@onestory.example")
        result = send_mail(server, "mailto:a@b.example", message_id="m1", body='{"subject": "s", "text": "t"}')
    assert result.why == "the mail server offers no STARTTLS, so no password is sent to it"
    assert "secret" not in repr(server)


@pytest.mark.parametrize(
    "typed",
    ["a@b.example\r\nBcc: c@d.example", "Ada <a@b.example>", "a@b.example,c@d.example", "a@@b.example", ""],
)
def test_only_one_plain_address_is_one(typed: str) -> None:
    with pytest.raises(BadInput, match="is not an e-mail address"):
        check_target(typed, "email")


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "mail.example:25", "smtp://mail.example:port"])
def test_a_mail_server_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(BadInput, match="ONESTORY_SMTP_URL is not an address"):
        MailServer.of(url, None)


def test_editors_add_and_remove_addresses_on_the_page_of_the_watch(desk: Desk) -> None:
    with desk.locked.signed_in("edit") as client:
        page = read(client.get(f"/watches/{desk.watch}"))
        token = page.xpath("//input[@name='form_token']/@value")[0]
        form = {"form_token": token, "address": "ada@paper.example"}
        assert client.post(f"/watches/{desk.watch}/recipients", data=form).status_code == 303
        twice = read(client.post(f"/watches/{desk.watch}/recipients", data=form), 422)
        assert "already gets the mails of this watch" in words(twice, "//*[@role='alert']")
        assert "ada@paper.example" in words(twice)
        [remove] = twice.xpath("//form[contains(@action, '/remove')]/@action")
        assert client.post(remove, data={"form_token": token}).status_code == 303
        assert client.post(remove, data={"form_token": token}).status_code == 404
    listed = desk.ask("GET", f"/v1/watches/{desk.watch}/recipients").json()
    assert listed == {"recipients": []}
    reader = desk.locked.client.get(f"/v1/watches/{desk.watch}/recipients", headers=desk.locked.bearer("read"))
    assert reader.status_code == 403


def test_without_a_mail_server_nobody_is_promised_mails(small: Locked) -> None:
    watch = create_watch(small.store, WatchRequest(["bridge"]), clock=lambda _: NOON).watch.id
    sent = {"address": "a@b.example"}
    answer = small.client.post(f"/v1/watches/{watch}/recipients", headers=small.bearer("edit"), json=sent)
    assert (answer.status_code, "mail server is set up" in answer.json()["detail"]) == (422, True)
