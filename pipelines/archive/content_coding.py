"""Bodies as they were sent, to bytes of the page: every content coding that servers use, in any case and order.

Codings are taken off where the bytes bear them: archives keep headers of codings that are long gone.
"""

import zlib
from collections.abc import Iterable

import brotli
import zstandard

__all__ = ["CodingError", "dechunked", "declared_codings", "decoded", "without_coding"]

MAX_CODINGS = 5
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_PIECE = 1 << 16


class CodingError(ValueError):
    """A body that its coding does not fit; the message says which."""


def declared_codings(headers: Iterable[tuple[str, str]], name: str = "content-encoding") -> list[str]:
    """The codings that the headers name, in the order in which they were applied, in lower case."""
    values = [value for key, value in headers if key.strip().lower() == name]
    names = [one.strip().lower().removeprefix("x-") for value in values for one in value.split(",")]
    return [one for one in names if one and one != "identity"][:MAX_CODINGS]


def decoded(body: bytes, codings: Iterable[str], *, max_bytes: int) -> bytes:
    """The body without its codings, at most one byte more than `max_bytes`. Raises CodingError."""
    for coding in reversed(list(codings)):
        body = without_coding(body, coding, max_bytes)
    for _ in range(MAX_CODINGS):
        # Packed twice, or packed without a word.
        if not body.startswith((GZIP, ZSTD)):
            break
        body = without_coding(body, "gzip" if body.startswith(GZIP) else "zstd", max_bytes)
    return body


def without_coding(body: bytes, coding: str, max_bytes: int) -> bytes:
    """The body without one coding, at most one byte more than `max_bytes`. Raises CodingError."""
    try:
        if coding == "gzip" and body.startswith(GZIP):
            return _gunzipped(body, max_bytes)
        if coding == "deflate":
            return _inflated(body, max_bytes)
        if coding == "br":
            return _unbrotlied(body, max_bytes)
        if coding == "zstd" and body.startswith(ZSTD):
            return _unzstandarded(body, max_bytes)
    except (zlib.error, zstandard.ZstdError, EOFError) as error:
        raise CodingError(f"it is no {coding}: {error}") from error
    return body


def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    """One member or several; a last one that is cut gives what it has."""
    plain = bytearray()
    while body.startswith(GZIP) and len(plain) <= max_bytes:
        member = zlib.decompressobj(wbits=31)
        plain += member.decompress(body, max_bytes + 1 - len(plain))
        body = member.unused_data
    return bytes(plain)


def _inflated(body: bytes, max_bytes: int) -> bytes:
    """With the wrapper of RFC 1950, as the standard says, or without it, as some servers send it."""
    for bits in (15, -15):
        try:
            return zlib.decompressobj(wbits=bits).decompress(body, max_bytes + 1)
        except zlib.error as error:
            last = error
    if _looks_like_markup(body):
        return body
    raise last


def _unbrotlied(body: bytes, max_bytes: int) -> bytes:
    plain, unpacker = bytearray(), brotli.Decompressor()
    try:
        for start in range(0, len(body), _PIECE):
            plain += unpacker.process(body[start : start + _PIECE])
            if len(plain) > max_bytes:
                break
    except brotli.error as error:
        if _looks_like_markup(body):
            return body
        raise CodingError(f"it is no br: {error}") from error
    return bytes(plain[: max_bytes + 1])


def _unzstandarded(body: bytes, max_bytes: int) -> bytes:
    reader = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True)
    return bytes(reader.read(max_bytes + 1))


def _looks_like_markup(body: bytes) -> bool:
    return body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def dechunked(body: bytes) -> bytes:
    """The body of a chunked transfer (RFC 9112, 7.1) put together; as it is where it is no sequence of chunks."""
    plain, at, chunks = bytearray(), 0, 0
    while True:
        end = body.find(b"\n", at, at + 200)
        size = _size(body[at:end]) if end >= 0 else None
        if size is None:
            return bytes(plain) if chunks > 1 and at >= len(body) else body
        if size == 0:
            return bytes(plain)
        plain += body[end + 1 : end + 1 + size]
        at, chunks = end + 1 + size, chunks + 1
        if at < len(body) and not body.startswith((b"\r\n", b"\n"), at):
            return body
        at += 2 if body.startswith(b"\r\n", at) else 1


def _size(line: bytes) -> int | None:
    digits = line.partition(b";")[0].strip()
    try:
        return int(digits, 16) if digits and digits.isalnum() and len(digits) < 9 else None
    except ValueError:
        return None
