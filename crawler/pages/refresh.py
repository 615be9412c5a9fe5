"""Pages that only lead to another one: by a refresh in the header or in a meta element, or by one line of script."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import urljoin

from onestory.crawler.fetching.challenge import detect_challenge
from onestory.crawler.fetching.fetcher import FetchResponse

__all__ = ["as_redirect"]

# A page that holds an article is longer. What reloads itself after minutes is a live page.
MAX_BYTES = 8_192
_META = re.compile(rb"<meta\s[^>]{0,400}?http-equiv\s?=\s?[\"']?refresh\b[^>]{0,2400}>", re.IGNORECASE)
_CONTENT = re.compile(rb"content\s?=\s?(?:\"([^\"]{0,2200})\"|'([^']{0,2200})'|([^\s>]{1,2200}))", re.IGNORECASE)
_VALUE = re.compile(r"\s*[0-5](?:\.\d{0,3})?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'\s>]{1,2048})", re.IGNORECASE)
_SCRIPT = re.compile(
    rb"(?:window|document|self|top|this)?\.?\blocation(?:\.href\s?=|\s?=|\.(?:replace|assign)\()\s?[\"']([^\"'\s]{1,2048})[\"']"
)
_TEXT = re.compile(rb"<(?:p|article|h1|h2|li)\b", re.IGNORECASE)


def as_redirect(response: FetchResponse) -> FetchResponse:
    """The response as the redirect that it amounts to; itself if it is a page, or leads to itself."""
    is_small = response.is_readable and len(response.body) <= MAX_BYTES
    if not is_small or detect_challenge(response.headers, response.body):
        return response
    said = _by_header(response) or _by_meta(response.body) or _by_script(response.body)
    if not said or urljoin(response.url, said) == response.url:
        return response
    return replace(response, status=302, headers=(*response.headers, ("Location", said)))


def _by_header(response: FetchResponse) -> str | None:
    found = _VALUE.match(response.header("refresh") or "")
    return found[1] if found else None


def _by_meta(body: bytes) -> str | None:
    element = _META.search(body)
    content = _CONTENT.search(element[0]) if element else None
    value = next((part for part in content.groups() if part is not None), b"") if content else b""
    found = _VALUE.match(unescape(value.decode("utf-8", "replace")))
    return found[1] if found else None


def _by_script(body: bytes) -> str | None:
    """Only where the page has no text of its own."""
    found = _SCRIPT.search(body) if not _TEXT.search(body) else None
    return found[1].decode("utf-8", "replace").replace("\\/", "/") if found else None
