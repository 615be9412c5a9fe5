"""Shapes of page that mean harm, of any size: `SHAPES[name](size)` gives the bytes of a page."""

import random
from collections.abc import Callable, Mapping

__all__ = ["SHAPES"]

PARAGRAPH = "The harbour bridge was closed on Tuesday after engineers found a crack in its third pier, the city said. "
THAI = "สะพานท่าเรือถูกปิดเมื่อวันอังคารหลังวิศวกรพบรอยร้าว"
SCRIPTS = "Мост bridge γέφυρα สะพาน 桥 جسر "
NEWS = '"@type":"NewsArticle","headline":"Bridge shut after crack found"'


def page(body: str, head: str = "", *, text: str = PARAGRAPH * 6) -> bytes:
    title = "Bridge shut after crack found"
    opening = f"<html lang=en><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>"
    return f"{opening}<p>{text}</p>{body}<p>{text}</p></article></body></html>".encode()


def json_ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def noise(length: int) -> bytes:
    pick = random.Random(1)
    return bytes(pick.choice(range(128, 256)) for _ in range(length))


def attributes(count: int) -> str:
    return " ".join(f"a{number}=1" for number in range(count))


def state(count: int) -> str:
    values = '{"k%d":{"a":"Some sentence that is long enough to be a paragraph %d."}}'
    return "[" + ",".join(values % (number, number) for number in range(count)) + "]"


