"""How many calls a mirror of the whole store with texts takes, and whether it loses anything while stories change.

    python benchmarks/mirror.py --database-url sqlite:////var/tmp/desk/onestory.db [--changes 20]

The store is one that `benchmarks/desk_store.py` made; it is changed. A server answers over HTTP. While
`/v1/changes?include=articles` is read to its end, a writer takes articles down, brings them back and adds new ones, a
batch of each every half second. The mirror then waits until the last minute is no longer withheld, continues from its
cursor, and is compared with the store, article by article. `/v1/articles?include=text` is counted beside it.
"""

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
from sqlalchemy import select

from onestory.config import Config
from onestory.dedupe.signature import PARAMETERS, sign
from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.newsroom.stories.changes_api import SETTLE_DELAY
from onestory.pipelines.runtime.engine import open_engine
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture
from onestory.store.articles.save import save_articles
from onestory.store.database import Store
from onestory.store.events.withdrawals import mark_article_returned, mark_article_withdrawn
from onestory.store.queries import lock_stories
from onestory.store.schema import articles, versions

MOST_CALLS = 250
PAGE = 1_000
LIST_PAGE = 400


@dataclass(slots=True)
class Mirror:
    """What was received: articles by id, the calls and bytes that it took, and how often each article came."""

    held: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    received: int = 0
    cursor: str | None = None

    def read(self, client: httpx.Client) -> None:
        """All changes from the cursor to the end."""
        more = True
        while more:
            asked = {"include": "articles", "limit": PAGE} | ({"cursor": self.cursor} if self.cursor else {})
            answer = client.get("/v1/changes", params=asked)
            answer.raise_for_status()
            page = answer.json()
            for row in (row for change in page["changes"] for row in change["articles"] or ()):
                self.held[row["id"]] = row
                self.times[row["id"]] += 1
            self.calls += 1
            self.received += len(answer.content)
            self.cursor, more = page["next"], page["more"]


@contextmanager
def writing(store: Store, batch: int) -> Iterator[Counter[str]]:
    """Changes the store all along, and counts what it did."""
    ended, done = threading.Event(), Counter[str]()
    with store.read() as connection:
        ids = list(connection.execute(select(articles.c.id).order_by(articles.c.arrival)).scalars())
    pick = random.Random(3)

    def work() -> None:
        gone: list[str] = []
        while not ended.wait(0.5):
            now = datetime.now(UTC)
            some = pick.sample(ids, batch)
            with store.write() as connection:
                homes = select(articles.c.story_id).where(articles.c.id.in_([*some, *gone]))
                lock_stories(connection, set(connection.execute(homes).scalars()))
                for one in gone:
                    mark_article_returned(connection, one, now=now)
                for one in some:
                    mark_article_withdrawn(connection, one, since=now, reason="missing", now=now)
                save_articles(connection, [_article(done["added"] + at) for at in range(batch)], now=now)
            done.update(taken_down=len(some), returned=len(gone), added=batch)
            gone = some

    writer = threading.Thread(target=work)
    writer.start()
    try:
        yield done
    finally:
        ended.set()
        writer.join()


def _article(number: int) -> ProcessedCapture:
    url, text = f"https://www.outlet1.example/new/{number}", f"Word{number} and word{number + 1} are news. " * 20
    signature = sign(text)
    extracted = ExtractedArticle(url=url, fetched_url=url, text=text, language="en", words=signature.words, title=text)
    capture = Capture(url=url, observed=datetime.now(UTC), outlet="Outlet 1")
    return ProcessedCapture(
        capture, extracted, signature.to_bytes(), PARAMETERS.encode(), signature.digest, "benchmark"
    )


def differences(store: Store, held: Mapping[str, Mapping[str, Any]]) -> tuple[int, int, int]:
    """How many articles the store has, how many of them the mirror lacks, and how many it holds otherwise."""
    columns = (articles.c.id, articles.c.story_id, articles.c.version, articles.c.withdrawn, versions.c.text)
    query = select(*columns).join(versions, versions.c.number == articles.c.version)
    count = lost = other = 0
    with store.read() as connection:
        for row in connection.execute(query):
            count += 1
            mine = held.get(row.id)
            if mine is None:
                lost += 1
            elif (mine["story_id"], mine["number"], mine["text"], mine["withdrawn"] is None) != (
                row.story_id,
                row.version,
                row.text,
                row.withdrawn is None,
            ):
                other += 1
    return count, lost, other + len(held.keys()) - (count - lost)


def listed(client: httpx.Client) -> tuple[int, int, int]:
    """Calls of `/v1/articles`, articles, and how many of these came twice."""
    ids: Counter[str] = Counter()
    calls, cursor = 0, None
    while calls == 0 or cursor:
        asked = {"include": "text", "limit": LIST_PAGE} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/articles", params=asked).raise_for_status().json()
        ids.update(row["id"] for row in page["articles"])
        calls, cursor = calls + 1, page["next"]
    return calls, len(ids), sum(number - 1 for number in ids.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database-url", required=True, help="a store that desk_store.py made")
    parser.add_argument("--changes", type=int, default=20, help="articles in each batch of the writer")
    asked = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mirror-")))
        config = Config.read({"ONESTORY_DATABASE_URL": asked.database_url}, home=home)
        engine = stack.enter_context(open_engine(config))
        listening = stack.enter_context(listen_on("127.0.0.1", 0))
        url = stack.enter_context(serve_in_thread(create_app(engine.store, engine.index_client), listening))
        client = stack.enter_context(httpx.Client(base_url=url, trust_env=False, timeout=300))
        other = Store.open(asked.database_url)
        stack.callback(other.close)
        mirror, began = Mirror(), time.monotonic()
        with writing(other, asked.changes) as done:
            mirror.read(client)
        whole, seconds = mirror.calls, time.monotonic() - began
        print(f"{len(mirror.held):,} articles in {whole} calls, {seconds:.0f} s, {mirror.received / 1e6:.0f} MB")
        print(f"meanwhile: {dict(done)}; {sum(n > 1 for n in mirror.times.values()):,} articles came again")
        time.sleep((SETTLE_DELAY + timedelta(seconds=2)).total_seconds())
        mirror.read(client)
        count, lost, otherwise = differences(other, mirror.held)
        print(f"after {mirror.calls - whole} more: {count:,} in the store, {lost} lost, {otherwise} held otherwise")
        calls, found, twice = listed(client)
        print(f"/v1/articles: {found:,} articles in {calls} calls, {twice} twice")
    if whole > MOST_CALLS or lost or otherwise or twice or found != count:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
