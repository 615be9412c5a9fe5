"""The webhook sender: the thread that delivers messages, to programs, to Slack and by e-mail."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from onestory.config import Config
from onestory.newsroom.retention.enforcement import enforce_retention
from onestory.newsroom.webhooks.delivery import DeliveryResult, send_webhook
from onestory.newsroom.webhooks.mail import MailServer, send_mail
from onestory.newsroom.webhooks.messages import message_body
from onestory.periodic import PeriodicThread
from onestory.ssrf import AllowList
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.webhooks.outbox import (
    OutboxMessage,
    claim_messages,
    delete_message,
    enqueue_messages,
    has_outbox_work,
    record_delivery_attempt,
    save_message_body,
)
from onestory.store.webhooks.webhooks import WebhookRecord, acquire_sender_lease, release_sender_lease
from onestory.times import utc_now

__all__ = ["Targets", "WebhookSender", "send_due_messages"]


SEND_INTERVAL_SECONDS = 2.0

SENDER_LEASE_SECONDS = 60.0

MAX_CONCURRENT_CALLS = 16

PRUNE_INTERVAL_SECONDS = 3600.0


class WebhookSender(PeriodicThread):
    """Collects events into messages and sends those that are due, with a store of its own.

    Of several processes on one store, one sends. If it ends, another takes over, at the latest when its lease expires.
    The sender also deletes events and settled messages past their retention.
    """

    def __init__(self, config: Config) -> None:
        super().__init__("webhooks", pause_seconds=SEND_INTERVAL_SECONDS)
        self._config = config
        self._holder = secrets.token_hex(8)

    def work(self) -> None:
        store = Store.open(self._config.database_url)
        try:
            self._send(store)
        finally:
            store.close()

    def _send(self, store: Store) -> None:
        targets = Targets.of(self._config)
        tidied: float | None = None
        try:
            while not self.stopping.wait(SEND_INTERVAL_SECONDS):
                while not self.stopping.is_set() and self._may_send(store) and send_due_messages(store, targets):
                    pass
                self.note_success()
                if tidied is None or time.monotonic() - tidied > PRUNE_INTERVAL_SECONDS:
                    enforce_retention(store, self._config)
                    tidied = time.monotonic()
        finally:
            with store.write() as connection:
                release_sender_lease(connection, self._holder)

    def _may_send(self, store: Store) -> bool:
        """Whether there is something to send, and this process holds the lease. An idle store is not written to."""
        with store.read() as connection:
            if not has_outbox_work(connection, now=database_time(connection)):
                return False
        with store.write() as connection:
            return acquire_sender_lease(connection, self._holder, seconds=SENDER_LEASE_SECONDS)


@dataclass(frozen=True, slots=True)
class Targets:
    """Where messages may go: private addresses that are allowed, and the mail server, if there is one.

    `desk` is the address of the pages, for links in mails.
    """

    allow: AllowList
    mail: MailServer | None = None
    desk: str | None = None

    @classmethod
    def of(cls, config: Config) -> "Targets":
        mail = MailServer.of(config.smtp_url, config.mail_from) if config.smtp_url else None
        return cls(AllowList.of(config.allow_private), mail, config.public_url)


def send_due_messages(store: Store, targets: Targets, *, now: datetime | None = None) -> int:
    """Collect events, and send up to MAX_CONCURRENT_CALLS due messages. Returns how many. `now` defaults to the
    database clock.
    """
    while _gather(store, now):
        pass
    claimed = _claim(store, targets, now)
    if not claimed:
        return 0
    answers = asyncio.run(_call_all(claimed, targets))
    with store.write() as connection:
        at = now or database_time(connection)
        for (_, message, _), answer in zip(claimed, answers, strict=True):
            record_delivery_attempt(
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
        return enqueue_messages(connection, now=now or database_time(connection))


def _claim(store: Store, targets: Targets, now: datetime | None) -> list[tuple[WebhookRecord, OutboxMessage, str]]:
    """Due messages with their bodies, which are the same for all attempts."""
    with store.write() as connection:
        ready = []
        for hook, message in claim_messages(
            connection, now=now or database_time(connection), limit=MAX_CONCURRENT_CALLS
        ):
            body = message.body or message_body(connection, message, hook.form, desk=targets.desk)
            if body is None:
                delete_message(connection, message.id)
                continue
            save_message_body(connection, message.id, body)
            ready.append((hook, message, body))
        return ready


async def _call_all(
    claimed: Sequence[tuple[WebhookRecord, OutboxMessage, str]], targets: Targets
) -> list[DeliveryResult]:
    return list(await asyncio.gather(*(_call(hook, message, body, targets) for hook, message, body in claimed)))


async def _call(hook: WebhookRecord, message: OutboxMessage, body: str, targets: Targets) -> DeliveryResult:
    if hook.form == "email":
        return await asyncio.to_thread(send_mail, targets.mail, hook.url, message_id=message.message_id, body=body)
    return await send_webhook(
        hook.url, secret=hook.secret, message_id=message.message_id, body=body, at=utc_now(), allow=targets.allow
    )
