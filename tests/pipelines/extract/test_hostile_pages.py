"""Pages that mean harm, and pages that were harmed: no crash, no page that takes long."""

import time
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onestory.errors import Dropped
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture

PAGES = [folder.joinpath("page.html").read_bytes() for folder in sorted(Path(__file__).with_name("golden").iterdir())]
TAGS = [
    "div",
    "p",
    "a",
    "table",
    "td",
    "li",
    "b",
    "h1",
    "script",
    "style",
    "figure",
    "br",
    "svg",
    "form",
    "meta",
    "link",
    "time",
]
URL = "https://www.example.org/news/ferry"
SECONDS = 5.0
quickly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def survives(body: bytes, *, content_type: str = "text/html") -> None:
    start = time.perf_counter()
    try:
        article = extract(
            Capture(
                url=URL, observed=datetime(2024, 6, 1, tzinfo=UTC), body=body, headers=(("Content-Type", content_type),)
            )
        )
        named = bool(article.text.encode("utf-8"))
    except Dropped as dropped:
        named = bool(dropped.reason)
    assert named
    assert time.perf_counter() - start < SECONDS


@quickly
@given(st.binary(max_size=2_000), st.text(max_size=40))
def test_any_bytes_under_any_content_type(noise: bytes, content_type: str) -> None:
    survives(b"<html><body>" + noise, content_type=f"text/html; charset={content_type}")


@quickly
@given(st.sampled_from(PAGES), st.data())
def test_real_pages_cut_doubled_and_peppered(original: bytes, data: st.DataObject) -> None:
    page = bytearray(original)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(page)))
        to = data.draw(st.integers(at, min(len(page), at + 400)))
        page[at:to] = data.draw(
            st.sampled_from([b"", bytes(page[at:to]) * 3, b"\x00\xff<", b"</article>", b'">', b"&#x110000;"])
        )
    survives(bytes(page))


@quickly
@given(st.lists(st.tuples(st.sampled_from(TAGS), st.text(max_size=30), st.booleans()), max_size=60))
def test_any_nesting_of_tags(parts: list[tuple[str, str, bool]]) -> None:
    html = "".join(
        f'<{tag} class="{text}" href="{text}" content="{text}" name="author">{text}' + f"</{tag}>" * closed
        for tag, text, closed in parts
    )
    survives(html.encode("utf-8", "surrogatepass"))


def test_a_tag_repeated_without_end() -> None:
    for tag in TAGS:
        survives(PAGES[0] + f"<{tag}>".encode() * 20_000)
    survives(b"<p>" + b"word, " * 300_000)
    survives(PAGES[0] + b'<p class="' + b"caption " * 500_000 + b'">x</p>')
