"""A morning's news for the pages: a story that ours still run uncorrected, others, a watch and sources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import insert

from onestory.pipelines.stories.attach import attach
from onestory.pipelines.stories.index_client import IndexClient
from onestory.pipelines.versions.corrections import record_corrections
from onestory.pipelines.watches.creation import WatchRequest, create_watch
from onestory.store.articles.captures import RemovedLine
from onestory.store.articles.save import save_articles
from onestory.store.articles.versions import unattached_versions
from onestory.store.database import Store
from onestory.store.schema import outlets, sources
from onestory.store.search.full_text_index import index_all_due
from tests.newsroom.news import BRIDGE, FERRY, NOON
from tests.readings import reading

__all__ = ["CORRECTED", "OURS", "Told", "bring", "morning_news"]

OURS = "Ellery Courier"
CORRECTED = BRIDGE.replace("eleven million crowns", "seventeen million crowns").replace("two thirds", "one half")
SHORT = "\n".join(BRIDGE.split("\n")[:3])
FESTIVAL = (
    "ポートエラリーの港で来週、恒例の灯ろう祭りが開かれ、千隻を超える小舟が夜の湾に浮かぶと市の観光課が発表した。"
    "祭りは六十年前に漁師の三兄弟が始めたもので、今年は橋の工事のため会場が北の桟橋に移される。"
)


@dataclass(frozen=True, slots=True)
class Told:
    """One text as an outlet ran it, `minutes` after noon; what its page claims is a quarter of an hour earlier."""

    url: str
    text: str
    title: str
    outlet: str
    minutes: float
    credit: str | None = None
    language: str = "en"


def bring(store: Store, index_client: IndexClient, pieces: Sequence[Told], *, now: datetime) -> None:
    """Through the stages, as the intake does."""
    readings = []
    for piece in pieces:
        seen = NOON + timedelta(minutes=piece.minutes)
        one = reading(piece.url, piece.text, observed=seen, title=piece.title, outlet=piece.outlet)
        extracted = replace(
            one.extracted,
            credit=piece.credit,
            language=piece.language,
            published=seen - timedelta(minutes=15),
            published_source="meta",
            removed=(RemovedLine("Sign up for our newsletter", "phrase"),),
        )
        readings.append(replace(one, extracted=extracted))
    with store.write() as connection:
        record_corrections(connection, save_articles(connection, readings, now=now))
    with store.read() as connection:
        waiting = unattached_versions(connection, limit=10_000)
    attach(store, index_client, waiting, now=now)
    index_all_due(store)


def morning_news(store: Store, index_client: IndexClient) -> None:
    with store.write() as connection:
        connection.execute(
            insert(outlets),
            [{"name": OURS, "owner": "Coast Media", "ours": True}, {"name": "Bay News", "owner": None, "ours": False}],
        )
        rows = [("ok", None), ("silent", "Nothing new for two days, where an hour is usual."), ("blocked", "403")]
        for number, (status, why) in enumerate(rows):
            row = {"outlet": f"Outlet {number}", "kind": "feed", "host": f"o{number}.example", "status": status}
            row |= {"url": f"https://o{number}.example/feed", "interval_seconds": 900, "next_poll": NOON, "why": why}
            connection.execute(insert(sources).values(row))
    bring(store, index_client, list(_first_morning()), now=NOON + timedelta(minutes=60))
    fixed = Told("https://www.wire.example/bridge", CORRECTED, "Bridge to close", "Coast Wire", 70, "Coast Wire")
    bring(store, index_client, [fixed], now=NOON + timedelta(minutes=70))
    late = replace(fixed, url="https://www.late.example/bridge", outlet="Late Edition", minutes=80, credit="Coast Wire")
    bring(store, index_client, [late], now=NOON + timedelta(minutes=80))
    create_watch(
        store, WatchRequest(["harbour bridge"], name="The bridge"), clock=lambda _: NOON + timedelta(minutes=90)
    )


def _first_morning() -> Sequence[Told]:
    moved = "\n".join(BRIDGE.split("\n")[place] for place in (0, 3, 1, 2, 4))
    return [
        Told("https://www.wire.example/bridge", BRIDGE, "Bridge to close", "Coast Wire", 0, "Coast Wire"),
        Told("https://www.courier.example/a", BRIDGE, "Our bridge shuts", OURS, 12, "Coast Wire"),
        Told("https://www.bay.example/b", moved, "Bridge to close", "Bay News", 20),
        Told("https://www.north.example/c", BRIDGE, "Bridge to close", "North Post", 35, "Coast Wire"),
        Told("https://www.brief.example/d", SHORT, "In brief: the bridge", "Briefly", 50),
        Told("https://www.ferry.example/e", FERRY, "Ferry crews to strike", "Island Times", 5),
        Told("https://www.bay.example/f", FERRY, "Strike on the ferries", "Bay News", 65),
        Told("https://www.minato.example/g", FESTIVAL, "港の灯ろう祭り、北の桟橋で", "港新聞", 30, None, "ja"),
    ]
