"""Sends the messages of webhooks, from the one process of a store that holds the lease for it."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from crawler.guard import AllowList
from newsroom.webhook_bodies import body_of
from newsroom.webhook_call import Answer, call
from pipelines.background import Background
from store.config import Config
from store.database import Store
from store.events import forget_events
from store.hosts import database_time
from store.sender_lease import hold_sending, release_sending
from store.webhook_messages import Message, drop_message, forget_messages, keep_body
from store.webhook_outbox import claim_messages, gather_messages, has_work, settle_message
from store.webhooks import Webhook

__all__ = ["KEPT_DAYS", "Sender", "send_due"]

LOOK_SECONDS = 2.0
LEASE_SECONDS = 60.0
AT_ONCE = 16
KEPT_DAYS = 30
TIDY_SECONDS = 3600.0


class Sender(Background):
    """With a store of its own: it gathers events into messages, and sends those that are due.

    Of several processes on one store one sends; when that ends, another takes over, at the latest when its lease has
    run out. It also deletes events and settled messages that are older than KEPT_DAYS.
    """

    def __init__(self, config: Config) -> None:
        super().__init__("webhooks", pause_seconds=LOOK_SECONDS)
        self._config = config
        self._holder = secrets.token_hex(8)

    def work(self) -> None:
        store = Store.open(self._config.database_url)
        try:
            self._send(store)
        finally:
            store.close()

    def _send(self, store: Store) -> None:
        allow = AllowList.of(self._config.allow_private)
        tidied: float | None = None
        try:
            while not self.stopping.wait(LOOK_SECONDS):
                while not self.stopping.is_set() and self._may_send(store) and send_due(store, allow=allow):
                    pass
                self.note_success()
                if tidied is None or time.monotonic() - tidied > TIDY_SECONDS:
                    tidy(store)
                    tidied = time.monotonic()
        finally:
            with store.write() as connection:
                release_sending(connection, self._holder)

    def _may_send(self, store: Store) -> bool:
        """Whether there is something to do, and it is ours to do: an idle store is not written to."""
        with store.read() as connection:
            if not has_work(connection, now=database_time(connection)):
                return False
        with store.write() as connection:
            return hold_sending(connection, self._holder, seconds=LEASE_SECONDS)


def tidy(store: Store) -> None:
    with store.write() as connection:
        before = database_time(connection) - timedelta(days=KEPT_DAYS)
        forget_events(connection, before=before)
        forget_messages(connection, before=before)


def send_due(store: Store, *, allow: AllowList, now: datetime | None = None) -> int:
    """Gathers what happened, and sends up to AT_ONCE messages that are due; how many. `now` is the database's."""
    while _gather(store, now):
        pass
    claimed = _claim(store, now)
    if not claimed:
        return 0
    answers = asyncio.run(_call_all(claimed, allow=allow))
    with store.write() as connection:
        at = now or database_time(connection)
        for (_, message, _), answer in zip(claimed, answers, strict=True):
            settle_message(
                connection,
                message.id,
                now=at,
                is_delivered=answer.is_delivered,
                http_status=answer.http_status,
                why=answer.why,
            )
    return len(claimed)


def _gather(store: Store, now: datetime | None) -> int:
    with store.write() as connection:
        return gather_messages(connection, now=now or database_time(connection))


def _claim(store: Store, now: datetime | None) -> list[tuple[Webhook, Message, str]]:
    """Each with its body, which is the same at every attempt."""
    with store.write() as connection:
        ready = []
        for hook, message in claim_messages(connection, now=now or database_time(connection), limit=AT_ONCE):
            body = message.body or body_of(connection, message, hook.form)
            if body is None:
                drop_message(connection, message.id)
                continue
            keep_body(connection, message.id, body)
            ready.append((hook, message, body))
        return ready


async def _call_all(claimed: Sequence[tuple[Webhook, Message, str]], *, allow: AllowList) -> list[Answer]:
    calls = [
        call(
            hook.url,
            secret=hook.secret,
            message_id=message.message_id,
            body=body,
            at=datetime.now().astimezone(),
            allow=allow,
        )
        for hook, message, body in claimed
    ]
    return list(await asyncio.gather(*calls))
