"""What a publisher says about text and data mining, kept raw, with a verdict.

Read here: `X-Robots-Tag`, `Content-Usage`, `TDM-Reservation` headers and the same in meta tags (a page's own), and
robots.txt, `Content-Signal` lines and `/.well-known/tdmrep.json` (a host's). No signal is `unknown`, never `allowed`.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

from protego import Protego

__all__ = ["AI_AGENTS", "Signal", "from_page", "from_robots", "from_tdmrep", "mining_verdict", "rights_summary"]

# Agents that fetch for training or for answering by language models, as their owners name them.
AI_AGENTS = (
    "GPTBot", "CCBot", "ClaudeBot", "anthropic-ai", "Google-Extended", "Applebot-Extended", "Bytespider",
    "meta-externalagent", "Amazonbot", "PerplexityBot", "cohere-ai", "Diffbot", "Omgilibot",
)  # fmt: skip
_OPT_OUTS = frozenset(["noai", "noml"])
# Bing's documented reading: a page marked so is kept out of the training of its models.
_ARCHIVE_OPT_OUTS = frozenset(["noarchive"])
_ROBOTS_META = ("robots", "googlebot", "bingbot", *(agent.lower() for agent in AI_AGENTS))
_CONTENT_SIGNAL = re.compile(r"^\s*content-signal\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_CONTENT_USAGE = re.compile(r"^\s*content-usage\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)
_PREFERENCE = re.compile(r"\b(ai-train|train-ai|train-genai)\s*=\s*(yes|no|y|n)\b", re.IGNORECASE)
_MAX_ROBOTS_CHARS = 512_000


@dataclass(frozen=True, slots=True)
class Signal:
    """One statement as found. `says` is `denied`, `allowed`, or None when it is not about mining."""

    source: str
    value: str
    says: str | None


def from_page(headers: Iterable[tuple[str, str]], meta: Mapping[str, tuple[str, ...]]) -> tuple[Signal, ...]:
    """The signals in a response's headers and a page's meta tags; `meta` has lower-cased names."""
    signals = [signal for name, value in headers if (signal := _header(name.lower(), value.strip()[:500]))]
    for name in _ROBOTS_META:
        signals += [_robots_words(f"meta {name}", value) for value in meta.get(name, ())]
    signals += [_reservation("meta tdm-reservation", value) for value in meta.get("tdm-reservation", ())]
    signals += [Signal("meta tdm-policy", value, None) for value in meta.get("tdm-policy", ())]
    return tuple(signals)


def _header(name: str, value: str) -> Signal | None:
    if name == "x-robots-tag":
        return _robots_words("header X-Robots-Tag", value)
    if name == "tdm-reservation":
        return _reservation("header TDM-Reservation", value)
    if name == "tdm-policy":
        return Signal("header TDM-Policy", value, None)
    if name in ("content-usage", "content-signal"):
        return _preference(f"header {name.title()}", value)
    return None


def _robots_words(source: str, value: str) -> Signal:
    words = set(re.split(r"[\s,:;]+", value.lower()))
    denied = words & (_OPT_OUTS | _ARCHIVE_OPT_OUTS)
    return Signal(source, value[:500], "denied" if denied else None)


def _reservation(source: str, value: str) -> Signal:
    """TDMRep (W3C community group report, 2024): 1 reserves the rights, 0 does not."""
    return Signal(source, value, {"1": "denied", "0": "allowed"}.get(value.strip()))


def _preference(source: str, value: str) -> Signal:
    says = {answer[0].lower() for _, answer in _PREFERENCE.findall(value)}
    return Signal(source, value[:500], "denied" if "n" in says else "allowed" if says else None)


def from_robots(robots: str, url: str, *, rules: Protego | None = None) -> tuple[Signal, ...]:
    """The signals of a host's robots.txt for `url`: AI groups that may not fetch it, and its preference lines.

    That an AI agent may fetch is no permission to mine: robots.txt says nothing about what is done with a page.
    `rules` are those of `robots`, where they were parsed already.
    """
    robots = robots[:_MAX_ROBOTS_CHARS]
    rules = rules or Protego.parse(robots)
    barred = [agent for agent in AI_AGENTS if not rules.can_fetch(url, agent)]
    signals = [Signal("robots.txt Disallow", ", ".join(barred), "denied")] if barred else []
    signals += [_preference("robots.txt Content-Signal", value.strip()) for value in _CONTENT_SIGNAL.findall(robots)]
    signals += [_preference("robots.txt Content-Usage", value.strip()) for value in _CONTENT_USAGE.findall(robots)]
    return tuple(signals)


def from_tdmrep(document: str, url: str) -> tuple[Signal, ...]:
    """The rule of a host's tdmrep.json that covers the path of `url`: the first whose location matches."""
    try:
        rules = json.loads(document)
    except (ValueError, RecursionError):
        return ()
    path = urlsplit(url).path or "/"
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and _covers(str(rule.get("location", "")), path):
            return (_reservation("tdmrep.json", str(rule.get("tdm-reservation", ""))),)
    return ()


def _covers(location: str, path: str) -> bool:
    """robots.txt's patterns: `*` any characters, a trailing `$` the end, else a prefix."""
    pattern = re.sub(r"([\[?])", r"[\1]", location.removesuffix("$"))
    return bool(location) and fnmatchcase(path, pattern if location.endswith("$") else f"{pattern}*")


def mining_verdict(signals: Iterable[Signal]) -> str:
    """`denied` when any signal denies, else `allowed` when one allows, else `unknown`."""
    says = {signal.says for signal in signals}
    return "denied" if "denied" in says else "allowed" if "allowed" in says else "unknown"


def rights_summary(signals: tuple[Signal, ...], *, observed: str | None) -> dict[str, Any]:
    """As it is stored: `mining` (the verdict), `observed` (ISO time), `signals` (raw, in the order found)."""
    rows = [{"source": one.source, "value": one.value, "says": one.says} for one in signals]
    return {"mining": mining_verdict(signals), "observed": observed, "signals": rows}
