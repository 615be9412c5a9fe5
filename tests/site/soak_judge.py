"""What a soak is asked: from the server's own log, and from what the store holds in the end."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from sqlalchemy import select

from onestory.crawler.hosts.robots import LIFETIME
from onestory.crawler.pages.revisit_policy import SHORTEST, STEPS
from onestory.store.database import Store
from onestory.store.schema import articles, hosts, versions
from tests.site.soak_run import DELAY_SECONDS, Soaked
from tests.site.soak_site import Asked
from tests.site.soak_world import HOUR, Article, World, paragraphs

__all__ = ["Check", "judge"]

# A visit goes on under the robots.txt that it began with: 64 pages at the slowest pace, and the polls before them.
VISIT_SECONDS = HOUR
# What a look may be late by: the crawlers lag behind, a host backs off or lost its crawler.
LATE_SECONDS = 4 * HOUR
# What a crawler has fetched and not stored yet is younger than that: seconds on a clock that runs a thousand times as
# fast, in which a new crawler also starts its workers.
CUT_SECONDS = 2 * HOUR


@dataclass(frozen=True, slots=True)
class Check:
    """`failed` names the first few that did not pass."""

    what: str
    asked: int
    passed: int
    failed: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        return self.asked == self.passed


def judge(soaked: Soaked) -> list[Check]:
    log = sorted(soaked.site.log, key=lambda asked: asked.began)
    by_host = _by_host(log)
    stored = _stored(soaked.store, soaked.world)
    return [
        _check("articles stored exactly once", _once(soaked)),
        _check(
            "nothing stored that was not served", ((str(url), url in _known(soaked)) for url in _urls(soaked.store))
        ),
        _check("texts served that are versions", _served(soaked, log, stored)),
        _check("changes of content seen", _changes(soaked.world, log, stored)),
        _check("versions that differ in content", _distinct(stored)),
        _check("requests at the host's pace", _paced(by_host)),
        _check("requests that robots.txt allows", _allowed(by_host)),
        _check("waits after Retry-After", _waited(by_host)),
        _check("pages asked for again at once only after a kill", _repeated(soaked, log)),
        _check("crawlers that ended in good order", ((fault or "", fault is None) for fault in soaked.faults)),
        _check("hosts given back in the end", _free(soaked.store)),
        _check("versions attached to a story", _attached(soaked.store)),
    ]


def _check(what: str, results: Iterable[tuple[str, bool]]) -> Check:
    all_of_it = list(results)
    failed = [name for name, is_good in all_of_it if not is_good]
    return Check(what, len(all_of_it), len(all_of_it) - len(failed), tuple(failed[:5]))


def _by_host(log: Sequence[Asked]) -> dict[int, list[Asked]]:
    found: dict[int, list[Asked]] = defaultdict(list)
    for asked in log:
        found[asked.host].append(asked)
    return found


Stored = dict[tuple[int, str], list[int | None]]


def _stored(store: Store, world: World) -> Stored:
    """The versions of each article in the store, as numbers of the world; None for a text that it never had."""
    found: Stored = defaultdict(list)
    query = select(articles.c.url, versions.c.text).join(versions, versions.c.article_id == articles.c.id)
    with store.read() as connection:
        for url, text in connection.execute(query.order_by(versions.c.number)):
            place = _place(url)
            article = world.by_path.get(place)
            found[place].append(_version_of(article, text) if article else None)
    return found


def _place(url: str) -> tuple[int, str]:
    parts = urlsplit(url)
    return int((parts.hostname or "h-1").partition(".")[0].removeprefix("h")), parts.path


def _version_of(article: Article, text: str) -> int | None:
    """The version whose paragraphs are all there, and nothing else is."""
    said = " ".join(text.split())
    for version in range(len(article.changes) + 1):
        if said == " ".join(paragraphs(article, version)):
            return version
    return None


def _urls(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(articles.c.url)).scalars())


def _known(soaked: Soaked) -> set[str]:
    return {f"http://h{one.host}.localhost:{soaked.port}{one.path}" for one in soaked.world.articles}


def _once(soaked: Soaked) -> Iterator[tuple[str, bool]]:
    found = Counter(_place(url) for url in _urls(soaked.store))
    for article in soaked.world.articles:
        yield f"h{article.host}{article.path}", found[article.host, article.path] == 1


def _served(soaked: Soaked, log: Sequence[Asked], stored: Stored) -> Iterator[tuple[str, bool]]:
    """But for those that were last served to a crawler that was killed soon after: it is too late for them."""
    shown: dict[tuple[int, str, str | int | None], float] = {}
    for asked in log:
        if asked.status == 200 and _place_of(asked) in soaked.world.by_path:
            shown[(*_place_of(asked), asked.said)] = asked.began
    for (host, path, version), moment in shown.items():
        is_kept = stored.get((host, path), []).count(version) == 1
        if is_kept or not _kills_between(soaked.kills, moment, moment + CUT_SECONDS):
            yield f"h{host}{path} version {version} at {moment:.0f} s", is_kept


def _place_of(asked: Asked) -> tuple[int, str]:
    return asked.host, asked.path.partition("?")[0]


def _changes(world: World, log: Sequence[Asked], stored: Stored) -> Iterator[tuple[str, bool]]:
    """Those that a look was due for while they were in force, counted from when the text before them was first seen."""
    shown = _first_shown(log)
    for article in world.articles:
        place = article.host, article.path
        since = shown.get((*place, 0))
        for number, change in enumerate(article.changes, 1):
            step = next(
                (step.total_seconds() for step in STEPS if since is not None and since + step.total_seconds() > change),
                None,
            )
            ends = [*article.changes[number:], world.plan.seconds][0]
            if since is not None and since < change and step is not None and since + step + LATE_SECONDS < ends:
                yield f"h{place[0]}{place[1]} change {number}", number in stored.get(place, [])
            since = shown.get((*place, number))


def _first_shown(log: Sequence[Asked]) -> dict[tuple[int, str, str | int | None], float]:
    """When each version of an article was first served."""
    found: dict[tuple[int, str, str | int | None], float] = {}
    for asked in log:
        if asked.status == 200:
            found.setdefault((*_place_of(asked), asked.said), asked.began)
    return found


def _distinct(stored: Stored) -> Iterator[tuple[str, bool]]:
    for (host, path), found in stored.items():
        yield f"h{host}{path}: {found}", None not in found and len(set(found)) == len(found)


def _paced(by_host: dict[int, list[Asked]]) -> Iterator[tuple[str, bool]]:
    """From the end of one request to the beginning of the next, whoever asks, as the robots.txt read last says."""
    for host, asked in by_host.items():
        delay = DELAY_SECONDS
        for one, other in pairwise(asked):
            delay = max(DELAY_SECONDS, _crawl_delay(one)) if one.path == "/robots.txt" else delay
            gap = other.began - one.ended
            yield f"h{host}: {one.path}, then {other.path} after {gap:.2f} s", gap >= delay


def _crawl_delay(asked: Asked) -> float:
    lines = str(asked.said or "").splitlines()
    return max((float(line.partition(":")[2]) for line in lines if line.startswith("Crawl-delay")), default=0.0)


def _allowed(by_host: dict[int, list[Asked]]) -> Iterator[tuple[str, bool]]:
    """By the rules that were read last, which are not too old; without any that could be read, nothing."""
    for host, asked in by_host.items():
        rules, read = None, 0.0
        for one in asked:
            if one.path == "/robots.txt":
                rules, read = one.said, one.began
                continue
            is_fresh = one.began - read <= LIFETIME.total_seconds() + VISIT_SECONDS
            yield (
                f"h{host}{one.path} at {one.began:.0f} s, robots.txt of {read:.0f} s said {str(rules)[:80]!r}",
                is_fresh and rules is not None and _permits(rules, one.path),
            )


def _permits(rules: str | int, path: str) -> bool:
    barred = [line.partition(": ")[2] for line in str(rules).splitlines() if line.startswith("Disallow")]
    return not any(path.startswith(start) for start in barred)


def _waited(by_host: dict[int, list[Asked]]) -> Iterator[tuple[str, bool]]:
    for host, asked in by_host.items():
        for one, other in pairwise(asked):
            if one.retry_after is not None:
                yield f"h{host} {other.path}", other.began >= one.ended + one.retry_after


def _repeated(soaked: Soaked, log: Sequence[Asked]) -> Iterator[tuple[str, bool]]:
    """No look comes within an hour of the last; so when a page is asked for again sooner, a crawler was killed."""
    fetched: dict[tuple[int, str], list[float]] = defaultdict(list)
    for asked in log:
        if asked.status in (200, 304) and _place_of(asked) in soaked.world.by_path:
            fetched[_place_of(asked)].append(asked.began)
    for (host, path), moments in fetched.items():
        sooner = [(one, other) for one, other in pairwise(moments) if other - one < SHORTEST.total_seconds()]
        is_good = all(_kills_between(soaked.kills, one, other) for one, other in sooner)
        yield f"h{host}{path} at {moments}", is_good


def _kills_between(kills: Sequence[float], one: float, other: float) -> int:
    return bisect_left(kills, other) - bisect_left(kills, one)


def _free(store: Store) -> Iterator[tuple[str, bool]]:
    with store.read() as connection:
        for name, holder in connection.execute(select(hosts.c.name, hosts.c.lease_holder)):
            yield name, holder is None


def _attached(store: Store) -> Iterator[tuple[str, bool]]:
    with store.read() as connection:
        for number, attached in connection.execute(select(versions.c.number, versions.c.attached)):
            yield str(number), attached is not None
