"""Which address an article has."""

import pytest

from onestory.pipelines.extract.identity import canonical_url
from onestory.pipelines.markup.structured_data import Markup

SITE = "https://www.harbourpost.com"


def identity(url: str, canonical: str | None) -> tuple[str, str | None]:
    return canonical_url(Markup(url, canonical=canonical))


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/news/harbour-bridge-shut-today?ref=home", "/news/harbour-bridge-shut-today"),
        ("/news/harbour-bridge-shut-today/amp", "/news/harbour-bridge-shut-today"),
        ("/story/amp", "/story"),
        ("/?p=123", "/2026/01/harbour-bridge"),
        ("/news/harbour-bridge-shut-today/comments", "/news/harbour-bridge-shut-today"),
        ("/index.php/news/1234567", "/news/1234567"),
    ],
)
def test_a_canonical_of_the_same_article_is_its_identity(path: str, canonical: str) -> None:
    assert identity(SITE + path, SITE + canonical) == (SITE + canonical, None)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/news/0", "/news"),
        ("/news/12345", "/news"),
        ("/local/harbour-bridge-shut-today", "/local"),
        ("/2026/01/05/harbour-bridge-shut-today", "/news"),
        ("/long-story?page=2", "/long-story"),
        ("/long-story/page/3", "/long-story"),
        ("/long-story/2", "/long-story"),
        ("/long-story-2.html", "/long-story.html"),
        ("/harbour-bridge-shut-today/seite-2", "/harbour-bridge-shut-today"),
        ("/news/harbour-bridge-shut-today", "/"),
    ],
)
def test_sections_front_pages_and_first_pages_are_no_identity(path: str, canonical: str) -> None:
    assert identity(SITE + path, SITE + canonical) == (SITE + path, None)


@pytest.mark.parametrize(
    "cached",
    [
        "https://www-harbourpost-com.cdn.ampproject.org/c/s/www.harbourpost.com/v3/bridge",
        "https://www-harbourpost-com.cdn.ampproject.org/v/s/www.harbourpost.com/v3/bridge",
        "https://www.google.com/amp/s/www.harbourpost.com/v3/bridge",
    ],
)
def test_a_cached_page_is_the_outlets(cached: str) -> None:
    assert identity(cached, None) == (f"{SITE}/v3/bridge", None)
    assert identity(cached, f"{SITE}/v3/bridge") == (f"{SITE}/v3/bridge", None)


def test_a_canonical_on_another_site_is_a_credit() -> None:
    assert identity(f"{SITE}/a", "https://www.reuters.com/a") == (f"{SITE}/a", "https://www.reuters.com/a")


@pytest.mark.parametrize(
    ("canonical", "is_identity"),
    [
        ("/news/bridge-shut-by-crack", True),
        ("/news/ferry-fares-to-rise", False),
        ("/static/page", False),
        ("/story/1234567", True),
        ("/article/view", False),
    ],
)
def test_a_canonical_that_tells_of_something_else_is_no_identity(canonical: str, is_identity: bool) -> None:
    url = f"{SITE}/news/harbour-bridge-shut"
    markup = Markup(url, canonical=SITE + canonical, title="Harbour bridge shut after crack found")
    assert canonical_url(markup)[0] == (SITE + canonical if is_identity else url)
    # An address that says nothing of the headline decides nothing.
    other = Markup(f"{SITE}/n/42", canonical=SITE + canonical, title="Harbour bridge shut after crack found")
    assert canonical_url(other)[0] == SITE + canonical


@pytest.mark.parametrize(
    ("url", "canonical", "expected"),
    [
        (f"{SITE}/news/bridge", "http://www.harbourpost.com/news/bridge", f"{SITE}/news/bridge"),
        (f"{SITE}/news/bridge", "http://www.harbourpost.com/news/bridge/", f"{SITE}/news/bridge/"),
        (f"{SITE}/news/bridge", f"{SITE}/news/bridge/", f"{SITE}/news/bridge/"),
        ("http://www.harbourpost.com/news/bridge", f"{SITE}/news/bridge", f"{SITE}/news/bridge"),
    ],
)
def test_forms_of_one_address_are_one_identity_and_https_stays(url: str, canonical: str, expected: str) -> None:
    assert identity(url, canonical) == (expected, None)


@pytest.mark.parametrize("path", ["/undefined", "/null", "/{{slug}}", "/news/${slug}", "/news/[slug]"])
def test_a_canonical_that_a_template_did_not_fill_in_says_nothing(path: str) -> None:
    assert identity(f"{SITE}/news/bridge", SITE + path) == (f"{SITE}/news/bridge", None)


def test_hosts_without_a_public_suffix_are_divided_like_others() -> None:
    page = "https://m.harbourpost.test/news/bridge"
    assert identity(page, "https://www.harbourpost.test/news/bridge")[0] == "https://www.harbourpost.test/news/bridge"
    assert identity("http://127.0.0.7/a", "http://127.0.0.8/a") == ("http://127.0.0.7/a", "http://127.0.0.8/a")
