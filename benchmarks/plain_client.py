"""A client that costs little, as it shares the machine with the server that it measures: HTTP/1.1, kept alive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

__all__ = ["PlainClient"]

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class PlainClient:
    """Asks one server; a connection serves one request at a time, and more are opened as they are needed."""

    def __init__(self, base: str) -> None:
        place = urlsplit(base)
        self._host, self._port = place.hostname or "", place.port or 80
        self._idle: list[Connection] = []

    async def get(self, path: str) -> bytes:
        """The whole body. Raises RuntimeError for any answer but 200 with its length."""
        reader, writer = self._kept() or await self._connected()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n".encode())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        except (asyncio.IncompleteReadError, ConnectionError):
            # It was closed while the request was on its way: a browser asks again, and so do we.
            return await self.get(path)
        status, _, fields = head.partition("\r\n")
        length = next((line for line in fields.split("\r\n") if line.startswith("content-length:")), None)
        if " 200 " not in status or length is None:
            raise RuntimeError(f"{path}: {status}")
        body = await reader.readexactly(int(length.partition(":")[2]))
        self._idle.append((reader, writer))
        return body

    def _kept(self) -> Connection | None:
        """One that the server has not closed, as it does with those that nobody used for a while."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _connected(self) -> Connection:
        return await asyncio.open_connection(self._host, self._port, limit=1 << 20)

    @classmethod
    @asynccontextmanager
    async def open(cls, base: str) -> AsyncIterator["PlainClient"]:
        client = cls(base)
        try:
            yield client
        finally:
            for _, writer in client._idle:
                writer.close()
