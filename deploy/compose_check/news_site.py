"""The site that the stack crawls during a check, and the mail server and webhook that it sends to.

Four outlets have feeds of 150 articles; each text runs in two of them. Mails and messages are printed, a line each.
"""

import asyncio
import random
import sys
from collections.abc import Iterator

OUTLETS = ("north", "south", "east", "west")
ARTICLES_PER_OUTLET = 150
ARTICLES = ARTICLES_PER_OUTLET * len(OUTLETS)
STORIES = ARTICLES // 2
HTTP_PORT, SMTP_PORT = 8080, 2525
ADJECTIVES = ("old", "new", "northern", "costly", "quiet", "wooden", "narrow", "flooded", "public", "empty", "crowded")
NOUNS = (
    "bridge",
    "harbour",
    "council",
    "school",
    "market",
    "orchard",
    "library",
    "railway",
    "hospital",
    "theatre",
    "mill",
)
VERBS = ("closed", "opened", "replaced", "surveyed", "bought", "repaired", "painted", "inherited", "defended", "moved")
PLACES = (
    "Port Alder",
    "Brennick",
    "Orle",
    "Tarn",
    "Westry",
    "Old Camber",
    "Hallow Sound",
    "Lower Finch",
    "Seaton Cross",
)


def sources() -> str:
    """The list of sources, as an operator would write it."""
    return "\n".join(
        f'[[source]]\nurl = "{base_of(outlet)}/feed.xml"\nkind = "feed"\noutlet = "The {outlet.title()}"\n'
        for outlet in OUTLETS
    )


def base_of(outlet: str) -> str:
    return f"http://{outlet}.example:{HTTP_PORT}"


def texts_of(outlet: str) -> Iterator[int]:
    """The numbers of the texts that an outlet runs: north and south share theirs, as do east and west."""
    first = OUTLETS.index(outlet) // 2 * ARTICLES_PER_OUTLET
    return iter(range(first, first + ARTICLES_PER_OUTLET))


def _sentence(chance: random.Random) -> str:
    here, there = chance.sample(PLACES, 2)
    verb, other = chance.sample(VERBS, 2)
    first, second, third = (f"{chance.choice(ADJECTIVES)} {noun}" for noun in chance.sample(NOUNS, 3))
    people = chance.randrange(2, 990)
    return f"In {here} the {first} {verb} its {second} after {people} people from {there} {other} a {third}."


def page(outlet: str, number: int) -> str:
    chance = random.Random(number)
    title = _sentence(chance).rstrip(".")
    body = "\n".join(f"<p>{' '.join(_sentence(chance) for _ in range(4))}</p>" for _ in range(4))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f'<a href="/">The {outlet.title()}</a><main><article><h1>{title}</h1>{body}</article></main></body></html>'
    )


def feed(outlet: str) -> str:
    items = "".join(
        f"<item><title>Report {number}</title><link>{base_of(outlet)}/news/report-{number}.html</link></item>"
        for number in texts_of(outlet)
    )
    title = f"<title>The {outlet.title()}</title>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{title}{items}</channel></rss>'


def answer(host: str, path: str) -> tuple[str, str, str]:
    """Status line, content type and body."""
    outlet = host.partition(".")[0]
    if outlet in OUTLETS and path == "/feed.xml":
        return "200 OK", "application/rss+xml", feed(outlet)
    if outlet in OUTLETS and path.startswith("/news/report-"):
        return "200 OK", "text/html; charset=utf-8", page(outlet, int(path.removesuffix(".html").rpartition("-")[2]))
    return "404 Not Found", "text/plain", "nothing here\n"


async def serve_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        method, path, _ = head.split(" ", 2)
        if method == "POST":
            body = await reader.readexactly(int(headers["content-length"]))
            sys.stdout.write(f"message to {path}: {body.decode()}\n")
            status, kind, text = "200 OK", "text/plain", "thanks\n"
        else:
            status, kind, text = answer(headers.get("host", ""), path)
        data = text.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\nConnection: close"
        writer.write(f"{head}\r\n\r\n".encode() + data)
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def serve_smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As little of RFC 5321 as one mail needs."""
    writer.write(b"220 site.example\r\n")
    in_mail = False
    async for line in reader:
        said = line.decode(errors="replace").rstrip("\r\n")
        if in_mail:
            in_mail = said != "."
            if said.lower().startswith(("to:", "subject:")):
                sys.stdout.write(f"mail: {said}\n")
            if not in_mail:
                writer.write(b"250 kept\r\n")
        elif said.upper() == "DATA":
            in_mail = True
            writer.write(b"354 go on\r\n")
        elif said.upper() == "QUIT":
            writer.write(b"221 bye\r\n")
            break
        else:
            writer.write(b"250 ok\r\n")
        await writer.drain()
    writer.close()


async def main() -> None:
    servers = [
        await asyncio.start_server(serve_http, "0.0.0.0", HTTP_PORT, backlog=256),
        await asyncio.start_server(serve_smtp, "0.0.0.0", SMTP_PORT),
    ]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
