"""Many outlets over a week: what each of them says at any second of it. Pure: a function of the plan and the time.

Some change their articles, list them twice, forbid a part of themselves, ask for a slower pace, fall over for hours,
or stumble at the first request for a page.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from functools import cached_property
from html import escape

from tests.site.driven_clock import moment

__all__ = ["DAY", "HOUR", "SMALL", "TENTH", "Article", "Plan", "Trouble", "World", "paragraphs"]

DAY, HOUR = 86_400.0, 3_600.0
SOURCES_A_HOST = 4
WINDOW = 100  # entries that a feed shows
WORDS = (
    "harbour council bridge winter school engine market doctor river garden museum railway tower cattle orchard "
    "festival election strike budget glacier festival lantern teacher mayor forest lighthouse weather captain letter "
    "kitchen window station village painter history theatre concert hospital factory carpenter mountain island"
)
VERBS = "opens closes visits repairs praises refuses follows measures paints carries sells remembers"
NOUN, VERB = tuple(WORDS.split()), tuple(VERBS.split())


@dataclass(frozen=True, slots=True)
class Article:
    """`changes` are the seconds at which its text changed; `feeds` those of its host that list it."""

    number: int
    host: int
    feeds: tuple[int, ...]
    path: str
    published: float
    changes: tuple[float, ...] = ()
    stumbles: bool = False

    def version(self, second: float) -> int:
        return sum(change <= second for change in self.changes)


@dataclass(frozen=True, slots=True)
class Trouble:
    """From `begins` to `ends` the whole host answers 503 (`kind` busy), or its robots.txt alone 500 (`robots`)."""

    host: int
    kind: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Plan:
    hosts: int = 50
    articles: int = 10_000
    days: float = 7.0
    seed: int = 7

    @property
    def seconds(self) -> float:
        return self.days * DAY

    @property
    def sources(self) -> int:
        return self.hosts * SOURCES_A_HOST


TENTH = Plan(hosts=5, articles=1_000, days=0.7)
SMALL = Plan(hosts=5, articles=100, days=0.4)


@dataclass
class World:
    plan: Plan
    _stumbled: set[int] = field(default_factory=set)

    @cached_property
    def articles(self) -> list[Article]:
        pick = random.Random(self.plan.seed)
        return [self._article(number, pick) for number in range(self.plan.articles)]

    def _article(self, number: int, pick: random.Random) -> Article:
        """Published early enough that a look a day later still lies within the plan."""
        host, own = number % self.plan.hosts, pick.randrange(SOURCES_A_HOST)
        published = pick.uniform(0, max(self.plan.seconds - 1.5 * DAY, 0.3 * self.plan.seconds))
        twice = (own, (own + 1) % SOURCES_A_HOST) if pick.random() < 0.1 else (own,)
        article = Article(number, host, twice, f"/news/{number}.html", published, stumbles=pick.random() < 0.02)
        return replace(article, changes=self._changes(published, pick))

    def _changes(self, published: float, pick: random.Random) -> tuple[float, ...]:
        draw, left = pick.random(), self.plan.seconds - published
        first = published + pick.uniform(0.2, min(20.0, left / HOUR / 2)) * HOUR
        second = published + pick.uniform(26, 60) * HOUR
        if draw < 0.03 and published < self.plan.seconds - 5.0 * DAY:
            return (first, second)
        return (first,) if draw < 0.2 else ()

    @cached_property
    def by_path(self) -> dict[tuple[int, str], Article]:
        return {(article.host, article.path): article for article in self.articles}

    @cached_property
    def _by_feed(self) -> dict[tuple[int, int], list[Article]]:
        found: dict[tuple[int, int], list[Article]] = defaultdict(list)
        for article in sorted(self.articles, key=lambda one: one.published):
            for feed in article.feeds:
                found[article.host, feed].append(article)
        return found

    @cached_property
    def troubles(self) -> list[Trouble]:
        """A tenth of the hosts is busy for two hours; some have no robots.txt at first, and others for a day later."""
        pick, length = random.Random(self.plan.seed + 1), self.plan.seconds
        begun = {host: pick.uniform(0.1, 0.4) * length for host in range(self.plan.hosts)}
        found = [Trouble(host, "busy", begun[host], begun[host] + 2 * HOUR) for host in range(3, len(begun), 10)]
        found += [Trouble(host, "robots", 0.0, min(6 * HOUR, 0.2 * length)) for host in range(4, len(begun), 20)]
        found += [Trouble(host, "robots", begun[host], begun[host] + 26 * HOUR) for host in range(9, len(begun), 20)]
        return found

    def trouble(self, host: int, second: float) -> Trouble | None:
        return next((one for one in self.troubles if one.host == host and one.begins <= second < one.ends), None)

    def crawl_delay(self, host: int) -> float | None:
        return 10.0 if host % 5 == 1 else None

    def validators(self, host: int) -> tuple[str, ...]:
        """What its pages are named by: an ETag, a time, both, or nothing."""
        tag, time = "ETag", "Last-Modified"
        return ((tag,), (time,), (tag, time), (tag,), (time,), (tag, time), (tag,), ())[host % 8]

    def robots(self, host: int, second: float) -> str:
        """A fifth asks for a slower pace; every seventh forbids its archive from the middle of the plan on."""
        delay = self.crawl_delay(host)
        lines = ["User-agent: *", "Disallow: /private/"]
        lines += [f"Crawl-delay: {delay:.0f}"] if delay else []
        lines += ["Disallow: /archive/"] if host % 7 == 2 and second > self.plan.seconds / 2 else []
        return "\n".join(lines) + "\n"

    def listed(self, host: int, feed: int, second: float) -> list[Article]:
        """The newest first."""
        shown = [article for article in self._by_feed[host, feed] if article.published <= second]
        return shown[-WINDOW:][::-1]

    def feed(self, host: int, feed: int, second: float, *, origin: str) -> str:
        items = [self._item(article, feed, origin) for article in self.listed(host, feed, second)]
        day = int(second // DAY)
        hidden = f"{origin}/private/{feed}-{day}.html", f"{origin}/archive/{feed}-{day}.html"
        items += [f"<item><title>For members, day {day}</title><link>{link}</link></item>" for link in hidden]
        title = f"<title>Outlet {host}, section {feed}</title>"
        return f'<?xml version="1.0"?><rss version="2.0"><channel>{title}{"".join(items)}</channel></rss>'

    def _item(self, article: Article, feed: int, origin: str) -> str:
        link = f"{origin}{article.path}" + (f"?utm_source=feed{feed}" if len(article.feeds) > 1 else "")
        date = format_datetime(moment(article.published))
        return (
            f"<item><title>{escape(headline(article))}</title><link>{link}</link>"
            f"<guid>{article.number}</guid><pubDate>{date}</pubDate></item>"
        )

    def page(self, article: Article, second: float) -> str:
        """The article in its version of that second; on every other host in furniture that is never the same."""
        body = "".join(f"<p>{line}</p>" for line in paragraphs(article, article.version(second)))
        return (
            f'<!DOCTYPE html><html lang="en"><head><title>{headline(article)}</title></head><body>'
            f"<nav><a href='/'>Front</a> <a href='/sport'>Sport</a></nav><article><h1>{headline(article)}</h1>{body}"
            f"</article><footer>{self._footer(article, second)}</footer></body></html>"
        )

    def _footer(self, article: Article, second: float) -> str:
        return f"Readers so far: {int(second)}" if article.host % 2 else "Printed on paper, too"

    def stumbles(self, article: Article) -> bool:
        """Whether this request is the one that it stumbles at: its first."""
        if not article.stumbles or article.number in self._stumbled:
            return False
        self._stumbled.add(article.number)
        return True


def headline(article: Article) -> str:
    pick = random.Random(article.number)
    return f"The {pick.choice(NOUN)} {pick.choice(VERB)} the {pick.choice(NOUN)} of {pick.choice(NOUN)}".capitalize()


def paragraphs(article: Article, version: int) -> list[str]:
    """Six paragraphs, and another for each change."""
    pick = random.Random(1_000_003 * (article.number + 1))
    return [" ".join(_sentence(pick) for _ in range(4)) for _ in range(6 + version)]


def _sentence(pick: random.Random) -> str:
    words = [pick.choice(NOUN) for _ in range(5)]
    place = f"near the {words[2]} {words[3]} of {words[4]} {pick.randrange(10_000)}"
    return f"The {words[0]} {pick.choice(VERB)} the {words[1]} {place}."
