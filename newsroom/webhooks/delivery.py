"""Delivery of webhook messages: signed by Standard Webhooks, to checked addresses only.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit

import h11

from onestory.errors import BadInput
from onestory.ssrf import AllowList, BlockedAddress, GuardedResolver, checked_url
from onestory.text import printable

__all__ = ["DeliveryResult", "check_webhook_url", "new_webhook_secret", "send_webhook", "sign_webhook"]

CALL_TIMEOUT_SECONDS = 15.0
MAX_RESPONSE_BYTES = 1024
MAX_HEAD_BYTES = 16_384
SIGNING_KEY_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The result of a delivery. A status of 200 to 299 means success; `why` explains failures in plain words."""

    http_status: int | None
    why: str | None = None

    @property
    def is_delivered(self) -> bool:
        return self.http_status is not None and 200 <= self.http_status < 300


def new_webhook_secret() -> str:
    """A secret of 192 bits, in the format of Standard Webhooks libraries."""
    return SIGNING_KEY_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def sign_webhook(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: HMAC-SHA256 over id, time and body."""
    try:
        key = base64.b64decode(secret.removeprefix(SIGNING_KEY_PREFIX), validate=True)
    except binascii.Error as error:
        raise BadInput(f"the secret of a webhook is {SIGNING_KEY_PREFIX} followed by base64") from error
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def check_webhook_url(url: str) -> str:
    """Check the text of a webhook's URL. Raises BlockedAddress or BadInput."""
    checked_url(url)  # its normal form is not used: the query is part of a webhook's address
    if len(url) > 2000 or not url.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise BadInput("the URL of a webhook must be ASCII without spaces, of at most 2,000 characters")
    try:
        port = urlsplit(url).port
    except ValueError as error:
        raise BadInput(f"{printable(url, width=200)} is not a URL: {error}") from error
    if port == 0:
        raise BadInput("a webhook cannot listen on port 0")
    return url


async def send_webhook(
    url: str, *, secret: str, message_id: str, body: str, at: datetime, allow: AllowList
) -> DeliveryResult:
    """Send one message. Errors are returned in `why`, never raised."""
    content = body.encode()
    headers = {
        "content-type": "application/json",
        "user-agent": "Onestory (webhook)",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": sign_webhook(secret, message_id, int(at.timestamp()), content),
    }
    try:
        async with asyncio.timeout(CALL_TIMEOUT_SECONDS):
            return await _post(check_webhook_url(url), headers, content, allow)
    except TimeoutError:
        return DeliveryResult(None, f"no response within {CALL_TIMEOUT_SECONDS:.0f} s")
    except (BlockedAddress, BadInput) as error:
        return DeliveryResult(None, str(error))
    except ssl.SSLError as error:
        return DeliveryResult(None, f"TLS: {error.reason or error}")
    except (OSError, UnicodeError) as error:
        return DeliveryResult(None, f"unreachable: {printable(str(error), width=200)}")
    except h11.RemoteProtocolError as error:
        return DeliveryResult(None, f"not a valid HTTP response: {printable(str(error), width=200)}")


async def _post(url: str, headers: dict[str, str], content: bytes, allow: AllowList) -> DeliveryResult:
    """Connect to the address that was checked, so that no second DNS answer can lead elsewhere."""
    parts = urlsplit(url)
    name, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    resolver = GuardedResolver(asyncio.get_running_loop(), allow)
    address = (await resolver.addresses(name, port))[0]
    reader, writer = await asyncio.open_connection(
        str(address), port, ssl=_tls() if is_tls else None, server_hostname=name if is_tls else None
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        all_headers = {"host": parts.netloc, **headers, "content-length": str(len(content)), "connection": "close"}
        return await _exchange(reader, writer, target, all_headers, content)
    finally:
        writer.transport.abort()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str, headers: dict[str, str], content: bytes
) -> DeliveryResult:
    ours = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
    request = h11.Request(method="POST", target=target, headers=list(headers.items()))
    for part in (request, h11.Data(data=content), h11.EndOfMessage()):
        writer.write(ours.send(part) or b"")
    await writer.drain()
    status, said = None, b""
    while len(said) < MAX_RESPONSE_BYTES:
        event = ours.next_event()
        if event is h11.NEED_DATA:
            ours.receive_data(await reader.read(MAX_RESPONSE_BYTES))
        elif isinstance(event, h11.Response):
            status = event.status_code
            if 200 <= status < 300:
                break
        elif isinstance(event, h11.Data):
            said += bytes(event.data)
        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
            break
    return DeliveryResult(status, _why(status, said[:MAX_RESPONSE_BYTES]))


def _why(status: int | None, said: bytes) -> str | None:
    if status is None:
        return "the connection was closed without a response"
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"it responded with {status}: redirects are not followed, so set the target's address"
    words = printable(said.decode("utf-8", "replace"), width=200)
    return f"it responded with {status}" + (f": {words}" if words else "")
