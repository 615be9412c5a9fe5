"""Messages by e-mail, through the operator's mail server (RFC 5321, RFC 5322)."""

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import localtime
from urllib.parse import unquote, urlsplit

import orjson

from onestory.errors import BadInput
from onestory.newsroom.webhooks.delivery import DeliveryResult, check_webhook_url
from onestory.text import printable

__all__ = ["MAIL_PREFIX", "MailServer", "check_target", "mail_address", "send_mail"]

MAIL_PREFIX = "mailto:"
TIMEOUT_SECONDS = 15.0
MAX_ADDRESS = 254
# One address without a name, comments or quotes, in ASCII.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
NO_SERVER = "no mail server is set up: set ONESTORY_SMTP_URL"
DELIVERED = 250


@dataclass(frozen=True, slots=True)
class MailServer:
    """The operator's mail server. Without `is_tls` it must offer STARTTLS before a password is sent."""

    host: str
    port: int
    is_tls: bool
    user: str | None
    password: str | None = field(repr=False)
    sender: str

    @classmethod
    def of(cls, url: str, sender: str | None) -> "MailServer":
        """Read `smtp://user:password@host:587` or `smtps://host`. Raises BadInput, which never has the password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadInput("ONESTORY_SMTP_URL is not an address; it reads like smtp://user@mail.example:587") from error
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise BadInput("ONESTORY_SMTP_URL is not an address; it reads like smtp://user@mail.example:587")
        is_tls = parts.scheme == "smtps"
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        address = mail_address(sender or f"onestory@{parts.hostname}")
        return cls(parts.hostname, port or (465 if is_tls else 587), is_tls, user, password, address)


def mail_address(typed: str) -> str:
    """Check an address. Raises BadInput."""
    address = typed.strip().removeprefix(MAIL_PREFIX)
    if len(address) > MAX_ADDRESS or not ADDRESS.fullmatch(address) or ".." in address:
        raise BadInput(f"{printable(typed, width=100)!r} is not an e-mail address")
    return address


def check_target(url: str, form: str) -> str:
    """The address that a webhook of this form may have. Raises BlockedAddress or BadInput."""
    return MAIL_PREFIX + mail_address(url) if form == "email" else check_webhook_url(url)


def send_mail(server: MailServer | None, to: str, *, message_id: str, body: str) -> DeliveryResult:
    """Send one mail to a `mailto:` address. Errors are returned in `why`, never raised.

    `body` is JSON with `subject` and `text`. The id is the same for all attempts, so that mail servers see repetitions.
    """
    if server is None:
        return DeliveryResult(None, NO_SERVER)
    try:
        mail = _mail(server, mail_address(to), message_id, body)
        connection = _connected(server)
        try:
            connection.send_message(mail)
        finally:
            # Whatever the server answers to a goodbye, the mail was taken or refused before.
            connection.close()
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error if isinstance(error.smtp_error, str) else error.smtp_error.decode("utf-8", "replace")
        return DeliveryResult(None, f"the mail server answers {error.smtp_code}: {printable(said, width=200)}")
    except smtplib.SMTPRecipientsRefused as error:
        code, refused = next(iter(error.recipients.values()))
        told = printable(refused.decode("utf-8", "replace"), width=200)
        return DeliveryResult(None, f"the mail server answers {code}: {told}")
    except (smtplib.SMTPException, BadInput) as error:
        return DeliveryResult(None, printable(str(error), width=200))
    except OSError as error:
        return DeliveryResult(None, f"the mail server is unreachable: {printable(str(error), width=200)}")
    return DeliveryResult(DELIVERED)


def _mail(server: MailServer, to: str, message_id: str, body: str) -> EmailMessage:
    said = orjson.loads(body)
    mail = EmailMessage()
    mail["Subject"] = printable(str(said["subject"]), width=250)
    mail["From"] = f"Onestory <{server.sender}>"
    mail["To"] = to
    mail["Date"] = localtime()
    mail["Message-ID"] = f"<{message_id}@{server.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(str(said["text"]))
    return mail


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.is_tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        connection.ehlo()
        if connection.has_extn("starttls"):
            connection.starttls(context=context)
        elif server.user is not None:
            connection.close()
            raise smtplib.SMTPException("the mail server offers no STARTTLS, so no password is sent to it")
    if server.user is not None:
        connection.login(server.user, server.password or "")
    return connection
