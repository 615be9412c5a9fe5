"""Lookups of passages that are too short for the index of signatures, on SQLite and PostgreSQL."""

import time
from typing import Any

import pytest

from onestory.pipelines.stories.pasted_text import join_cut_words
from onestory.store.search.phrase_matches import phrases_of
from tests.news_texts import wire_article
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, FERRY, Piece, put, story_of

FESTIVAL = (
    "ポートエラリーの港で来週、恒例の灯ろう祭りが開かれ、千隻を超える小舟が夜の湾に浮かぶと市の観光課が発表した。"
    "祭りは六十年前に漁師の三兄弟が始めたもので、今年は橋の工事のため会場が北の桟橋に移される。"
)
WORDS = BRIDGE.split()


@pytest.fixture
def news(served: Served) -> Served:
    put(served.store, served.index_client, story_of(BRIDGE, copies=2, name="bridge", title="Bridge to close"))
    put(served.store, served.index_client, story_of(FERRY, copies=1, name="ferry", title="Ferry crews"))
    put(served.store, served.index_client, [Piece("https://minato.example/g", FESTIVAL, "祭り")])
    return served


def look_up(news: Served, text: str) -> dict[str, Any]:
    told: dict[str, Any] = news.client.post("/v1/lookup", json={"text": text}).json()
    return told


@pytest.mark.parametrize("count", [5, 8, 12, 16, 20, 24, 25])
@pytest.mark.parametrize("start", [0, 7, 61, len(WORDS) - 25])
def test_an_exact_passage_of_any_length_is_found(news: Served, count: int, start: int) -> None:
    told = look_up(news, " ".join(WORDS[start : start + count]))
    [found] = told["found"]
    assert (found["title"], found["share"], found["copies"]) == ("Bridge to close", 1, 2)
    assert found["relation"] == "excerpt"
    assert told["passage_words"] == min(count, 12)


def test_a_sentence_within_a_text_of_ones_own_is_found_and_marked(news: Served) -> None:
    sentence = BRIDGE.split("\n")[4]
    text = f"{wire_article(7)}\n{sentence}\n{wire_article(8)}"
    told = look_up(news, text)
    [found] = told["found"]
    assert (found["relation"], found["title"]) == ("quotes", "Bridge to close")
    [[start, end]] = found["spans"]
    assert text[start:end] == sentence.removesuffix(".")


def test_the_longest_passage_that_may_be_missed_is_said_and_shorter_ones_are_not_promised(news: Served) -> None:
    told = look_up(news, wire_article(7, sentences=60))
    assert told["found"] == []
    assert 12 < told["passage_words"] < 64


def test_every_passage_of_the_promised_length_contains_a_phrase_of_the_text() -> None:
    for count in (5, 8, 9, 12, 13, 100, 103, 104, 500, 1501):
        words = [f"w{number}" for number in range(count)]
        phrases = phrases_of(" ".join(words), count)
        starts = [words.index(phrase[0]) for phrase in phrases.phrases]
        size, reach = len(phrases.phrases[0]), phrases.passage_words
        for first in range(count - reach + 1):
            assert any(first <= start and start + size <= first + reach for start in starts), (count, first)


@pytest.mark.parametrize(
    "pasted",
    [
        "Engineers noticed the dam-\nage during a rou-\n   tine check in early spring, when a lorry dri-\r\nver",
        "Engi\u00adneers noticed the dam\u00ad\nage during a routine check in early spring, when a lorry driver",
        "Engineers noticed the dam- age during a routine check in early\nspring, when a lorry driver reported",
        "Engineers noticed the dam\u00ac\nage during a routine\ncheck in early\nspring, when a lorry driver",
        "ENGINEERS noticed the damage during a routine check in early spring – when a lorry driver reported",
        "Engineers noticed the damage during a routine check in early spring,\u200b when\u00a0a lorry driver",
    ],
)
def test_text_from_a_pdf_is_found_with_its_cut_words_joined(news: Served, pasted: str) -> None:
    [found] = look_up(news, pasted)["found"]
    assert (found["title"], found["share"]) == ("Bridge to close", 1)
    [[start, end]] = found["spans"]
    assert (start, end) == (0, len(pasted))


def test_a_hyphen_of_the_words_own_stays_where_a_line_ends(served: Served) -> None:
    text = "The long-serving mayor said on Tuesday that the well-known market would move to the old harbour by spring."
    put(served.store, served.index_client, [Piece("https://a.example/m", text, "Market")])
    [found] = look_up(served, text.replace("long-serving", "long-\nserving").replace("well-known", "well-\nknown"))[
        "found"
    ]
    assert (found["share"], found["relation"]) == (1, "verbatim")


def test_scripts_without_spaces_are_found_by_passages_and_across_line_ends(news: Served) -> None:
    for passage in (FESTIVAL[10:36], FESTIVAL[20:30] + "\n" + FESTIVAL[30:50]):
        [found] = look_up(news, passage)["found"]
        assert found["title"] == "祭り"
        assert found["share"] > 0.8


def test_a_paraphrase_is_not_said_to_be_new_and_the_search_is_offered(news: Served) -> None:
    told = look_up(news, "Port Ellery shuts its harbour bridge, since inspectors discovered cracked bearings there.")
    assert told["found"] == []
    assert told["passage_words"] == 12
    hits = news.client.get("/v1/search", params={"q": told["search"]}).json()["found"]
    assert [one["story"]["title"] for one in hits] == ["Bridge to close"]
    page = news.client.post(
        "/lookup", data={"text": "Port Ellery shuts its harbour bridge, as inspectors found cracks."}
    ).text
    assert "Only these 10 words in this order were looked for" in page
    assert 'href="/?q=' in page


def test_where_no_word_is_known_no_search_is_offered(news: Served) -> None:
    assert look_up(news, "Zyxomma quibblesome florrivant wendigrue tassermint.")["search"] is None


def test_eleven_words_that_follow_each_other_elsewhere_are_no_passage_of_a_longer_text(news: Served) -> None:
    ran = " ".join(WORDS[3:14])
    assert look_up(news, ran)["found"]
    assert look_up(news, f"{ran} {wire_article(7)}")["found"] == []


def test_a_passage_that_very_many_articles_share_is_said_to_be_compared_in_part(served: Served) -> None:
    shared = "The agency is regulated by the port authority of Ellery and publishes its tables each Monday at noon."
    pieces = [Piece(f"https://a{n}.example/x", f"{wire_article(n + 100)}\n{shared}", f"Tables {n}") for n in range(45)]
    put(served.store, served.index_client, pieces)
    told = look_up(served, shared)
    assert told["is_complete"] is False
    assert len(told["found"]) >= 32


@pytest.mark.parametrize(
    "pasted",
    ["a" * 60_000 + "1-", "橋" + "\n" * 60_000 + "x", "ab\u00ad\ncd " * 30_000, "-" + "b" * 60_000],
    ids=["a word without end", "line ends without end", "very many cut words", "a last word without end"],
)
def test_a_pasted_text_is_read_once_whatever_it_repeats(news: Served, pasted: str) -> None:
    start = time.process_time()
    with news.store.read() as connection:
        assert len(join_cut_words(connection, pasted)) == len(pasted)
    assert time.process_time() - start < 1
