"""`onestory alert`: what `onestory status` says is to be done, by mail or webhook, once a day for the same cause."""

import logging
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import orjson
import typer

from onestory.config import Config
from onestory.errors import BadInput, OnestoryError, Unavailable
from onestory.logs import configure_logging
from onestory.newsroom.maintenance.status import Task, status_of
from onestory.newsroom.terminal.console import HomeOption, load_config
from onestory.newsroom.terminal.output import print_line
from onestory.newsroom.terminal.repeating import parse_every, stop_at_sigterm
from onestory.newsroom.webhooks.mail import MailServer, send_mail
from onestory.pipelines.runtime.engine import open_engine
from onestory.store.database import Store
from onestory.store.settings import ALERTS_SENT, read_setting, write_setting
from onestory.text import plural, printable
from onestory.times import iso_utc, parse_iso_time, utc_now

__all__ = ["AlertFailed", "alert_command", "deliver", "is_quiet", "send_alerts"]

logger = logging.getLogger(__name__)

AGAIN = timedelta(days=1)
TIMEOUT_SECONDS = 30


class AlertFailed(Unavailable):
    reason = "alert_failed"


def alert_command(
    every: Annotated[
        str | None, typer.Option(metavar="AGE", help="Repeat at this interval until interrupted, as in 15m.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Send the problems that `onestory status` reports by mail or webhook, once a day for each cause.

    Set ONESTORY_ALERT_MAIL and ONESTORY_SMTP_URL, or ONESTORY_ALERT_WEBHOOK.
    """
    config = load_config(home)
    if not config.alerts.is_set:
        raise BadInput(
            "nobody is to be alerted: set ONESTORY_ALERT_MAIL and ONESTORY_SMTP_URL, or ONESTORY_ALERT_WEBHOOK"
        )
    if every is None:
        for task in _look(config):
            print_line(printable(f"sent: {task.what}"))
        return
    pause = parse_every(every)
    configure_logging(as_json=config.log_json)
    with stop_at_sigterm() as stop:
        _repeat(config, pause, stop)


def _repeat(config: Config, pause: timedelta, stop: threading.Event) -> None:
    while True:
        try:
            for task in _look(config):
                logger.info("alert sent: %s", task.what)
        except OnestoryError as error:
            logger.warning("no alert could be sent (%s)", error)
        if stop.wait(pause.total_seconds()):
            return


def _look(config: Config) -> list[Task]:
    now = utc_now()
    with open_engine(config) as engine:
        found = status_of(config, engine, now=now)
        return send_alerts(config, engine.store, found.todo, now=now)


def send_alerts(config: Config, store: Store, tasks: Sequence[Task], *, now: datetime) -> list[Task]:
    """Send the tasks whose cause was not sent within a day, outside quiet hours; return them. Raises AlertFailed."""
    if is_quiet(config.alerts.quiet, now.astimezone().time()):
        return []
    with store.read() as connection:
        kept = orjson.loads(read_setting(connection, ALERTS_SENT) or "{}")
    sent = {cause: at for cause, at in kept.items() if now - parse_iso_time(at) < AGAIN}
    due = [task for task in tasks if task.cause not in sent]
    if not due:
        return []
    deliver(config, due)
    with store.write() as connection:
        write_setting(connection, ALERTS_SENT, orjson.dumps(sent | {task.cause: iso_utc(now) for task in due}).decode())
    return due


def is_quiet(hours: tuple[time, time] | None, at: time) -> bool:
    """Whether the local time is within the quiet hours, which may include midnight."""
    if hours is None:
        return False
    begin, end = hours
    return begin <= at < end if begin <= end else at >= begin or at < end


def deliver(config: Config, tasks: Sequence[Task]) -> None:
    """Send one message with all tasks to every receiver. Raises AlertFailed if one of them does not take it."""
    lines = [printable(task.what) for task in tasks]
    more = f" (and {plural(len(lines) - 1, 'other matter', 'other matters')})" if len(lines) > 1 else ""
    subject = f"Onestory: {lines[0]}{more}"
    body = "\n".join(f"- {line}" for line in lines) + "\n\n`onestory status` and `onestory doctor` say more.\n"
    if config.alerts.mail:
        _mail(config, subject, body)
    if config.alerts.webhook:
        _post(config.alerts.webhook, f"{subject}\n{body}")


def _mail(config: Config, subject: str, body: str) -> None:
    server = MailServer.of(config.smtp_url or "", config.mail_from)
    message = orjson.dumps({"subject": subject, "text": body}).decode()
    for address in config.alerts.mail:
        result = send_mail(server, address, message_id=f"alert-{uuid.uuid4().hex}", body=message)
        if result.why is not None:
            raise AlertFailed(f"no mail to {printable(address)} ({result.why}): see ONESTORY_SMTP_URL")


def _post(url: str, text: str) -> None:
    # The form that Slack, Mattermost and others take.
    headers = {"Content-Type": "application/json", "User-Agent": "onestory"}
    request = Request(url, orjson.dumps({"text": text}), headers)  # noqa: S310 - the operator's own, http or https
    try:
        urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310
    except OSError as error:  # urllib's errors are OSErrors
        if isinstance(error, HTTPError):
            error.close()
        # The address may hold a secret.
        raise AlertFailed(f"the webhook does not take the alert ({error}): see ONESTORY_ALERT_WEBHOOK") from error
