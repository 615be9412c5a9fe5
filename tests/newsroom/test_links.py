"""Stories that are close and not the same; and what the doors answer for what was taken down."""

import pytest

from onestory.pipelines.takedown import take_down
from onestory.store.stories.links import story_links
from onestory.urls import article_id_of_url
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, NOON, Piece, put

OWN = (
    "Police in Port Ellery are looking for a man who sold forged ferry tickets to more than two hundred commuters over "
    "the weekend, and who is said to have worked from a parked van behind the customs house.\n"
    "Several buyers told officers that the slips carried the right colours and even the small embossed anchor.\n"
    "The company will honour them until Friday, its spokesman said, since nobody should pay twice for a bad week.\n"
)


@pytest.fixture
def developed(served: Served) -> Served:
    """A write-through of the bridge's closing that became a story of its own, and the story it came from."""
    bridge = BRIDGE.split("\n")
    own = OWN.split("\n")
    update = "\n".join([own[0], bridge[0], own[1], bridge[2], *own[2:], FERRY])
    put(
        served.store,
        served.index_client,
        [
            Piece("https://www.herald.example/bridge", BRIDGE, title="Bridge to close", outlet="Herald"),
            Piece("https://www.argus.example/forged", update, title="Forged tickets", outlet="Argus", minutes=90),
        ],
    )
    return served


def test_a_link_stands_at_both_stories(developed: Served) -> None:
    first, second = (
        article_id_of_url(f"https://www.{name}") for name in ("herald.example/bridge", "argus.example/forged")
    )
    with developed.store.read() as connection:
        [there], [back] = (story_links(connection, [one]) for one in (first, second))
    assert (there.story_id, back.story_id) == (second, first)
    assert there.kind == back.kind
    assert (there.share, there.share_of_other) == (back.share_of_other, back.share)
    assert [link["story_id"] for link in developed.client.get(f"/v1/stories/{first}").json()["links"]] == [second]
    assert "Forged tickets" in developed.client.get(f"/stories/{first}").text
    assert "Bridge to close" in developed.client.get(f"/stories/{second}").text


def test_a_story_that_was_taken_down_is_gone_and_says_so(developed: Served) -> None:
    gone = article_id_of_url("https://www.herald.example/bridge")
    take_down(developed.store, developed.index_client, gone, reason="order 7", archived=(), now=NOON)
    for path in (f"/v1/stories/{gone}", f"/v1/articles/{gone}"):
        answer = developed.client.get(path)
        assert (answer.status_code, answer.json()["reason"]) == (410, "taken_down")
    page = developed.client.get(f"/stories/{gone}")
    assert page.status_code == 410
    assert "was taken down" in page.text
