"""What copies keep of the original, paragraph by paragraph; two texts as one; the chart of the spread."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestory.newsroom.articles.pieces import inline_paragraphs
from onestory.newsroom.stories.spread_chart import spread_chart
from onestory.pipelines.versions.paragraphs import kept_by_paragraph, paragraphs_of
from onestory.pipelines.versions.word_diff import word_diff
from onestory.store.stories.copies import CopyTimes
from tests.newsroom.conftest import Served
from tests.newsroom.news import BRIDGE, NOON, Piece, put
from tests.newsroom.test_pages import read

LINES = BRIDGE.split("\n")
WORDS = st.lists(st.sampled_from(["bridge", "pier", "crowns", "of", "the", "harbour", "\n"]), max_size=30).map(" ".join)


def marked(before: str, after: str) -> list[str]:
    """The paragraphs of both as one text: [removed], {added}, <moved>."""
    signs = {"removed": "[{}]", "added": "{{{}}}", "moved": "<{}>", "kept": "{}"}
    found = inline_paragraphs(before, after, word_diff(before, after).spans)
    return ["".join(signs[piece.kind].format(piece.text) for piece in line) for line in found]


@given(WORDS, WORDS)
def test_the_shares_of_paragraphs_are_shares(before: str, after: str) -> None:
    shares = kept_by_paragraph(before, word_diff(before, after).spans)
    assert len(shares) == len(paragraphs_of(before))
    assert all(0 <= one <= 1 for one in shares)


def test_a_paragraph_is_kept_cut_or_kept_in_part() -> None:
    later = "\n".join([LINES[3], *LINES[:2], LINES[2].split(",", maxsplit=1)[0]])
    shares = kept_by_paragraph(BRIDGE, word_diff(BRIDGE, later).spans)
    assert (shares[0], shares[1], shares[3], shares[4]) == (1, 1, 1, 0)
    assert 0.1 < shares[2] < 0.5


def test_text_without_spaces_is_measured_as_well() -> None:
    before = "港の灯ろう祭りは来週開かれる。\n会場は北の桟橋に移される。"
    shares = kept_by_paragraph(before, word_diff(before, before.split("\n")[1]).spans)
    assert shares == (0, 1)


@given(WORDS, WORDS)
def test_without_what_was_removed_one_text_is_the_later_one(before: str, after: str) -> None:
    lines = inline_paragraphs(before, after, word_diff(before, after).spans)
    rest = " ".join("".join(piece.text for piece in line if piece.kind != "removed") for line in lines)
    assert rest.split() == after.split()


def test_removed_words_and_paragraphs_stand_where_they_stood() -> None:
    before = "Repairs cost eleven million crowns.\nShops fear for trade.\nFerries will run."
    after = "Repairs cost seventeen million crowns.\nFerries will run."
    assert marked(before, after) == [
        "Repairs cost [eleven] {seventeen} million crowns.",
        "[Shops fear for trade.]",
        "Ferries will run.",
    ]
    assert marked("Alas the bridge will close.", "The bridge will close soon, they said.")[0].startswith("[Alas")


def imported(minutes: int, outlet: str) -> CopyTimes:
    """All stored in one minute a year later."""
    return CopyTimes(outlet, NOON + timedelta(days=365), NOON + timedelta(minutes=minutes), is_observed=False)


def test_imported_copies_spread_by_the_times_they_state() -> None:
    chart = spread_chart([imported(0, "A"), imported(90, "B"), imported(-60 * 24 * 400, "Wrong year")], {"B"})
    assert chart is not None
    assert (chart.begin, chart.end) == (NOON, NOON + timedelta(minutes=90))
    assert (chart.seen, chart.imported, chart.rows[-1].claimed) == ("", 3, 2)
    assert [(dot.outlet, dot.x, dot.is_ours) for dot in chart.claimed_dots] == [("A", 0, False), ("B", 100, True)]


def test_the_axis_has_round_times_inside_it() -> None:
    seen = [CopyTimes(f"O{at}", NOON + timedelta(minutes=at), None) for at in (7, 20, 131)]
    chart = spread_chart(seen, set())
    assert chart is not None
    assert [f"{tick.at:%H:%M}" for tick in chart.ticks] == ["12:30", "13:00", "13:30", "14:00"]
    assert chart.ticks[0].x == pytest.approx(18.55, abs=0.01)


def test_the_story_page_and_the_api_say_which_paragraphs_each_copy_keeps(served: Served) -> None:
    texts = [BRIDGE, "\n".join(LINES[:4]), "\n".join(LINES[1:])]
    pieces = [
        Piece(f"https://o{at}.example/b", text, "Bridge to close", f"Outlet {at}", at) for at, text in enumerate(texts)
    ]
    put(served.store, served.index_client, pieces)
    [story] = served.client.get("/v1/stories").json()["stories"]
    page = read(served.client.get(f"/stories/{story['id']}"))
    rows = [
        [" ".join(cell.text_content().split()) for cell in row.xpath("th|td")]
        for row in page.xpath('//table[contains(@class, "matrix")]//tr')
    ]
    assert rows[1:] == [
        ["Outlet 1", "kept", "kept", "kept", "kept", "cut"],
        ["Outlet 2", "cut", "kept", "kept", "kept", "kept"],
        ["Kept by", "1", "2", "2", "2", "1"],
    ]
    told = served.client.get(f"/v1/stories/{story['id']}/paragraphs").json()
    assert [one["kept"] for one in told["copies"]] == [[1, 1, 1, 1, 0], [0, 1, 1, 1, 1]]
    assert told["paragraphs"][4]["start"].startswith("Repairs are expected")
    first = served.client.get(f"/v1/stories/{story['id']}/paragraphs?limit=2").json()
    rest = served.client.get(f"/v1/stories/{story['id']}/paragraphs?limit=2&cursor={first['next']}").json()
    assert [one["outlet"] for part in (first, rest) for one in part["copies"]] == ["Outlet 1", "Outlet 2"]
