"""Rows of all kinds on one event and on others: what a batch and an import must make the same stories of."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.dedupe.news import article, join
from tests.news_texts import excerpt, house_style, wire_article

__all__ = ["mixed_rows"]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEECH = "“" + " ".join(article(900)[0].split()[:45]) + "”"
Row = dict[str, Any]


def mixed_rows() -> list[Row]:
    """About 300 rows; some of them are of one URL."""
    chance = random.Random(7)
    rows = [*_dispatches(chance), *_round_ups(), *_frames(), *_bridges(), *_loose(), *_versions()]
    # A third says no time at all.
    for at, row in enumerate(rows):
        if at % 3:
            row.setdefault("fetched", (NOON + timedelta(minutes=chance.randrange(600))).isoformat())
        if at % 5 == 0:
            row.setdefault("published", (NOON - timedelta(minutes=chance.randrange(600))).isoformat())
    return rows


def _row(host: str, path: str, title: str, text: str, **more: str) -> Row:
    return {"url": f"https://{host}.example/{path}", "title": title, "text": text, **more}


def _dispatches(chance: random.Random) -> list[Row]:
    """Crowded copies, cut and edited, with excerpts, later leads, and articles that quote the same speech."""
    rows = []
    for dispatch in range(3):
        story, title = article(dispatch), f"Dispatch number{dispatch} on the harbour talks of {dispatch}kings"
        for copy in range(30 if dispatch == 0 else 8):
            kept = [paragraph for paragraph in story if chance.random() > 0.1]
            credit = "(Reuters) - " if copy % 2 else ""
            rows.append(_row(f"copy{dispatch}x{copy}", "a", title, credit + join(SPEECH, *kept)))
        rows += [_row(f"brief{dispatch}x{at}", "b", title, join(*story[at : at + 2])) for at in (0, 1, 4)]
        leads = [join(*article(50 + dispatch)[at : at + 7], *story[at : at + 2]) for at in range(4)]
        rows += [_row(f"lead{dispatch}x{at}", "c", title, lead) for at, lead in enumerate(leads)]
    own = [join(*article(200 + seed)[:4], SPEECH) for seed in range(24)]
    return rows + [_row(f"own{seed}", "d", f"Writer{seed} on something else", text) for seed, text in enumerate(own)]


def _round_ups() -> list[Row]:
    digest = join("Morning briefing", *article(0)[:2], *article(1)[:2], *article(2)[:2])
    return [_row(f"digest{at}", "e", "Morning briefing", f"{digest} Read on at outlet {at}.") for at in range(3)]


def _frames() -> list[Row]:
    """One host shows the same long text around articles that have nothing to do with each other."""
    frame = article(700)[:5]
    shown = [join(*article(710 + at)[:3], *frame) for at in range(5)]
    return [_row("framed", f"f{at}", f"Subject{at} alone of{at} its kind", text) for at, text in enumerate(shown)]


def _bridges() -> list[Row]:
    """Two articles in full on one page, each with copies of its own."""
    one, other = article(801)[:6], article(802)[:6]
    rows = [_row(f"one{at}", "g", "Harbour pilots vote", join(*one[: 6 - at])) for at in range(3)]
    rows += [_row(f"other{at}", "g", "Orchards want rain", join(*other[: 6 - at])) for at in range(3)]
    return [*rows, _row("both", "g", "The week in the valley", join(*one, *other))]


def _loose() -> list[Row]:
    rows = [_row(f"loose{seed}", "h", f"Loose{seed}", wire_article(seed)) for seed in range(60)]
    edited = [house_style(wire_article(seed)) for seed in range(0, 60, 6)]
    rows += [_row(f"styled{at}", "h", f"Loose{6 * at}", text) for at, text in enumerate(edited)]
    rows += [_row(f"short{seed}", "h", f"Loose{seed}", excerpt(wire_article(seed))) for seed in range(0, 60, 9)]
    return [*rows, *(_row(f"again{seed}", "h", "The very same words", wire_article(3)) for seed in range(20))]


def _versions() -> list[Row]:
    """Pages that were fetched several times: with the same words, with others, and once taken over."""
    rows = []
    for seed in range(300, 306):
        first = wire_article(seed)
        texts = [first, first.replace("\n", " \n"), f"{first}\nA line was added later.", house_style(first)]
        for hour, text in enumerate(texts[: 2 + seed % 3]):
            fetched = (NOON + timedelta(hours=hour)).isoformat()
            rows.append(_row(f"often{seed}", "i", f"Fetched often {seed}", text, fetched=fetched))
        rows.append(_row(f"copier{seed}", "i", f"Fetched often {seed}", first))
    return rows
