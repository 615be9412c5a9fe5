"""`onestory alert`: mail and webhook, once a day for the same cause, not in quiet hours."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from onestory.config import Config
from onestory.errors import BadInput
from onestory.newsroom.maintenance.alerts import AlertFailed, is_quiet, send_alerts
from onestory.newsroom.maintenance.status import Task
from onestory.store.database import Store
from tests.cli import onestory, write_rows
from tests.news_texts import wire_article
from tests.readings import NOON

BACKUP = Task("backup", "run `onestory backup DIR`: there is no backup yet")
DISK = Task("disk", "make room on the disk of /data: at this rate the crawl stops on 2026-12-24")


@dataclass
class MailServer:
    """A mail server that takes everything, or nothing."""

    port: int
    refuses: bool = False
    letters: list[str] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)

    def converse(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb", buffering=0) as line:
            line.write(b"220 mail.example\r\n")
            for request in line:
                word = request.decode().strip().upper()
                if word == "DATA":
                    line.write(b"354 go on\r\n")
                    self.letters.append(self._letter(line))
                if word.startswith("RCPT"):
                    self.receivers.append(request.decode().strip())
                if word == "QUIT":
                    line.write(b"221 bye\r\n")
                    return
                line.write(b"554 no\r\n" if self.refuses and word.startswith("MAIL") else b"250 ok\r\n")

    def _letter(self, line: Iterator[bytes]) -> str:
        read = []
        for part in line:
            if part == b".\r\n":
                break
            read.append(part.decode())
        return "".join(read)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = MailServer(listening.getsockname()[1])

        def serve() -> None:
            while True:
                connection, _ = listening.accept()
                if ended.is_set():
                    connection.close()
                    return
                server.converse(connection)

        ended = threading.Event()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server
        ended.set()
        socket.create_connection(("127.0.0.1", server.port)).close()
        thread.join()


@contextmanager
def webhook(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", told
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(mail: MailServer) -> Config:
    return Config.read(
        {
            "ONESTORY_ALERT_MAIL": "ada@desk.example, bo@desk.example",
            "ONESTORY_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
            "ONESTORY_MAIL_FROM": "onestory@desk.example",
        }
    )


def test_what_is_to_be_done_is_one_mail_to_all(store: Store, settings: Config, mail: MailServer) -> None:
    assert send_alerts(settings, store, [DISK, BACKUP], now=NOON) == [DISK, BACKUP]
    letter, _ = mail.letters
    read = message_from_string(letter, policy=policy.default)
    assert read["Subject"] == f"Onestory: {DISK.what} (and 1 other matter)"
    assert (read["From"], read["To"]) == ("Onestory <onestory@desk.example>", "ada@desk.example")
    assert [line for line in letter.splitlines() if line.startswith("- ")] == [f"- {DISK.what}", f"- {BACKUP.what}"]
    assert [one.partition("<")[2] for one in mail.receivers] == ["ada@desk.example>", "bo@desk.example>"]


def test_the_same_cause_is_sent_once_a_day_and_another_one_at_once(
    store: Store, settings: Config, mail: MailServer
) -> None:
    def at(hours: float, *tasks: Task) -> list[Task]:
        return send_alerts(settings, store, tasks, now=NOON + timedelta(hours=hours))

    assert at(0, BACKUP) == [BACKUP]
    assert at(1, replace(BACKUP, what="in other words")) == []
    assert at(2) == []
    assert at(3, BACKUP, DISK) == [DISK]
    assert at(24, BACKUP, DISK) == [BACKUP]
    assert at(27, BACKUP, DISK) == [DISK]
    assert len(mail.letters) == 2 * 4


def test_what_could_not_be_sent_is_sent_the_next_time(store: Store, settings: Config, mail: MailServer) -> None:
    mail.refuses = True
    with pytest.raises(AlertFailed, match=r"ada@desk\.example \(the mail server answers 554.*ONESTORY_SMTP_URL"):
        send_alerts(settings, store, [BACKUP], now=NOON)
    mail.refuses = False
    assert send_alerts(settings, store, [BACKUP], now=NOON) == [BACKUP]


def test_a_webhook_gets_a_text_and_one_that_fails_is_said_without_its_address(store: Store) -> None:
    with webhook() as (url, told):
        send_alerts(Config.read({"ONESTORY_ALERT_WEBHOOK": url}), store, [BACKUP], now=NOON)
        assert told[0].startswith(f"Onestory: {BACKUP.what}\n- {BACKUP.what}\n")
    with webhook(500) as (url, _), pytest.raises(AlertFailed, match="ONESTORY_ALERT_WEBHOOK") as raised:
        send_alerts(Config.read({"ONESTORY_ALERT_WEBHOOK": url}), store, [DISK], now=NOON)
    assert url not in str(raised.value)


def test_nothing_is_sent_in_quiet_hours_and_it_is_sent_afterwards(
    store: Store, settings: Config, mail: MailServer
) -> None:
    local = NOON.astimezone()
    hours = replace(settings.alerts, quiet=((local - timedelta(hours=1)).time(), (local + timedelta(hours=1)).time()))
    quiet = replace(settings, alerts=hours)
    assert send_alerts(quiet, store, [BACKUP], now=NOON) == []
    assert send_alerts(quiet, store, [BACKUP], now=NOON + timedelta(hours=2)) == [BACKUP]


@pytest.mark.parametrize(
    ("at", "expected"), [("21:59", False), ("22:00", True), ("00:00", True), ("06:59", True), ("07:00", False)]
)
def test_quiet_hours_may_include_midnight(at: str, expected: bool) -> None:
    assert is_quiet((time(22), time(7)), time.fromisoformat(at)) is expected
    assert is_quiet((time(7), time(22)), time.fromisoformat(at)) is not expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ONESTORY_ALERT_MAIL": "ada@desk.example"}, "needs ONESTORY_SMTP_URL"),
        ({"ONESTORY_ALERT_WEBHOOK": "file:///etc/passwd"}, "ONESTORY_ALERT_WEBHOOK is not a URL"),
        ({"ONESTORY_ALERT_QUIET": "at night"}, "is not a range, as in 22:00-07:00"),
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Config.read(given)


def test_the_command_sends_what_status_says(home: Path, tmp_path: Path, mail: MailServer) -> None:
    rows = write_rows(tmp_path / "r.jsonl", {"url": "https://a.example/1", "title": "Ferry", "text": wire_article(1)})
    assert onestory("import", rows, home=home).returncode == 0
    assert "nobody is to be alerted" in onestory("alert", home=home).stderr
    env = {
        "ONESTORY_ALERT_MAIL": "ada@desk.example",
        "ONESTORY_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        "ONESTORY_MAIL_FROM": "onestory@desk.example",
    }
    first, second = onestory("alert", home=home, env=env), onestory("alert", home=home, env=env)
    assert (first.returncode, first.stdout) == (0, f"sent: {BACKUP.what}\n")
    assert (second.returncode, second.stdout, len(mail.letters)) == (0, "", 1)
