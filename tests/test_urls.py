"""Which servers may speak for which addresses."""

import pytest

from onestory.urls import normalize_url, same_publisher, same_site

FERRY = "https://www.example.org/ferry"


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/ferry",
        "http://example.org/other",
        "https://m.example.org/ferry",
        "https://amp.example.org/ferry",
        "https://www.m.example.org/ferry",
    ],
)
def test_a_publisher_speaks_for_the_other_forms_of_its_pages(other: str) -> None:
    assert same_publisher(FERRY, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FERRY, "https://readerblogs.example.org/ferry"),
        (FERRY, "https://example.com/ferry"),
        ("https://goodnews.github.io/t1", "https://evil.github.io/t1"),
        ("https://goodnews.blogspot.com/t1", "https://evil.blogspot.com/t1"),
        ("https://goodnews.substack.com/t1", "https://m.substack.com/t1"),
        ("http://198.51.100.7:8001/t1", "http://198.51.100.7:9999/t1"),
        ("http://198.51.100.7/t1", "http://198.51.100.8/t1"),
        ("https://www.example.org:8443/ferry", FERRY),
    ],
)
def test_nobody_speaks_for_a_neighbour(one: str, other: str) -> None:
    assert not same_publisher(one, other)
    assert not same_publisher(other, one)


def test_a_shared_host_is_as_many_sites_as_it_has_customers() -> None:
    assert not same_site("https://goodnews.github.io/t1", "https://evil.github.io/t1")
    assert same_site("https://news.example.co.uk/1", "https://www.example.co.uk/2")
    # Names that the list does not know: the last label is the suffix. Addresses and single labels have none.
    assert same_site("https://news.harbourpost.test/1", "https://www.harbourpost.test/2")
    assert not same_site("https://www.harbourpost.test/1", "https://www.ferrypost.test/2")
    assert not same_site("http://198.51.100.7/1", "http://203.0.100.7/2")


@pytest.mark.parametrize(
    "seen",
    ["ferry/#comment-12", "ferry/comment-page-3/", "ferry/comment-page-2#respond", "ferry/?replytocom=7#respond"],
)
def test_an_article_and_its_comments_have_one_address(seen: str) -> None:
    assert normalize_url(f"https://example.org/{seen}") == "https://example.org/ferry/"
