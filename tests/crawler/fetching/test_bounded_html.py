"""Pages that the crawler parses in its own process are bounded first."""

import time

import pytest

from onestory.crawler.fetching.bounded_html import has_crowded_tag, parse_bounded
from onestory.errors import Dropped

CROWDED = [
    b"<a " + b" ".join(b"x%d" % n for n in range(2_000)) + b">",
    b"<a " + b" ".join(b'x%d=">"' % n for n in range(2_000)) + b">",
    b"<a " + b"/".join(b"x%d= '1'" % n for n in range(2_000)) + b">",
    b"<a x" + b'"' + b" ".join(b" y%d" % n for n in range(2_000)),
]
HONEST = [
    b"<p>" + b" word" * 50_000 + b"</p>",
    b'<div data-state="' + b"a b c > d = e " * 20_000 + b'">',
    b"<ul>" + b'<li class="a b" id=c>x</li>' * 20_000 + b"</ul>",
    b"<a" + b" " * 500_000 + b">",
    b"a < b and c > d",
    b"",
]


@pytest.mark.parametrize("body", CROWDED)
def test_a_tag_with_too_many_attributes_is_refused_before_it_is_parsed(body: bytes) -> None:
    with pytest.raises(Dropped, match="attributes") as refused:
        parse_bounded(b"<html><body>" + body, url="https://example.org/", content_type="text/html")
    assert refused.value.reason == "too_many_attributes"


@pytest.mark.parametrize("body", HONEST)
def test_an_honest_page_is_not(body: bytes) -> None:
    assert not has_crowded_tag(body)


@pytest.mark.parametrize("unit", [b"<", b"<a ", b'<a x="', b"=", b"<a =", b" ", b"<a\t/"])
def test_the_check_is_linear_in_the_page(unit: bytes) -> None:
    def cost(times: int) -> float:
        body = unit * times
        began = time.process_time()
        has_crowded_tag(body)
        return time.process_time() - began

    small, large = min(cost(50_000) for _ in range(3)), min(cost(200_000) for _ in range(3))
    assert large < max(small, 0.005) * 8  # a quadratic check would take 16 times as long
