"""What a headline says of shared words: news of both articles, or a frame around them."""

from string import ascii_lowercase

import pytest

from onestory.dedupe.headlines import Headline, are_related, are_same
from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText, verify
from tests.dedupe.news import article, join

OFFER = join(*article(70, paragraphs=2))
BRIDGE = "Harbour bridge shut after crack found"
SCHOOLS = "Village schools to close in spring"


def text(number: int, words: str, headline: str, origin: str = "") -> ComparedText:
    return ComparedText(number, words, sign(words), Headline(headline), origin)


def kind(a: ComparedText, b: ComparedText) -> str | None:
    found = verify(a, b)
    turned = verify(b, a)
    assert found == turned
    return found and found.kind


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        (BRIDGE, "Harbour bridge closed: crack in a pier", True),
        (BRIDGE, SCHOOLS, False),
        (BRIDGE, "", True),
        ("大橋因裂縫關閉", "裂縫令大橋關閉", True),
    ],
)
def test_related_headlines_share_words(one: str, other: str, related: bool):
    assert are_related(Headline(one), Headline(other)) is related


def test_an_addition_leaves_a_headline_the_same():
    assert are_same(Headline(BRIDGE), Headline(BRIDGE + " today"))
    assert not are_same(Headline(BRIDGE), Headline(SCHOOLS))


def test_what_a_host_shows_under_unrelated_headlines_is_a_frame():
    one, other = text(1, OFFER, BRIDGE, "a.example"), text(2, OFFER, SCHOOLS, "a.example")
    assert kind(one, other) == "frame"


def test_one_text_under_one_headline_is_never_a_frame():
    assert kind(text(1, OFFER, BRIDGE, "a.example"), text(2, OFFER, BRIDGE, "a.example")) == "copy"


def test_what_two_hosts_show_is_off_topic_where_it_mentions_neither_headline():
    found = verify(text(1, OFFER, BRIDGE, "a.example"), text(2, OFFER, SCHOOLS, "b.example"))
    assert found is not None
    assert (found.kind, found.off_topic) == ("copy", True)


def test_a_dispatch_under_two_headlines_of_which_it_mentions_one_is_on_topic():
    dispatch = join("The harbour bridge was shut on Tuesday after a crack was found in a pier.", OFFER)
    found = verify(text(1, dispatch, BRIDGE, "a.example"), text(2, dispatch, "Long waits at the tunnel", "b.example"))
    assert found is not None
    assert (found.kind, found.off_topic) == ("copy", False)


def test_a_teaser_is_a_copy_although_its_byline_and_time_differ():
    whole = join(f"{BRIDGE} By Ada Quill - 04/03/26 06:00 AM EDT", *article(3))
    teaser = f"{BRIDGE} By Ada Quill Apr 3, 2026, 6:00 am 4 pts {article(3)[0][:150]}..."
    assert kind(text(1, whole, BRIDGE), text(2, teaser, BRIDGE)) == "copy"
    assert kind(text(1, whole, BRIDGE), text(2, teaser, SCHOOLS)) != "copy"


def test_a_passage_of_a_round_up_is_contained_and_no_copy():
    brief = join(*article(5, paragraphs=2))
    briefing = join(*article(6, paragraphs=5), brief, *article(8, paragraphs=4))
    found = verify(text(1, brief, BRIDGE), text(2, briefing, "Morning briefing: what you need to know"))
    assert found is not None
    assert (found.kind, found.a_is, found.b_is) == ("contains", "excerpt", "fuller")


def test_the_digest_decides_the_order_of_an_alignment_and_never_the_number():
    def words(first: str, count: int) -> str:
        return " ".join(f"{first}{letter}" for letter in ascii_lowercase[:count])

    repeated = words("q", 20)
    one = join(words("f", 5), words("h", 12), words("d", 6), repeated)
    other = join(repeated, words("e", 5), words("h", 12), words("g", 7), repeated)
    forth = verify(text(1, one, ""), text(2, other, ""))
    back = verify(text(2, one, ""), text(1, other, ""))
    assert forth is not None
    assert back is not None
    assert back.turned().to_dict() | {"a": 1, "b": 2} == forth.to_dict()
