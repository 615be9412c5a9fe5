"""What a crowd costs: copies of one dispatch among other articles on its event, beside articles with nothing in common.

    python -m benchmarks.crowd [--articles 10000] [--copies 1000] [--orders 2]

The texts are invented. Articles on the event share quotations. Each order goes through a fresh store and a fresh
index, as one process would import it; stories are compared by their articles' URLs.
"""

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from benchmarks.dedupe_path import BATCH, Page, Way, servers
from onestory.store.schema.stories import articles
from tests.news_texts import wire_article

SPEECHES = 60
CUT_SHARE = 0.1  # of the dispatch's paragraphs, in each copy
Stories = frozenset[frozenset[str]]


def event(number: int, copies: int, chance: random.Random) -> list[Page]:
    """Copies of one dispatch, each cut in places, and articles of other writers; most have quotations in common."""
    speeches = [f"“{wire_article(900_000 + at, sentences=3)}”" for at in range(SPEECHES)]
    dispatch = [*wire_article(0).split("\n"), speeches[0]]
    made = [
        (f"https://copy{at}.example/a", "\n".join(line for line in dispatch if chance.random() > CUT_SHARE))
        for at in range(copies)
    ]
    for at in range(number - copies):
        quoted = chance.sample(speeches, chance.randrange(4))
        made.append((f"https://own{at}.example/a", "\n".join([wire_article(at + 1), *quoted])))
    return made


def loose(number: int) -> list[Page]:
    """Articles that have nothing in common."""
    return [(f"https://loose{at}.example/a", wire_article(at + 1)) for at in range(number)]


def measured(pages: Sequence[Page]) -> tuple[float, Stories]:
    """Milliseconds an article, and the stories."""
    with servers() as where:
        way = Way(*where)
        start = time.perf_counter()
        for at in range(0, len(pages), BATCH):
            way.take(pages[at : at + BATCH], minutes=at)
        taken = time.perf_counter() - start
        inside: dict[str, set[str]] = defaultdict(set)
        with way.store.read() as connection:
            for url, story in connection.execute(select(articles.c.url, articles.c.story_id)):
                inside[story].add(url)
    return 1e3 * taken / len(pages), frozenset(map(frozenset, inside.values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--copies", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=2)
    options = parser.parse_args()
    alone, _ = measured(loose(options.articles))
    print(f"{'loose articles':32}{alone:8.2f} ms an article")
    pages = event(options.articles, options.copies, random.Random(1))
    found = []
    for order in range(options.orders):
        random.Random(order).shuffle(pages)
        taken, stories = measured(pages)
        found.append(stories)
        largest = max(map(len, stories))
        print(
            f"{f'the event, order {order + 1}':32}{taken:8.2f} ms an article, {taken / alone:.2f} x, largest {largest}"
        )
    print(f"partitions: {len(set(found))}")


if __name__ == "__main__":
    main()
