"""What `onestory doctor` finds wrong with names, root certificates and the contact page."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from onestory.config import Config
from onestory.newsroom.maintenance.fault import Fault
from onestory.newsroom.maintenance.network_checks import check_certificates, check_contact, check_names
from onestory.store.database import Store
from onestory.store.sources.source_list import SourceEntry, add_sources

OPEN, FORBIDDEN = b"User-agent: *\nAllow: /\n", b"User-agent: *\nDisallow: /about\n"


class Site(BaseHTTPRequestHandler):
    robots = OPEN

    def do_GET(self) -> None:
        body = self.robots if self.path == "/robots.txt" else b"Our crawler."
        self.send_response(200 if self.path in ("/robots.txt", "/about") else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Site, "robots", OPEN)
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def contact(url: str) -> Config:
    return Config.read({"ONESTORY_CONTACT": url}, home=Path("unused"))


def test_the_contact_page_must_answer(site: str) -> None:
    check_contact(contact(f"{site}/about"))
    check_contact(contact("desk@outlet.example"))
    with pytest.raises(Fault, match="answers with 404"):
        check_contact(contact(f"{site}/gone"))
    with socket.create_server(("127.0.0.1", 0)) as unheard:
        port = unheard.getsockname()[1]
    with pytest.raises(Fault, match="cannot be reached"):
        check_contact(contact(f"http://127.0.0.1:{port}/about"))


def test_robots_must_allow_the_contact_page(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Site, "robots", FORBIDDEN)
    with pytest.raises(Fault, match="forbids the contact page"):
        check_contact(contact(f"{site}/about"))


def test_one_source_with_an_address_is_enough(sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, *_: object) -> list[Any]:
        if host != known:
            raise socket.gaierror("unknown")
        return [()]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    store, known = Store.open(sqlite_store_url), "b.example"
    check_names(Config.read({}, home=Path("unused")), store)  # nothing to look for
    with store.write() as connection:
        entries = [SourceEntry(f"https://{host}/feed", "feed", host) for host in ("a.example", "b.example")]
        add_sources(connection, entries, now=datetime.now(UTC))
    check_names(Config.read({}, home=Path("unused")), store)
    known = "c.example"
    with pytest.raises(Fault, match=r"no name is resolved \(.*a\.example"):
        check_names(Config.read({}, home=Path("unused")), store)
    store.close()


def test_a_system_without_root_certificates_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ssl, "create_default_context", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    paths = ssl.get_default_verify_paths()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths._replace(capath=str(tmp_path)))
    with pytest.raises(Fault, match="no root certificates"):
        check_certificates()
    (tmp_path / "root.pem").touch()
    check_certificates()