SHAPES: Mapping[str, Callable[[int], bytes]] = {
    "exclamation marks": lambda n: page("<p>" + "!" * (60_000 * n) + "</p>"),
    "quotation marks at a sentence's end": lambda n: page("<p>It ended." + '"' * (400_000 * n) + "</p>"),
    "quotes then letter": lambda n: page("<p>It ended." + '"' * (100_000 * n) + "x</p>"),
    "900k attributes on a tag": lambda n: page(f"<p {attributes(225_000 * n)}>x</p>"),
    "20k attributes on a tag": lambda n: page(f"<p {attributes(5_000 * n)}>x</p>"),
    "200 nested divs x 140": lambda n: page(("<div>" * 200 + "x y z" + "</div>" * 200) * (35 * n)),
    "entity runs": lambda n: page("<p>" + "&amp;" * (250_000 * n) + "</p>"),
    "numeric entity runs": lambda n: page("<p>" + "&#x41;" * (150_000 * n) + "</p>"),
    "double escaped title": lambda n: page(
        "", head='<meta property="og:title" content="' + "&amp;amp;" * (100_000 * n) + '">'
    ),
    "long Thai text": lambda n: page("<p>" + THAI * (8_000 * n) + "</p>"),
    "Thai paragraphs": lambda n: page(("<p>" + THAI * 10 + "</p>") * (1500 * n)),
    "legacy charset cyrillic": lambda n: (
        page("<p>" + "Мост закрыт во вторник после трещины. " * (6_000 * n) + "</p>").decode().encode("cp1251")
    ),
    "unlabelled noise": lambda n: page("<p>@@@</p>").replace(b"@@@", noise(500_000 * n)),
    "29,000 paragraphs with links": lambda n: page(
        "".join(f"<p><a href=/n/{i}>Story number {i} about it</a></p>" for i in range(3_600 * n))
    ),
    "same-key lines": lambda n: page("<p>The same line again and again, and again here.</p>" * (6_000 * n)),
    "headline-like lines": lambda n: page(
        "".join(f"<p>Bridge shut after crack found {i}</p>" for i in range(6_000 * n))
    ),
    "nested h1": lambda n: page("<h1>" * 200 + "x" * (20_000 * n) + "</h1>" * 200),
    "nested h1 many": lambda n: page(("<h1>" * 100 + "x" * 200 + "</h1>" * 100) * (60 * n)),
    "long class and id": lambda n: page(
        "".join(f'<div class="{"comment-" * 2000}{i}" id="{"x-" * 2000}">x</div>' for i in range(60 * n))
    ),
    "many classes": lambda n: page(
        "".join(f'<div class="by-line author caption-{i} c{i}" id="i{i}">word {i}</div>' for i in range(6_000 * n))
    ),
    "14,000 time elements": lambda n: page("".join(f"<time>{i}</time>" for i in range(3_500 * n))),
    "time elements with dates": lambda n: page(
        "".join(f"<p><time datetime='x{i}'>{i % 28 + 1} foo 20{i % 99}</time></p>" for i in range(3_500 * n))
    ),
    "tags with 45 attributes": lambda n: page(f"<b {attributes(45)}>x</b>" * (7_000 * n)),
    "div with 45 attributes": lambda n: page(f"<div {attributes(45)}>x</div>" * (7_000 * n)),
    "mixed scripts": lambda n: page("<p>" + SCRIPTS * (16_000 * n) + "</p>"),
    "mixed scripts of paragraphs": lambda n: page(f"<p>{SCRIPTS * 10}.</p>" * (1_500 * n)),
    "words without end": lambda n: page("<p>" + "word, " * (120_000 * n) + "</p>"),
    "unique words": lambda n: page("<p>" + " ".join(f"w{i}" for i in range(100_000 * n)) + "</p>"),
    "one word without end": lambda n: page("<p>" + "x" * (700_000 * n) + "</p>"),
    "dots": lambda n: page("<p>" + "." * (300_000 * n) + "</p>"),
    "at signs": lambda n: page("<p>" + "a@" * (100_000 * n) + "</p>"),
    "digits": lambda n: page("<p>" + "1.000.000," * (50_000 * n) + "</p>"),
    "opening angles": lambda n: page("<p>" + "<" * (300_000 * n) + "</p>"),
    "open tags in JSON-LD": lambda n: page("", json_ld("{" + NEWS + ',"articleBody":"' + "<p " * (120_000 * n) + '"}')),
    "broken JSON-LD": lambda n: page("", json_ld('{"@type":"NewsArticle","a":[' * (6_000 * n))),
    "many JSON-LD": lambda n: page("", json_ld("{" + NEWS + "}") * (4_000 * n)),
    "page state": lambda n: page("", f'<script type="application/json">{state(15_000 * n)}</script>', text=""),
    "many metas": lambda n: page(
        "", head="".join(f'<meta name="n{i}" content="v{i} 03/04/2026">' for i in range(6_000 * n))
    ),
    "nested lists": lambda n: page(("<ul><li>" * 60 + "text" + "</li></ul>" * 60) * (60 * n)),
    "table": lambda n: page(
        "<table>" + "<tr><td>1</td><td>two</td><td>three words here</td></tr>" * (1_800 * n) + "</table>"
    ),
    "nested tables": lambda n: page(("<table><tr><td>" * 40 + "x" + "</td></tr></table>" * 40) * (40 * n)),
    "sup notes": lambda n: page("<p>" + "word<sup>1</sup> " * (6_000 * n) + "</p>"),
    "line breaks": lambda n: page("<p>" + "line of text<br>" * (6_000 * n) + "</p>"),
    "blockquotes": lambda n: page("<blockquote>" * 200 + "said " * (50_000 * n) + "</blockquote>" * 200),
    "comment blocks": lambda n: page('<div class="comments"><p>x</p></div>' * (5_000 * n)),
    "whitespace": lambda n: page("<p>a" + " " * (1_000_000 * n) + "b</p>"),
    "newlines": lambda n: page("<p>a" + "\n \n" * (500_000 * n) + "b</p>"),
    "mojibake": lambda n: page("<p>" + "cafÃ© itâ€™s " * (40_000 * n) + "</p>"),
    "emphasis": lambda n: page("<p>" + "<b><i>word</i></b> " * (6_000 * n) + "</p>"),
    "links in one paragraph": lambda n: page("<p>" + "<a href=x>word</a> " * (6_000 * n) + "</p>"),
    "unclosed b": lambda n: page("<p>" + "<b>x" * (40 * n) + "</p>" + "<p>word</p>" * (1000 * n)),
    "unclosed font in p": lambda n: page("<p><font>x</p>" * (3_000 * n)),
    "hundred thousand tags": lambda n: page("<br>" * (25_000 * n)),
    "commas in author": lambda n: page("", head='<meta name="author" content="' + "Ada Quill, " * (40_000 * n) + '">'),
    "long title": lambda n: page("").replace(b"<title>", b"<title>" + b"Bridge - " * (50_000 * n)),
    "many h1": lambda n: page("<h1>Bridge - shut | x</h1>" * (6_000 * n)),
    "canonical long": lambda n: page("", head='<link rel=canonical href="/' + "a/" * (100_000 * n) + '">'),
    "zero width": lambda n: page("<p>" + "a\u200b\u00ad" * (150_000 * n) + "</p>"),
    "combining marks": lambda n: page("<p>a" + "\u0301" * (200_000 * n) + "</p>"),
}
