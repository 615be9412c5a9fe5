"""Servers as they should not be: one function a kind of misbehaviour."""

import gzip
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import brotli
import zstandard

from tests.site.server import Answering, Hit, Reply, Site

__all__ = [
    "bad_chunks",
    "billion_laughs",
    "bomb_in_a_bomb",
    "brotli_bomb",
    "cut_off",
    "deflate_bomb",
    "drip_feeding",
    "endless_body",
    "endless_headers",
    "endless_hints",
    "gzip_bomb",
    "more_than_it_says",
    "no_http",
    "redirect",
    "sometimes",
    "two_lengths",
    "wrong_charset",
    "zstd_bomb",
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
    return Reply(gzip.compress(MEGABYTE * megabytes, 1), headers=(("Content-Encoding", "gzip"),))


def deflate_bomb(megabytes: int = 100) -> Reply:
    return Reply(zlib.compress(MEGABYTE * megabytes, 1), headers=(("Content-Encoding", "deflate"),))


def brotli_bomb(megabytes: int = 100) -> Reply:
    packer = brotli.Compressor(quality=1)
    packed = b"".join(packer.process(MEGABYTE) for _ in range(megabytes)) + packer.finish()
    return Reply(packed, headers=(("Content-Encoding", "br"),))


def zstd_bomb(megabytes: int = 100) -> Reply:
    return Reply(zstandard.compress(MEGABYTE * megabytes), headers=(("Content-Encoding", "zstd"),))


def bomb_in_a_bomb(megabytes: int = 100) -> Reply:
    """Packed twice, they fit into a few thousand bytes."""
    return Reply(
        gzip.compress(gzip.compress(MEGABYTE * megabytes, 1), 1), headers=(("Content-Encoding", "gzip, gzip"),)
    )


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


def endless_hints(site: Site) -> Answering:
    """Interim responses (RFC 9110, section 15.2) that no response follows."""

    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        while not site.closing.is_set():
            handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" * 64)

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


def more_than_it_says(body: bytes, more: bytes) -> Answering:
    """A Content-Length that is too short; on a connection that is kept, the rest reads like the next answer."""

    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        handler.wfile.write(head.encode() + body + more)

    return answer


def two_lengths(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n<p>five")


def bad_chunks(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a number\r\n<p>five</p>\r\n")


def status(code: str) -> Answering:
    """A whole answer with this status, whether or not it is one."""

    def answer(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(f"HTTP/1.1 {code} OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi".encode())
        handler.close_connection = True

    return answer


def hangs_up(hit: Hit, handler: BaseHTTPRequestHandler) -> None:
    """The connection ends without an answer."""
    handler.close_connection = True


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
