"""Weather, markets, horoscopes and results that recur day after day: whether they make events that grow for ever.

    python -m benchmarks.recurring_news [--days 40]

Four invented outlets report each kind every day, in formulas of their own with the day's figures; the headline changes
from day to day, so that no title alone reveals the series. For each kind the output has the
number of stories in the largest event, and the days between its first and its last.
"""

import argparse
import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from benchmarks.imports import Rows, fresh_home, rows_file, run_import
from onestory.pipelines.news_events.grouping import NewsEventGrouper
from onestory.store.database import Store
from onestory.store.schema import articles, news_event_stories
from onestory.times import utc_now

OUTLETS = 4
PLACES = [
    "Harwick",
    "Pellan",
    "Dunmoor",
    "Castrel",
    "Venby",
    "Oldport",
    "Marrow",
    "Tilling",
    "Strand",
    "Colbeck",
    "Inver",
    "Rosk",
]
FIRMS = [
    "Alder",
    "Brightwell",
    "Corvane",
    "Dellmont",
    "Estrel",
    "Farrow",
    "Gantry",
    "Holt",
    "Ivers",
    "Junner",
    "Kestrel",
    "Lomax",
]
SIGNS = [
    "Aries",
    "Taurus",
    "Gemini",
    "Cancer",
    "Leo",
    "Virgo",
    "Libra",
    "Scorpio",
    "Sagittarius",
    "Capricorn",
    "Aquarius",
    "Pisces",
]
CLUBS = [
    "Rovers",
    "United",
    "Athletic",
    "Wanderers",
    "Albion",
    "Rangers",
    "Town",
    "County",
    "City",
    "Harriers",
    "Olympic",
    "Orient",
]
FORMULAS = {
    "weather": (
        "{a} will see {w} with highs near {n} degrees and winds of {m} kilometres an hour from the west.",
        "Expect {w} around {a} in the afternoon, while {b} stays at {n} degrees under passing clouds.",
        "Overnight temperatures fall to {m} degrees in {b}, with {w} possible towards the coast by morning.",
    ),
    "markets": (
        "Shares of {f} {v} {n} percent to close at {m} as investors weighed the latest figures.",
        "The main index {v} {m} points, led by {f} and {g}, in moderate trading on the exchange.",
        "Analysts said {f} may have {v} on profit taking, with volume of {n} million shares.",
    ),
    "horoscope": (
        "{s}: a conversation brings {w}; lucky number {n}. Keep your plans flexible in the evening.",
        "{s}: money matters improve and {w} is likely. Trust an old friend before you decide.",
        "{s}: your energy returns. Expect {w} at work, and do not promise more than {n} things.",
    ),
    "results": (
        "{c} beat {d} {n} to {m} after goals early in the second half before a crowd of thousands.",
        "{c} drew with {d} away from home, {n} each, and stay in the middle of the table.",
        "A late penalty gave {d} the points against {c}, whose manager praised his defence.",
    ),
}
WORDS = {
    "weather": [
        "light rain",
        "heavy showers",
        "bright sunshine",
        "morning fog",
        "scattered storms",
        "sleet",
        "a dry spell",
    ],
    "markets": ["rose", "fell", "gained", "lost", "slipped", "climbed"],
    "horoscope": ["good news", "a small surprise", "a new start", "a delay", "some tension", "a welcome visit"],
    "results": ["won"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=40)
    options = parser.parse_args()
    rows = list(_rows(options.days))
    with fresh_home() as home:
        run_import(home, rows_file(home, rows))
        store = Store.open(f"sqlite:///{home / 'data' / 'onestory.db'}")
        grouper = NewsEventGrouper(store)
        while grouper.step(now=utc_now()):
            pass
        query = select(articles.c.url, articles.c.published, articles.c.story_id, news_event_stories.c.event_id)
        query = query.join(news_event_stories, news_event_stories.c.story_id == articles.c.story_id)
        with store.read() as connection:
            found = connection.execute(query).all()
        store.close()
    for kind in FORMULAS:
        held: dict[str, list[datetime]] = {}
        stories = set()
        for url, published, story, event in found:
            if f"/{kind}-" in url:
                held.setdefault(event, []).append(published)
                stories.add(story)
        largest = max(held.values(), key=len)
        longest = max((max(days) - min(days)).days for days in held.values())
        articles_found = sum(map(len, held.values()))
        print(
            f"{kind:10} {articles_found:5} articles in {len(stories):4} stories and {len(held):4} events; the largest "
            f"has {len(largest)} articles, the longest spans {longest} days"
        )


def _rows(days: int) -> Rows:
    begin = datetime(2026, 3, 1, 6, tzinfo=UTC)
    return [
        _row(kind, outlet, begin + timedelta(days=day), random.Random(f"{kind} {outlet} {day}"))
        for day in range(days)
        for kind in FORMULAS
        for outlet in range(OUTLETS)
    ]


def _row(kind: str, outlet: int, at: datetime, pick: random.Random) -> dict[str, object]:
    formulas = FORMULAS[kind]
    sentences = [_sentence(formulas[(outlet + turn) % len(formulas)], kind, pick) for turn in range(10)]
    return {
        "url": f"https://outlet{outlet}.example/{kind}-{at:%Y-%m-%d}",
        "title": " ".join(sentences[0].split()[:7]),
        "text": "\n\n".join(sentences),
        "published": at.isoformat(),
        "fetched": (at + timedelta(minutes=5 * outlet)).isoformat(),
    }


def _sentence(formula: str, kind: str, pick: random.Random) -> str:
    (a, b), (f, g), (c, d) = (pick.sample(names, 2) for names in (PLACES, FIRMS, CLUBS))
    word = pick.choice(WORDS[kind])
    n, m = pick.randint(2, 30), pick.randint(2, 30)
    return formula.format(a=a, b=b, f=f, g=g, c=c, d=d, s=pick.choice(SIGNS), w=word, v=word, n=n, m=m)


if __name__ == "__main__":
    main()
