"""Servers as they should not be: one function a kind of misbehaviour."""

import gzip
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tests.site.server import Answering, Hit, Reply, Site

__all__ = [
    "billion_laughs",
    "cut_off",
    "drip_feeding",
    "endless_body",
    "endless_headers",
    "gzip_bomb",
    "no_http",
    "redirect",
    "sometimes",
    "wrong_charset",
]

MEGABYTE = bytes(1 << 20)


def redirect(target: str, status: int = 302) -> Reply:
    return Reply(b"", status, headers=(("Location", target),))


def sometimes(reply: Reply, *, bad: Reply, which: Callable[[int], bool]) -> Answering:
    """The bad reply to those requests whose number, from 0, `which` picks."""
    asked: list[Hit] = []

    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> Reply:
        asked.append(hit)
        return bad if which(len(asked) - 1) else reply

    return answer


def gzip_bomb(megabytes: int = 100) -> Reply:
    return Reply(gzip.compress(MEGABYTE * megabytes), headers=(("Content-Encoding", "gzip"),))


def _begin(handler: BaseHTTPRequestHandler, *headers: tuple[str, str]) -> None:
    handler.close_connection = True
    handler.send_response(200)
    for name, value in (("Content-Type", "text/html"), *headers):
        handler.send_header(name, value)
    handler.end_headers()


def endless_body(site: Site) -> Answering:
    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        _begin(handler)
        while not site.closing.is_set():
            handler.wfile.write(MEGABYTE)

    return answer


def endless_headers(site: Site) -> Answering:
    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.flush_headers()
        line = b"X-Padding: " + b"x" * 8000 + b"\r\n"
        while not site.closing.is_set():
            handler.wfile.write(line * 64)

    return answer


def drip_feeding(site: Site) -> Answering:
    """A byte now and then, for ever."""

    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        _begin(handler)
        while not site.closing.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return answer


def cut_off(body: bytes) -> Answering:
    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        _begin(handler, ("Content-Length", str(len(body) + 1000)))
        handler.wfile.write(body)

    return answer


def no_http(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"220 mail.example ESMTP at your service\r\n\r\n")


def wrong_charset(html: str) -> Reply:
    """Windows-1252 that calls itself UTF-8."""
    return Reply(html.encode("cp1252", "replace"), kind="text/html; charset=utf-8")


def billion_laughs(link: str) -> Reply:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{entities}]>'
    item = f"<item><title>&l9;</title><link>{link}</link></item>"
    body = f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel>{item}</channel></rss>'
    return Reply(body, kind="application/rss+xml")
