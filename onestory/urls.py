"""URL normalization, and the ids made from URLs. All functions are pure."""

import hashlib
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from onestory.errors import BadInput

if TYPE_CHECKING:
    from tldextract import TLDExtract

__all__ = [
    "article_id_of_url",
    "bare_host",
    "host_of",
    "normalize_url",
    "path_owner",
    "same_publisher",
    "same_site",
    "site_of",
]

MAX_URL_LENGTH = 2048
MAX_REDIRECTS = 5
# Host names as registered and used (RFC 1035, section 2.3.4, and underscores), or IPv6 addresses. No escapes.
HOST_PATTERN = re.compile(r"[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
# Neither an address nor a single label: `intranet`.
NAMED_HOST = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*")
DEFAULT_PORTS = {"http": 80, "https": 443}
# Parameters that campaigns, share buttons and comment forms append. The page is the same without them.
TRACKING_PARAMETERS = re.compile(
    r"(?i)^(utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|mc_[ce]id|_ga|_gl|cmpid|ocid|spm|xtor|replytocom)$"
)
# Session ids that servers append for clients without cookies. Each visit would find new pages.
SESSION_PARAMETERS = re.compile(
    r"(?i)^(phpsessid|jsessionid|aspsessionid\w*|asp\.net_sessionid|cfid|cftoken|session_?id|sess_?id|zenid|oscsid)$"
)
# Short names are also used for other purposes, so the value must look like a session id.
SHORT_SESSION_PARAMETERS = re.compile(r"(?i)^(s|sid|session)=[0-9a-f]{26,64}$")
SESSION_IN_PATH = re.compile(r"(?i);jsessionid=[^/;?]*|/\(S\([0-9a-z]{24}\)\)(?=/)")
# WordPress shows an article again above each page of its comments.
COMMENT_PAGE = re.compile(r"/comment-page-\d{1,4}/?$")
# Browsers drop these characters anywhere in a URL (URL Standard, "basic URL parser").
DROPPED_CHARACTERS = re.compile(r"[\t\r\n]")
# Names under which one server serves other forms of its pages.
ALTERNATE_LABELS = frozenset({"www", "m", "mobile", "amp", "touch", "wap"})
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")


def normalize_url(url: str) -> str:
    """The normal form of a URL (RFC 3986, section 6.2.2), with an ASCII host.

    Fragments, and what tells of campaigns, sessions and pages of comments, are left out.
    Raises BadInput unless it is an absolute http(s) URL of at most 2,048 characters.
    """
    cleaned = DROPPED_CHARACTERS.sub("", url.encode("utf-8", "ignore").decode("utf-8").strip(" \x00\t\r\n"))
    if CONTROL_CHARACTERS.search(cleaned):
        raise BadInput(f"{url[:200]!r} is not a URL: it contains control characters")
    try:
        parts = urlsplit(cleaned)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
        host = host if ":" in host or host.isascii() else host.encode("idna").decode("ascii")
    except ValueError as error:
        raise BadInput(f"{url[:200]!r} is not a URL: {error}") from error
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS or not HOST_PATTERN.fullmatch(host) or len(cleaned) > MAX_URL_LENGTH:
        raise BadInput(f"{url[:200]!r} is not an http or https URL of at most {MAX_URL_LENGTH} characters")
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, DEFAULT_PORTS[scheme]):
        netloc += f":{port}"
    path = COMMENT_PAGE.sub("/", SESSION_IN_PATH.sub("", parts.path))
    path = quote(path or "/", safe="/%:@!$&'()*+,;=~-._")
    normal = urlunsplit((scheme, netloc, path, _without_tracking(parts.query), ""))
    # Percent-encoding triples the bytes, and an index row of PostgreSQL holds at most 2,704.
    if len(normal) > MAX_URL_LENGTH:
        raise BadInput(f"{normal[:200]!r} is not a URL of at most {MAX_URL_LENGTH} characters")
    return normal


def _without_tracking(query: str) -> str:
    if not TRACKING_HINT.search(query):
        return quote(query, safe="/%:@!$&'()*+,;=~-._?[]")
    return urlencode([(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _is_appended(k, v)])


def _is_appended(name: str, value: str) -> bool:
    """Whether a parameter identifies the visitor or the referrer, not the page."""
    return bool(
        TRACKING_PARAMETERS.match(name)
        or SESSION_PARAMETERS.match(name)
        or SHORT_SESSION_PARAMETERS.match(f"{name}={value}")
    )


TRACKING_HINT = re.compile(
    r"(?i)(^|&)(utm_|\w*clid=|[gw]braid=|igshid=|mc_|_ga|_gl|cmpid=|ocid=|spm=|xtor=|replytocom="
    r"|\w*sess\w*=|asp\.net_|cfid=|cftoken=|zenid=|oscsid=|s(id)?=[0-9a-f]{26})"
)


def bare_host(host: str) -> str:
    """The host without www."""
    return host.removeprefix("www.")


@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """The host name of a normal URL, in lower case and without the port."""
    return (urlsplit(url).hostname or "").rstrip(".")


@cache
def _public_suffixes() -> "TLDExtract":
    # The list that ships with the library: what a site is must not depend on the network. Its private section counts:
    # github.io and blogspot.com host strangers side by side.
    from tldextract import TLDExtract  # noqa: PLC0415 (brings an HTTP client along)

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


# How hosts that many people publish on name the space of one of them.
OWNER_PATH = re.compile(r"/((?:[@~]|(?:u|users?|profiles?|members?|people)/)[^/?#]{1,100})(?=/|$)", re.IGNORECASE)


def path_owner(url: str) -> str | None:
    """Whose space on its host a page is in, by the path: `@ada`, `~ada`, `users/ada`. None where the host speaks."""
    found = OWNER_PATH.match(urlsplit(url).path)
    return found[1].lower() if found else None


@lru_cache(maxsize=4096)
def site_of(host: str) -> str:
    """The registrable domain of a host (Public Suffix List), or the host itself if it has none.

    Of a name that no rule of the list matches, the last label is the suffix, as the list's algorithm says.
    """
    found = _public_suffixes()(host)
    if found.suffix or not NAMED_HOST.fullmatch(host):
        return found.top_domain_under_public_suffix or host
    return ".".join(host.split(".")[-2:])


def same_site(a: str, b: str) -> bool:
    """Whether two URLs belong to the same registrable domain."""
    return site_of(host_of(a)) == site_of(host_of(b))


def same_publisher(a: str, b: str) -> bool:
    """Whether the server of one URL may speak for the other: the same port, and the same host.

    Hosts are compared without the labels under which one server serves a page's mobile and AMP forms. Another
    subdomain may belong to somebody else, and so may another port of an address.
    """
    return _publisher_of(a) == _publisher_of(b)


def _publisher_of(url: str) -> tuple[str, int | None]:
    host = host_of(url)
    site = site_of(host)
    labels = host.removesuffix(site).rstrip(".").split(".") if host != site else []
    own = [label for label in labels if label and label not in ALTERNATE_LABELS]
    return ".".join([*own, site]), urlsplit(url).port


def article_id_of_url(url: str) -> str:
    """24 hex digits of the SHA-256 of a normal URL."""
    return hashlib.sha256(url.encode()).hexdigest()[:24]
