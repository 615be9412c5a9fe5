"""`onestory digest`: a mail a day for editors. No address gets two for one day."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated

import orjson
import typer
from sqlalchemy import Connection

from onestory.config import Config
from onestory.errors import BadInput, OnestoryError, Unavailable
from onestory.logs import configure_logging
from onestory.newsroom.digest.gathering import digest_text, gather_digest
from onestory.newsroom.terminal.console import HomeOption, load_config, open_store
from onestory.newsroom.terminal.output import print_line
from onestory.newsroom.terminal.repeating import parse_every, stop_at_sigterm
from onestory.newsroom.webhooks.mail import MailServer, send_mail
from onestory.store.database import Store
from onestory.store.queries import AdvisoryLock, hold_advisory_lock
from onestory.store.settings import DIGESTS_SENT, read_setting, write_setting
from onestory.text import printable
from onestory.times import utc_now

__all__ = ["DigestFailed", "digest_command", "send_digests"]

logger = logging.getLogger(__name__)


class DigestFailed(Unavailable):
    reason = "digest_failed"


def digest_command(
    show: Annotated[bool, typer.Option("--print", help="Print the mail of now, and send nothing.")] = False,
    every: Annotated[
        str | None, typer.Option(metavar="AGE", help="Look at this interval until interrupted, as in 15m.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Mail editors what ran widely, what changed, and what our titles missed, once a day.

    Set ONESTORY_DIGEST_MAIL and ONESTORY_SMTP_URL. Before ONESTORY_DIGEST_HOUR nothing is sent.
    """
    config = load_config(home)
    if show:
        with open_store(config) as store:
            subject, text = _mail_of(config, store, now=utc_now())
        print_line(printable(subject), style="bold")
        typer.echo(text, nl=False)
        return
    if not config.digest_mail:
        raise BadInput("nobody gets a digest: set ONESTORY_DIGEST_MAIL and ONESTORY_SMTP_URL, or use --print")
    if every is None:
        with open_store(config) as store:
            for address in send_digests(config, store, now=utc_now()):
                print_line(f"sent to {printable(address)}")
        return
    pause = parse_every(every)
    configure_logging(as_json=config.log_json)
    with stop_at_sigterm() as stop:
        _repeat(config, pause, stop)


def _repeat(config: Config, pause: timedelta, stop: threading.Event, clock: Callable[[], datetime] = utc_now) -> None:
    while True:
        try:
            with open_store(config) as store:
                for _ in send_digests(config, store, now=clock()):
                    logger.info("digest sent")
        except OnestoryError as error:
            logger.warning("no digest could be sent (%s)", error)
        if stop.wait(pause.total_seconds()):
            return


def send_digests(config: Config, store: Store, *, now: datetime) -> list[str]:
    """Send today's digest to the addresses that did not get it; return them. Raises DigestFailed.

    Today begins at the hour of the digest, in local time. An address is marked before its mail is sent, so that a
    process that is ended in between loses one mail and sends none twice; the mark goes if the mail is refused.
    """
    local = now.astimezone()
    day = local.date().isoformat()
    if local.hour < config.digest_hour:
        return []
    mail = MailServer.of(config.smtp_url or "", config.mail_from)
    sent: list[str] = []
    body: str | None = None
    for address in config.digest_mail:
        if not _mark(store, address, day):
            continue
        if body is None:
            subject, text = _mail_of(config, store, now=now)
            body = orjson.dumps({"subject": subject, "text": text}).decode()
        result = send_mail(mail, address, message_id=f"digest-{day}", body=body)
        if result.why is not None:
            _unmark(store, address)
            raise DigestFailed(f"no mail to {printable(address)} ({result.why}): see ONESTORY_SMTP_URL")
        sent.append(address)
    return sent


def _mail_of(config: Config, store: Store, *, now: datetime) -> tuple[str, str]:
    with store.read() as connection:
        found = gather_digest(connection, now=now)
    return digest_text(found, day=now.astimezone().date(), desk=config.public_url)


def _mark(store: Store, address: str, day: str) -> bool:
    """Mark an address as served on a day; False if it was."""
    with store.write() as connection:
        hold_advisory_lock(connection, AdvisoryLock.DIGESTS)
        days = _days(connection)
        if days.get(address, "") >= day:
            return False
        write_setting(connection, DIGESTS_SENT, orjson.dumps(days | {address: day}).decode())
        return True


def _unmark(store: Store, address: str) -> None:
    with store.write() as connection:
        hold_advisory_lock(connection, AdvisoryLock.DIGESTS)
        days = _days(connection)
        days.pop(address, None)
        write_setting(connection, DIGESTS_SENT, orjson.dumps(days).decode())


def _days(connection: Connection) -> dict[str, str]:
    """The day of the latest digest, by address."""
    days: dict[str, str] = orjson.loads(read_setting(connection, DIGESTS_SENT) or "{}")
    return days
