"""Invented news, and the way it gets into a store: through the stages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.database import Store
from tests.readings import reading, take

__all__ = ["BRIDGE", "FERRY", "NOON", "Piece", "put", "story_of"]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BRIDGE = (
    "The harbour bridge at Port Ellery will close for six weeks from Monday after inspectors found cracks "
    "in two of its eastern bearings, the port authority said on Thursday.\n"
    "Engineers noticed the damage during a routine check in early spring, when a lorry driver reported "
    "that the deck had shifted under his wheels near the second pier.\n"
    '"We would rather close it for weeks than lose it for years," said Marta Holm, who leads the '
    "authority, adding that ferries would run every ten minutes between the old customs house and the "
    "fish market.\n"
    "Shopkeepers on the eastern bank said they feared for their autumn trade, as nearly half of their "
    "customers cross the bridge on foot each morning.\n"
    "Repairs are expected to cost eleven million crowns, of which the national road fund will carry two "
    "thirds."
)
FERRY = (
    "Crews of the northern island ferries voted on Wednesday to stop work for two days next week in a "
    "dispute over night shifts and the length of rest between crossings.\n"
    "The union said that nine in ten of its members had taken part, the highest share since the line was "
    "founded sixty years ago by three brothers from Skarvoy.\n"
    "The company answered that it would hire two smaller boats, so that schools, the dialysis ward and "
    "the mail would not be cut off from the mainland.\n"
    "Talks led by a retired judge broke down late on Tuesday, when neither side would move on who pays "
    "for the hours between midnight and dawn."
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One text as an outlet ran it, `minutes` after noon."""

    url: str
    text: str
    title: str | None = None
    outlet: str | None = None
    minutes: float = 0


def put(store: Store, index_client: IndexClient, pieces: Sequence[Piece]) -> list[str]:
    """Stores and attaches the pieces; their article ids."""
    readings = [
        reading(
            piece.url,
            piece.text,
            observed=NOON + timedelta(minutes=piece.minutes),
            title=piece.title,
            outlet=piece.outlet,
        )
        for piece in pieces
    ]
    return [saved.article_id for saved in take(store, index_client, readings, now=NOON)]


def story_of(text: str, *, copies: int, name: str, title: str, minutes: float = 0) -> list[Piece]:
    """The same text at so many outlets, a minute apart."""
    return [
        Piece(
            url=f"https://www.{name}{number}.example/{name}",
            text=text,
            title=title,
            outlet=f"{name.title()} {number}",
            minutes=minutes + number,
        )
        for number in range(copies)
    ]
