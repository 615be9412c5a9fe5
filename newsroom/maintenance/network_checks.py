"""The checks of `onestory doctor` that need the network: names, root certificates, and the contact page."""

import socket
import ssl
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from onestory.config import Config
from onestory.crawler.hosts.robots import AGENT, parse_robots
from onestory.newsroom.maintenance.fault import Fault
from onestory.store.database import Store
from onestory.store.sources.source_records import source_records

__all__ = ["check_certificates", "check_contact", "check_names"]

TIMEOUT_SECONDS = 10.0
MAX_RESOLVED = 5
MAX_BYTES = 500_000


def check_names(config: Config, store: Store) -> None:
    """Whether at least one of the hosts that a crawl needs has an address. One that is gone is the source's trouble."""
    with store.read() as connection:
        urls = [one.url for one in source_records(connection) if one.enabled]
    hosts = _hosts([*([config.contact] if _is_page(config.contact) else []), *urls])
    if hosts and not _resolves_any(hosts):
        named = ", ".join(hosts)
        raise Fault(f"no name is resolved ({named})", "check the network, and the name servers in /etc/resolv.conf")


def _hosts(urls: Iterable[str | None]) -> list[str]:
    found = dict.fromkeys(urlsplit(url or "").hostname for url in urls)
    return [host for host in found if host][:MAX_RESOLVED]


def _resolves_any(hosts: Collection[str]) -> bool:
    # A name server that does not answer is asked for longer than anybody waits.
    pool = ThreadPoolExecutor(len(hosts))
    waiting = [pool.submit(_resolves, host) for host in hosts]
    try:
        return any(one.result(TIMEOUT_SECONDS) for one in waiting)
    except TooLate:
        return False
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False


def check_certificates() -> None:
    """Whether the system has root certificates, without which no page is fetched by HTTPS."""
    in_file = ssl.create_default_context().cert_store_stats()["x509_ca"]
    folder = ssl.get_default_verify_paths().capath
    if not in_file and (folder is None or not any(Path(folder).iterdir())):
        raise Fault(
            "there are no root certificates, so no HTTPS server can be verified",
            "install the package ca-certificates, or name a file of them in SSL_CERT_FILE",
        )


def check_contact(config: Config) -> None:
    """Whether a publisher who follows the URL in the user agent finds a page, and robots.txt lets its tools read it."""
    page = config.contact
    if page is None or not _is_page(page):
        return
    remedy = "correct ONESTORY_CONTACT, or publish the page"
    status = _get(page)[0]
    if status is None:
        raise Fault(f"the contact page {page} cannot be reached", remedy)
    if status >= 400:
        raise Fault(f"the contact page {page} answers with {status}", remedy)
    if not parse_robots(*_get(urljoin(page, "/robots.txt"))).allows(page):
        raise Fault(f"robots.txt forbids the contact page {page}", "allow it there: publishers check it with tools")


def _is_page(contact: str | None) -> bool:
    return contact is not None and contact.startswith(("http://", "https://"))


def _get(url: str) -> tuple[int | None, bytes]:
    """The status and the beginning of the body; None if nothing answers."""
    request = Request(url, headers={"User-Agent": AGENT})  # noqa: S310 - HTTP only, as checked by the caller
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read(MAX_BYTES)
    except HTTPError as error:
        return error.code, b""
    except (URLError, OSError, ValueError):
        return None, b""
