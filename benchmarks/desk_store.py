"""A store as a year of a small agency desk leaves it: 100,000 articles in 60,000 stories, all invented.

    python benchmarks/desk_store.py --database-url sqlite:////var/tmp/desk/onestory.db [--stories 60000]

Articles, versions, matches, stories, events and the search index go in through the product's own functions, a batch
in each transaction; only finding the copies is left out, as it is known which they are. The same seed makes the same
news; the newest is a minute old.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

from sqlalchemy import insert

from onestory.dedupe.signature import PARAMETERS, Signature, sign
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture
from onestory.store.articles.save import save_articles
from onestory.store.database import Store
from onestory.store.events.story_events import emit_story_events, note_reassignments
from onestory.store.schema import outlets, sources
from onestory.store.search.full_text_index import index_due_batch
from onestory.store.stories.components import MatchRow, add_matches, load_component
from onestory.store.stories.write import EvaluatedStory, mark_attached, write_evaluation

__all__ = ["AGENCIES", "OUTLETS", "OWNERS", "TOPICS", "Shape", "fill", "vocabulary"]

BATCH = 400
OUTLETS, OWNERS, OURS = 400, 60, 8
SPAN = timedelta(days=14)
SYLLABLES = (
    "ba",
    "cor",
    "den",
    "el",
    "fi",
    "gra",
    "hol",
    "in",
    "jor",
    "ka",
    "lim",
    "mar",
    "ne",
    "os",
    "pel",
    "ri",
    "sta",
    "tu",
    "ver",
    "zo",
)
# Words that people search for; each is in some of the stories.
TOPICS = ("harbour", "ferry", "budget", "strike", "election", "bridge", "storm", "hospital", "railway", "verdict")
AGENCIES = ("Reuters", "Associated Press", "Agence France-Presse", "dpa", None, None, None)
LANGUAGES = ("en", "en", "en", "en", "de", "fr", "es")
EVIDENCE = {
    "a_is": "edited",
    "b_is": "edited",
    "jaccard": 0.9,
    "containment_a": 0.95,
    "containment_b": 0.94,
    "shared_words": 240,
    "longest_run": 120,
    "a_at": 0,
    "b_at": 0,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How many stories, and how many articles in them; four in five stories have a single copy."""

    stories: int = 60_000
    articles: int = 100_000
    corrected: float = 0.02  # of the stories with copies: those whose original was changed

    def sizes(self, rng: random.Random) -> list[int]:
        """Copies of each story: a few are everywhere, most nowhere else."""
        sizes = [1] * self.stories
        shared = rng.sample(range(self.stories), self.stories // 5)
        weights = list(accumulate((rank + 1) ** -0.6 for rank in range(len(shared))))
        more = [
            *shared,
            *rng.choices(shared, cum_weights=weights, k=max(0, self.articles - self.stories - len(shared))),
        ]
        for place in more:
            sizes[place] += 1
        return sizes


@dataclass(frozen=True, slots=True)
class Piece:
    """One story's news: what its copies are made from."""

    number: int
    language: str
    credit: str | None
    title: str
    paragraphs: tuple[str, ...]
    began: datetime
    signature: Signature


def vocabulary(rng: random.Random) -> tuple[list[str], list[float]]:
    """20,000 words and their cumulative weights, by Zipf's law."""
    words = {"".join(rng.choices(SYLLABLES, k=rng.randint(1, 4))) for _ in range(40_000)}
    chosen = sorted(words)[:20_000]
    rng.shuffle(chosen)
    return chosen, list(accumulate(1 / (rank + 2) for rank in range(len(chosen))))


def fill(store: Store, shape: Shape, *, seed: int = 7, now: datetime | None = None) -> list[str]:
    """The ids of the stories in the order of time. Progress is told on stderr."""
    rng = random.Random(seed)
    moment = now or datetime.now(UTC)
    words, weights = vocabulary(rng)
    sizes = shape.sizes(rng)
    _add_outlets(store, moment)
    ids: list[str] = []
    began = time.monotonic()
    for start in range(0, len(sizes), BATCH):
        pieces = [
            (_piece(start + offset, len(sizes), words, weights, rng, moment), size)
            for offset, size in enumerate(sizes[start : start + BATCH])
        ]
        ids += _keep(store, pieces, shape, rng, moment)
        print(f"\r{len(ids):,} stories, {time.monotonic() - began:.0f} s", end="", file=sys.stderr)
    print(file=sys.stderr)
    while index_due_batch(store):
        pass
    return ids


def _add_outlets(store: Store, now: datetime) -> None:
    """Every outlet with a feed; one in forty of these is silent."""
    told = [
        {
            "name": _outlet(number),
            "host": f"www.outlet{number}.example",
            "owner": f"Owner {number % OWNERS}" if number % 3 else None,
            "homepage": f"https://www.outlet{number}.example/",
            "country": "gb",
            "language": LANGUAGES[number % len(LANGUAGES)],
            "ours": number < OURS,
        }
        for number in range(OUTLETS)
    ]
    polled = [
        {
            "url": f"https://www.outlet{number}.example/feed",
            "outlet": _outlet(number),
            "kind": "feed",
            "host": f"www.outlet{number}.example",
            "interval_seconds": 900,
            "next_poll": now + timedelta(minutes=15),
            "last_poll": now,
            "last_success": now,
            "status": "silent" if number % 40 == 39 else "ok",
        }
        for number in range(OUTLETS)
    ]
    with store.write() as connection:
        connection.execute(insert(outlets), told)
        connection.execute(insert(sources), polled)


def _outlet(number: int) -> str:
    return f"Outlet {number}"


def _piece(
    number: int, total: int, words: Sequence[str], weights: Sequence[float], rng: random.Random, now: datetime
) -> Piece:
    paragraphs = tuple(
        " ".join(rng.choices(words, cum_weights=weights, k=rng.randint(20, 80))).capitalize() + "."
        for _ in range(rng.randint(4, 9))
    )
    topic = rng.choice(TOPICS)
    title = f"{topic} {' '.join(rng.choices(words, k=6))}".capitalize()
    return Piece(
        number,
        rng.choice(LANGUAGES),
        rng.choice(AGENCIES),
        title,
        (f"The {topic} is news: {paragraphs[0]}", *paragraphs[1:]),
        now - SPAN * (1 - number / total) - timedelta(minutes=1),
        sign("\n".join(paragraphs)),
    )


def _keep(
    store: Store, pieces: Sequence[tuple[Piece, int]], shape: Shape, rng: random.Random, now: datetime
) -> list[str]:
    """One transaction: the pieces with their copies, stories and events, as attaching them would leave it."""
    readings = [[_copy(piece, copy, rng, now) for copy in range(size)] for piece, size in pieces]
    changed = [_correction(piece, now) for piece, size in pieces if size > 1 and rng.random() < shape.corrected]
    first: list[str] = []
    with store.write() as connection:
        saved = iter(save_articles(connection, [one for story in readings for one in story], now=now))
        fresh: dict[int, int] = {}
        for story in readings:
            kept = [next(saved) for _ in story]
            ids = [one.article_id for one in kept]
            fresh |= {one.number: one.number for one in kept if one.number}
            add_matches(connection, _evidence([(one.number or 0, one.article_id) for one in kept]))
            if len(ids) > 1:
                relations = dict.fromkeys(ids, "edited") | {ids[0]: "original"}
                parts = [EvaluatedStory(ids[0], relations, ids[0], "first_seen")]
                note_reassignments(
                    connection, write_evaluation(connection, load_component(connection, ids).members, parts, now=now)
                )
            first.append(ids[0])
        emit_story_events(connection, fresh, now=now)
        mark_attached(connection, fresh)
        later = {one.number: one.number for one in save_articles(connection, changed, now=now) if one.number}
        emit_story_events(connection, later, now=now)
        mark_attached(connection, later)
    return first


def _copy(piece: Piece, copy: int, rng: random.Random, now: datetime) -> ProcessedCapture:
    """The first is the whole; every other one is cut at its end or has a headline of its own."""
    at = (piece.number * 7 + copy) % OUTLETS
    text = piece.paragraphs if not copy or rng.random() < 0.4 else piece.paragraphs[: -rng.randint(1, 3)]
    title = piece.title if not copy or rng.random() < 0.6 else f"{piece.title}: what is known"
    observed = min(piece.began + timedelta(minutes=copy * rng.uniform(0.5, 6)), now)
    return _reading(piece, at, copy, title, text, observed)


def _correction(piece: Piece, now: datetime) -> ProcessedCapture:
    """The original as it reads an hour later."""
    text = (piece.paragraphs[0].replace("is news", "was misreported"), *piece.paragraphs[1:])
    observed = min(piece.began + timedelta(hours=1), now)
    return _reading(piece, (piece.number * 7) % OUTLETS, 0, f"Corrected: {piece.title}", text, observed)


def _reading(
    piece: Piece, outlet: int, copy: int, title: str, text: Sequence[str], observed: datetime
) -> ProcessedCapture:
    url = f"https://www.outlet{outlet}.example/{piece.number}/{copy}"
    body = "\n".join(text)
    extracted = ExtractedArticle(
        url=url,
        fetched_url=url,
        text=body,
        language=piece.language,
        words=body.count(" ") + 1,
        title=title,
        published=observed,
        credit=piece.credit,
    )
    return ProcessedCapture(
        Capture(url=url, observed=observed, outlet=_outlet(outlet)),
        extracted,
        piece.signature.to_bytes(),
        PARAMETERS.encode(),
        piece.signature.digest,
        "benchmark",
    )


def _evidence(copies: Sequence[tuple[int, str]]) -> Iterator[MatchRow]:
    """Each copy with the original, and with the one before it."""
    (first, first_article), *others = copies
    for number, article in others:
        yield MatchRow(first, number, first_article, article, "copy", EVIDENCE)
    for (a, a_article), (b, b_article) in pairwise(others):
        yield MatchRow(a, b, a_article, b_article, "copy", EVIDENCE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database-url", required=True, help="an empty database, as in ONESTORY_DATABASE_URL")
    parser.add_argument("--stories", type=int, default=Shape().stories)
    parser.add_argument("--articles", type=int, default=Shape().articles)
    asked = parser.parse_args()
    store = Store.open(asked.database_url)
    fill(store, Shape(asked.stories, asked.articles))
    store.close()


if __name__ == "__main__":
    main()
