"""The demo's pages and feeds, made from `site.toml`."""

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

__all__ = ["DemoCopy", "Outlet", "World", "feed", "front", "page", "read_world"]


@dataclass(frozen=True, slots=True)
class Outlet:
    name: str
    label: str
    owner: str


@dataclass(frozen=True, slots=True)
class DemoCopy:
    """An article of one outlet: `paragraphs` are its text, `path` its path on the site."""

    outlet: str
    title: str
    path: str
    byline: str
    credit: str | None
    paragraphs: tuple[str, ...]
    published: datetime


@dataclass(frozen=True, slots=True)
class World:
    outlets: tuple[Outlet, ...]
    copies: tuple[DemoCopy, ...]

    def of(self, outlet: Outlet) -> list[DemoCopy]:
        """An outlet's articles, the newest first."""
        own = [copy for copy in self.copies if copy.outlet == outlet.name]
        return sorted(own, key=lambda copy: copy.published, reverse=True)


def read_world(path: Path, *, now: datetime) -> World:
    """Read the demo's articles; times in the file are minutes before `now`."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    outlets = tuple(Outlet(one["name"], one["label"], one["owner"]) for one in raw["outlet"])
    return World(outlets, tuple(_copy(one, raw["text"][one["text"]], now) for one in raw["copy"]))


def _copy(raw: dict[str, Any], text: dict[str, Any], now: datetime) -> DemoCopy:
    whole = [" ".join(paragraph.split()) for paragraph in text["body"].strip().split("\n\n")]
    body = [raw.get("lead"), *whole[: raw.get("paragraphs", len(whole))], raw.get("tail")]
    slug = "-".join("".join(char if char.isalnum() else " " for char in raw["title"].lower()).split())
    return DemoCopy(
        raw["outlet"],
        raw["title"],
        f"/news/{slug}",
        text["byline"],
        text.get("credit"),
        tuple(paragraph for paragraph in body if paragraph),
        now - timedelta(minutes=raw["minutes_ago"]),
    )


def page(copy: DemoCopy, outlet: Outlet, *, base: str) -> str:
    """Render an article between a menu, a newsletter box and links to other stories."""
    body = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in copy.paragraphs)
    credit = f'<p class="credit">Source: {escape(copy.credit)}</p>' if copy.credit else ""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(copy.title)} | {escape(outlet.name)}</title>
<link rel="canonical" href="{base}{copy.path}"><meta property="og:type" content="article">
<meta property="og:site_name" content="{escape(outlet.name)}"><meta property="og:title" content="{escape(copy.title)}">
<meta property="article:published_time" content="{copy.published.isoformat()}"></head>
<body><header><nav><a href="/">Front page</a> <a href="/sport">Sport</a> <a href="/weather">Weather</a></nav></header>
<main><article><h1>{escape(copy.title)}</h1><p class="byline">{escape(copy.byline)}</p>
<time datetime="{copy.published.isoformat()}">{copy.published:%d %B %Y}</time>
{body}
{credit}</article>
<aside><h2>More from {escape(outlet.name)}</h2><p>Sign up for our newsletter</p></aside></main>
<footer><p>© {escape(outlet.name)}, a paper of {escape(outlet.owner)}. Every name in it is invented.</p></footer>
</body></html>
"""


def front(outlet: Outlet, copies: list[DemoCopy]) -> str:
    links = "\n".join(f'<li><a href="{copy.path}">{escape(copy.title)}</a></li>' for copy in copies)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(outlet.name)}</title>
<link rel="alternate" type="application/rss+xml" title="{escape(outlet.name)}" href="/feed.xml"></head>
<body><h1>{escape(outlet.name)}</h1><ul>{links}</ul></body></html>
"""


def feed(outlet: Outlet, copies: list[DemoCopy], *, base: str) -> str:
    """Render an outlet's feed as RSS 2.0."""
    items = "\n".join(
        f"<item><title>{escape(copy.title)}</title><link>{base}{copy.path}</link>"
        f"<guid>{base}{copy.path}</guid><pubDate>{format_datetime(copy.published)}</pubDate></item>"
        for copy in copies
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>{escape(outlet.name)}</title><link>{base}/</link>
<description>Invented news</description>
{items}
</channel></rss>
"""
