"""robots.txt (RFC 9309): what a response means and what it allows."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from protego import Protego

from onestory.crawler.backoff import LONGEST_WAIT_SECONDS

__all__ = ["AGENT", "Robots", "parse_robots", "stored_robots"]

# The product token by which robots.txt names this crawler.
AGENT = "Onestory"
GROUP = re.compile(r"(?im)^[ \t]*user[- ]?agent[ \t]*(?::[ \t]*|[ \t])(.*)$")
DELAY = re.compile(
    r"(?im)^[ \t]*crawl[ -]?delay[ \t]*:[ \t]*[\"']?(?:\d{1,6}[ \t]?-[ \t]?)?(\d{1,6}(?:[.,]\d{1,3})?)"
    r"[ \t]*([a-z]*)[.;\"']*[ \t]*(?=#|$)"
)
# Of a unit by its first letters, in seconds.
UNITS = (("ms", 0.001), ("milli", 0.001), ("m", 60.0), ("h", 3600.0))
NO_TOKEN = re.compile(r"[^\w-]")
NOBODY = "-"
MAX_PARSED_BYTES = 500 * 1024
LIFETIME = timedelta(hours=24)
UNREACHABLE_LIFETIME = timedelta(minutes=15)
Verdict = Literal["rules", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Robots:
    """A host's robots.txt. `rules`: it was read; `open`: none exists (4xx); `closed`: unavailable, nothing is allowed.

    `is_reached`: the server answered, with an error if closed; `is_blocking`: it wants no requests; `is_refused`: the
    address is blocked. `rules` are those for Onestory's agent, `unfiltered_rules` those for all agents.
    """

    verdict: Verdict
    text: str | None = None
    why: str | None = None
    crawl_delay: float | None = None
    rules: Protego | None = None
    unfiltered_rules: Protego | None = None
    is_reached: bool = True
    is_blocking: bool = False
    is_refused: bool = False

    def allows(self, url: str) -> bool:
        if self.rules is None:
            return self.verdict == "open"
        return bool(self.rules.can_fetch(url, AGENT))

    @property
    def word(self) -> str:
        """The status that the sources of a closed host get."""
        if self.is_blocking:
            return "blocked"
        return "robots" if self.is_reached else "error"

    @property
    def lifetime(self) -> timedelta:
        return UNREACHABLE_LIFETIME if self.verdict == "closed" else LIFETIME


def parse_robots(status: int | None, body: bytes, *, why: str | None = None) -> Robots:
    """Interpret a response (section 2.3.1): 2xx rules, 4xx open, all else closed. None: there was no response."""
    if status is not None and 200 <= status < 300:
        return _parsed(body[:MAX_PARSED_BYTES].decode("utf-8-sig", "ignore").replace("\x00", ""))
    # Section 2.3.1.3 opens on every 4xx, but 429 asks for fewer requests, not more.
    if status is not None and 400 <= status < 500 and status != 429:
        return Robots("open", why=f"robots.txt answers {status}")
    if status is None:
        return Robots("closed", why=why or "robots.txt could not be had", is_reached=False)
    why = f"robots.txt answers {status}, and until it can be read nothing is allowed"
    return Robots("closed", why=why, is_blocking=status == 429)


def stored_robots(verdict: str | None, text: str | None) -> Robots:
    """Restore a robots.txt that was fetched earlier and is still valid."""
    if verdict == "rules":
        return _parsed(text or "")
    return Robots("open") if verdict == "open" else Robots("closed", why="robots.txt could not be read")


def _parsed(text: str) -> Robots:
    written = DELAY.sub(_in_seconds, "\n".join(text.splitlines()))
    rules = Protego.parse(GROUP.sub(_named, written))
    rate = rules.request_rate(AGENT)
    delays = [rules.crawl_delay(AGENT), rate.seconds / rate.requests if rate and rate.requests else None]
    known = [min(float(delay), LONGEST_WAIT_SECONDS) for delay in delays if delay is not None and delay > 0]
    return Robots(
        "rules", text, crawl_delay=max(known, default=None), rules=rules, unfiltered_rules=Protego.parse(text)
    )


def _in_seconds(line: re.Match[str]) -> str:
    """A delay as protego reads it: `10s`, `2,5` and `10 seconds` are numbers of seconds, `1 min` is sixty."""
    number = float(line[1].replace(",", "."))
    factor = next((seconds for unit, seconds in UNITS if line[2].lower().startswith(unit)), 1.0)
    return f"Crawl-delay: {number * factor:g}"


def _named(line: re.Match[str]) -> str:
    """A group's line, rewritten for protego, which matches any prefix of the agent's name.

    Section 2.2.1: the product token counts as a whole and in any case; what follows it, such as a version, does not.
    """
    said = line[1].partition("#")[0].strip()
    if said == "*" or said.startswith("* "):
        return "User-agent: *"
    token = NO_TOKEN.split(said, maxsplit=1)[0]
    return f"User-agent: {AGENT if token.lower() == AGENT.lower() else NOBODY}"
