"""Two hundred headlines, outlets and texts that want to be more than text."""

from itertools import islice, product

from tests.browser.conftest import Served, Watched
from tests.browser.desk_news import Told, bring
from tests.newsroom.news import NOON
from tests.readings import stories_of

# Each would set window.ran, where a page took it for more than text.
RUNS = "window.ran=1"
CORES = (
    f"<script>{RUNS}</script>",
    f"<img src=x onerror={RUNS}>",
    f"<svg/onload={RUNS}>",
    f"<svg><animate onbegin={RUNS} attributeName=x dur=1s>",
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'></iframe>",
    f"<body onload={RUNS}>",
    f"<details open ontoggle={RUNS}>",
    f"<a href=\"javascript:{RUNS}\">x</a>",
    f"javascript:{RUNS}",
    f"<input autofocus onfocus={RUNS}>",
    f"<math><mtext><style><img src=x onerror={RUNS}></style>",
    f"<object data='data:text/html,<script>{RUNS}</script>'></object>",
    "<link rel=stylesheet href=https://evil.example/x.css><img src=https://evil.example/{n}.png>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<style>@import 'https://evil.example/y.css'; * { background: url(https://evil.example/z) }</style>",
    f"{{{{ ''.__class__ }}}}{{% for x in (1,) %}}{RUNS}{{% endfor %}}",
    "<base href=https://evil.example/><form action=https://evil.example/ id=filters>",
)  # fmt: skip
BEFORE = (
    "", '">', "'>", "</title>", "</textarea>", "</script>", "-->", "]]>", "</option></select>", "</text></svg>",
    "\u202e", "&lt;",
)  # fmt: skip
HOSTILE = [f"{before}{core}" for core, before in islice(product(CORES, BEFORE), 200)]


def test_nothing_of_two_hundred_hostile_texts_runs_or_asks_elsewhere(reader: Watched, desk: Served) -> None:
    pieces = [
        Told(f"https://www.evil{number}.example/x", f"{calm(number)}\n{evil}", evil, evil, number / 10, evil[:200])
        for number, evil in enumerate(HOSTILE)
    ]
    bring(desk.store, desk.registry, pieces, now=NOON)
    seen = 0
    path: str | None = "/?q=captains"
    while path:
        page = reader.go(path)
        seen += page.locator("li[data-story]").count()
        path = page.locator("a[rel=next]").get_attribute("href") if page.locator("a[rel=next]").count() else None
        assert page.evaluate("window.ran") is None
    assert seen == len(HOSTILE)
    for story in stories_of(desk.store, outlet=HOSTILE[1]) + stories_of(desk.store, outlet=HOSTILE[60]):
        for place in ("stories", "articles"):
            assert reader.go(f"/{place}/{story.id}").evaluate("window.ran") is None
    page = reader.go("/")
    page.get_by_label("Words").fill("captains window")
    page.locator("#told", has_text="shown").wait_for(state="attached")
    assert page.evaluate("window.ran") is None
    assert page.locator("#list script, #list img, #list iframe, #list style").count() == 0
    reader.check()


def calm(number: int) -> str:
    """A sentence for each, so that none is a copy of another."""
    return (
        f"In the year {1700 + 3 * number} the town of Ellery{number} counted {number * 31 + 5} boats in harbour{number}"
        f" and {number + 3} captains, of whom {number * 7} were called Holm{number}, like mill {number * 13} on a hill."
    )
