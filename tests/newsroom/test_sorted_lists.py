"""Lists of stories by their spread: over HTTP, on SQLite and PostgreSQL."""

import pytest

from onestory.store.stories import sorted_listing
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, Piece, put, story_of
from tests.newsroom.test_api_mirrors import essay

COPIES = (1, 4, 2, 3, 4, 1)


@pytest.fixture
def spread(served: Served) -> Served:
    """Six stories; the later ones have their copies within the last hour, at two outlets at most."""
    for number, copies in enumerate(COPIES):
        pieces = [
            Piece(
                f"https://o{copy}.example/{number}",
                essay(number),
                title=f"Essay {number}",
                outlet=f"Outlet {copy % 2 if number > 3 else copy}",
                minutes=10 * number + (80 if number > 3 else 0),
            )
            for copy in range(copies)
        ]
        put(served.store, served.index_client, pieces)
    return served


def titles(served: Served, **params: object) -> list[str]:
    """The whole list, two at a time."""
    found: list[str] = []
    cursor = None
    while True:
        asked = {"limit": 2, **params, **({"cursor": cursor} if cursor else {})}
        page = served.client.get("/v1/stories", params=asked).json()
        found += [story["title"].removeprefix("Essay ") for story in page["stories"]]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("copies", "4 1 3 2 5 0"), ("outlets", "1 3 4 2 5 0"), ("owners", "1 3 4 2 5 0"), ("growth", "4 5")],
)
def test_the_list_is_sorted_over_all_pages(spread: Served, sort: str, expected: str) -> None:
    assert " ".join(titles(spread, sort=sort)) == expected


@pytest.mark.parametrize("most_copied", [1, 2, 3, 5])
def test_what_is_taken_from_the_most_copied_stories_changes_nothing(
    spread: Served, monkeypatch: pytest.MonkeyPatch, most_copied: int
) -> None:
    monkeypatch.setattr(sorted_listing, "MOST_COPIED", most_copied)
    assert " ".join(titles(spread, sort="outlets")) == "1 3 4 2 5 0"


def test_a_sorted_list_is_filtered_and_searched(spread: Served) -> None:
    assert titles(spread, sort="copies", min_outlets=3) == ["1", "3"]
    assert titles(spread, sort="outlets", q="w3x1") == ["3"]


def test_a_word_of_most_articles_is_looked_for_in_the_sorted_list(served: Served) -> None:
    for number in range(70):
        put(
            served.store,
            served.index_client,
            [Piece(f"https://a.example/{number}", f"harbour {essay(number)}", f"Essay {number}")],
        )
    put(served.store, served.index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge"))
    put(served.store, served.index_client, story_of(FERRY, copies=4, name="ferry", title="Ferry"))
    found = titles(served, sort="copies", q="harbour", limit=50)
    assert (found[0], len(found), "Ferry" in found) == ("Bridge", 71, False)


def test_a_cursor_of_another_order_is_refused(spread: Served) -> None:
    cursor = spread.client.get("/v1/stories", params={"limit": 1, "sort": "copies"}).json()["next"]
    for params in ({"sort": "outlets", "cursor": cursor}, {"cursor": cursor}, {"sort": "copies", "cursor": "x"}):
        answer = spread.client.get("/v1/stories", params=params)
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_cursor")
    assert spread.client.get("/v1/stories", params={"sort": "size"}).status_code == 422
