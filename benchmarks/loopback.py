"""A small HTTP server on loopback, in a process of its own: what benchmarks of the crawler fetch from.

Hosts are names under `.localhost`, told apart by the Host header. It does little: what is measured is the client.
"""

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["HTML", "RSS", "Answer", "feed", "serving", "write_sources"]

HTML, RSS = "text/html; charset=utf-8", "application/rss+xml"
# Of (port, host label, path): content type and body, or None for a 404. It goes to another process, so it must pickle.
Answer = Callable[[int, str, str], tuple[str, bytes] | None]


def feed(urls: list[str]) -> bytes:
    """An RSS feed of these pages."""
    items = "".join(f"<item><title>{url.rpartition('/')[2]}</title><link>{url}</link></item>" for url in urls)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def write_sources(path: Path, feeds: list[str], *, interval_seconds: int = 900) -> Path:
    """A list of sources as an operator would write it."""
    rows = [
        f'[[source]]\nurl = "{url}"\nkind = "feed"\noutlet = "{urlsplit(url).hostname}"\n'
        f"interval_seconds = {interval_seconds}\n"
        for url in feeds
    ]
    path.write_text("\n".join(rows))
    return path


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """The port, while the context lasts."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(answer, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve(answer: Answer, told: Connection) -> None:
    asyncio.run(_answer_all(answer, told))


async def _answer_all(answer: Answer, told: Connection) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(_reply(answer, port, head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=256)
    port = int(server.sockets[0].getsockname()[1])
    told.send(port)
    await server.serve_forever()


def _reply(answer: Answer, port: int, head: bytes) -> bytes:
    first, *lines = head.decode("latin-1").split("\r\n")
    host = next((line[5:].strip() for line in lines if line.lower().startswith("host:")), "")
    found = answer(port, host.partition(".")[0], first.split(" ")[1])
    status, (kind, body) = ("200 OK", found) if found else ("404 Not Found", ("text/plain", b"nothing here\n"))
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
