"""Which address an article has: its own, or its canonical where that can be the same article's."""

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

from onestory.errors import BadInput
from onestory.pipelines.markup.structured_data import Markup, strings
from onestory.urls import normalize_url, same_publisher

__all__ = ["canonical_url"]

# Caches that show an outlet's page under an address of their own, with the outlet's in it.
_CACHES = (".cdn.ampproject.org", ".ampproject.net", ".bing-amp.com")
_CACHED = re.compile(r"^/(?:amp/)?(?:[cvi]/)?(?P<safe>s/)?(?P<rest>[^/]+\.[^/]+/.*)$")
_GOOGLE = re.compile(r"^(?:www\.)?google\.[a-z.]{2,6}$")
_PAGE_NAMES = frozenset(
    ["page", "p", "pg", "pn", "seite", "pagina", "pag", "side", "sida", "strona", "stranica", "sayfa"]
)
_PAGE_SEGMENT = re.compile(r"(?:page|seite|pagina|pag|side|sida|p)[-_]?(\d{1,2})", re.IGNORECASE)
_PAGE_ENDING = re.compile(r"^(?P<name>.+?)[-_,.](?P<page>\d{1,2})(?P<ending>\.\w{2,5})?$")
MAX_PAGES = 50
_UNFILLED = frozenset(["undefined", "null", "none", "nan", "false", "[object%20object]"])
_PLACEHOLDER = re.compile(r"%7B%7B|%7B%|<%|%3C%|\$%7B|%5Bslug%5D", re.IGNORECASE)
# Other forms of one article: `/news/story/amp`.
_FORMS = frozenset(["amp", "amp.html", "print", "index.html", "index.php", "full", "all", "single", "mobile", "story"])
_FORM_FILE = re.compile(r"(?:index|amp|print|default)\.\w{2,5}", re.IGNORECASE)
_SLUG_WORDS = 4
_WORDS = re.compile(r"[^\W\d_]{3,}")


def canonical_url(markup: Markup) -> tuple[str, str | None]:
    """The article's identity, and a canonical of another publisher (a credit, never an identity).

    A canonical says nothing about an article where it is a front page, a section above the page, the first page of
    an article of which this is another page, or plainly another article's. Templates err, and each would make one
    article of many. What was fetched with https keeps it.
    """
    own = _uncached(normalize_url(markup.url))
    claimed = _claimed(markup)
    if claimed is None or claimed == own:
        return own, None
    here, there = urlsplit(own), urlsplit(claimed)
    if there.path == "/" and not there.query:
        return own, None
    if not same_publisher(own, claimed):
        return own, claimed
    if here[1:] == there[1:] or _differ_by_slash(here, there):
        return (claimed.replace("http:", "https:", 1) if here.scheme == "https" else claimed), None
    is_mistaken = (
        _is_template(there)
        or _is_above(there, here)
        or _is_later_page(here, there)
        or _is_of_another(here, there, markup)
    )
    return (own if is_mistaken else claimed), None


def _differ_by_slash(here: SplitResult, there: SplitResult) -> bool:
    return here.netloc == there.netloc and here.query == there.query and here.path.rstrip("/") == there.path.rstrip("/")


def _is_template(there: SplitResult) -> bool:
    """Whether a template was not filled in: `/{{slug}}`, `/undefined`."""
    last = there.path.rstrip("/").rpartition("/")[2].lower()
    return last in _UNFILLED or _PLACEHOLDER.search(there.path) is not None


def _claimed(markup: Markup) -> str | None:
    try:
        return _uncached(normalize_url(markup.canonical)) if markup.canonical else None
    except BadInput:
        return None


def _uncached(url: str) -> str:
    """The address of the outlet's page in that of a cache."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    match = _CACHED.match(parts.path) if host.endswith(_CACHES) or _is_google_amp(host, parts.path) else None
    if match is None:
        return url
    scheme = "https" if match["safe"] else "http"
    try:
        return normalize_url(f"{scheme}://{match['rest']}" + (f"?{parts.query}" if parts.query else ""))
    except BadInput:
        return url


def _is_google_amp(host: str, path: str) -> bool:
    return path.startswith("/amp/") and _GOOGLE.match(host) is not None


def _is_above(there: SplitResult, here: SplitResult) -> bool:
    """Whether the canonical is a section that holds the page, by its path, or by its name."""
    ours, theirs = _segments(here), _segments(there)
    if there.query or not ours:
        return False
    if len(theirs) < len(ours) and ours[: len(theirs)] == theirs:
        is_form = all(one.lower() in _FORMS or _FORM_FILE.fullmatch(one) for one in ours[len(theirs) :])
        return not is_form and not (theirs and _is_story(theirs[-1]))
    return len(theirs) < len(ours) and _is_section(theirs) and _is_story(ours[-1])


def _is_section(segments: list[str]) -> bool:
    return all(len(one.split("-")) <= 2 and not any(map(str.isdigit, one)) for one in segments)


def _is_story(name: str) -> bool:
    return len(re.split(r"[-_]", name)) >= _SLUG_WORDS or sum(map(str.isdigit, name)) >= 5


def _is_of_another(here: SplitResult, there: SplitResult, markup: Markup) -> bool:
    """Whether the canonical tells of something else by its words, where the page's own address tells its headline.

    A template that fills it in once gives every page the address of one article.
    """
    claims = (markup.title, *markup.meta.get("og:title", ())[:1], *strings(markup.article.get("headline"))[:1])
    told = {word for claim in claims if claim for word in _words(claim)}
    ours = _words(" ".join(_segments(here)[-1:]))
    theirs = _words(there.path)
    is_told = 2 * len(ours & told) >= len(ours) > 1
    return is_told and len(theirs) > 1 and not any(map(str.isdigit, there.path)) and theirs.isdisjoint(told | ours)


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(text.lower()))


def _is_later_page(here: SplitResult, there: SplitResult) -> bool:
    """Whether the page is the second or a later one of the article whose first page is the canonical."""
    if here.path == there.path:
        theirs = dict(parse_qsl(there.query))
        pages = [value for name, value in parse_qsl(here.query) if name.lower() in _PAGE_NAMES and name not in theirs]
        return any(_is_number(value) for value in pages)
    ours, first = _segments(here), _segments(there)
    if ours[:-1] == first and ours and (match := _PAGE_SEGMENT.fullmatch(ours[-1])):
        return _is_number(match[1])
    if ours[:-1] == first and ours and ours[-1].isdecimal():
        return _is_number(ours[-1])
    if ours[:-2] == first and len(ours) > 1 and ours[-2].lower() in _PAGE_NAMES:
        return _is_number(ours[-1])
    return len(ours) == len(first) and ours[:-1] == first[:-1] and _is_numbered(ours[-1], first[-1])


def _is_numbered(name: str, first: str) -> bool:
    """`story-2.html` beside `story.html`."""
    match = _PAGE_ENDING.match(name)
    return match is not None and _is_number(match["page"]) and f"{match['name']}{match['ending'] or ''}" == first


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= 3 and 2 <= int(text) <= MAX_PAGES


def _segments(parts: SplitResult) -> list[str]:
    return [one for one in parts.path.split("/") if one]
