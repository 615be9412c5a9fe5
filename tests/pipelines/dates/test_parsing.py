"""Times as pages write them: one parser for fields, rows, feeds and text."""

from datetime import UTC, date, datetime, timedelta

import pytest

from onestory.pipelines.dates.parsing import Hints, plausible, read_time
from onestory.pipelines.dates.persian import from_persian

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = datetime(2026, 1, 6, tzinfo=UTC)
EVENING = datetime(2026, 1, 6, 21, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language", "hours_from_utc"),
    [
        ("2026-01-06T21:30:00Z", "en", 0),
        ("2026-01-06T21:30:00.123+01:00", "en", 1),
        ("2026-01-06T21:30:00-5:00", "en", -5),
        ("20260106T213000Z", "en", 0),
        ("2026-W02-2T21:30:00Z", "en", 0),
        ("2026-006T21:30-05:00", "en", -5),
        ("Tue Jan 06 2026 21:30:00 GMT+0100 (CET)", "en", 1),
        ("Tue Jan 06 2026 21:30:00 GMT-0500 (Eastern Standard Time)", "en", -5),
        ("Tue, 06 Jan 2026 21:30:00 EST", "en", -5),
        ("Tue, 6 Jan 26 21:30 GMT", "en", 0),
        ("Tue Jan  6 21:30:00 EST 2026", "en", -5),
        ("Jan. 6, 2026, 9:30 p.m. ET", "en", -5),
        ("6 ene 2026 - 21:30 CET", "es", 1),
        ("6 Januari 2026 21:30 WIB", "id", 7),
        ("2026-01-06T21:30:00[Europe/Berlin]", "de", 1),
        ("2026-01-06 21:30:00 America/New_York", "en", -5),
        ("1767735000", "en", 0),
        ("/Date(1767735000000)/", "en", 0),
    ],
)
def test_a_time_with_its_zone_is_one_moment(text: str, language: str, hours_from_utc: float) -> None:
    stamp = read_time(text, Hints(language))
    assert stamp is not None
    assert (stamp.at, stamp.has_clock, stamp.has_zone) == (EVENING - timedelta(hours=hours_from_utc), True, True)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("2026-01-06 09:30 PM", "en"),
        ("2026-1-6 9:30pm", "en"),
        ("2026/01/06 21:30", "ja"),
        ("2026.01.06 21:30", "ko"),
        ("06-01-2026 21:30", "nl"),
        ("06.01.2026, 21:30 Uhr", "de"),
        ("Dienstag, 6. Januar 2026, 21:30 Uhr", "de"),
        ("6 janvier 2026 à 21h30", "fr"),
        ("6 gennaio 2026 ore 21:30", "it"),
        ("6 de janeiro de 2026 às 21h30", "pt"),
        ("6 stycznia 2026, 21:30", "pl"),
        ("6. ledna 2026 21:30", "cs"),
        ("6 января 2026, 21:30", "ru"),
        ("6 січня 2026, 21:30", "uk"),
        ("6 Ocak 2026 21:30", "tr"),
        ("6 januari 2026 kl. 21.30", "sv"),
        ("2026年1月6日 下午9:30", "zh"),
        ("2026年1月6日 午後9時30分", "ja"),
        ("2026년 1월 6일 오후 9:30", "ko"),
        ("2026. január 6. 21:30", "hu"),
    ],
)
def test_a_time_without_a_zone_says_so(text: str, language: str) -> None:
    stamp = read_time(text, Hints(language))
    assert stamp is not None
    assert (stamp.at, stamp.has_clock, stamp.has_zone) == (EVENING, True, False)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("2026-1-6", "en"),
        ("20260106", "en"),
        ("January 6, 2026", "en"),
        ("6th January 2026", "en"),
        ("6 Ιανουαρίου 2026", "el"),
        ("6 जनवरी 2026", "hi"),
        ("6 يناير 2026", "ar"),
        ("٦ يناير ٢٠٢٦", "ar"),
        ("6 ינואר 2026", "he"),
        ("6. tammikuuta 2026", "fi"),
        ("6 tháng 1 năm 2026", "vi"),
        ("06.01.26", "de"),
        ("05/01/2569", "th"),
        ("6 มกราคม 2569", "th"),
        ("6 ม.ค. 2569", "th"),
        ("6 tháng 1, 2026", "vi"),
        ("令和8年1月6日", "ja"),
        ("6 Januarie 2026", "en"),
        ("6 জানুয়ারি ২০২৬", "bn"),
        ("6. janúar 2026", "is"),
        ("6. januara 2026", "sr"),
        ("6 јануара 2026", "sr"),
        ("6 Ionawr 2026", "cy"),
        ("2026-W02-2", "en"),
        ("2026W022", "en"),
        ("2026-006", "en"),
        ("民國115年1月6日", "zh"),
    ],
)
def test_a_day_is_no_midnight(text: str, language: str) -> None:
    stamp = read_time(text, Hints(language))
    assert stamp is not None
    assert not stamp.has_clock
    assert abs(stamp.at - DAY) <= timedelta(days=1)


@pytest.mark.parametrize(
    "text", ["", "not a date", "12:30", "2026", "2026-01", "Jan 6", "99/99/2026", "yesterday", "2026-W60-1"]
)
def test_what_names_no_day_is_no_time(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    "text", ["1970-01-01T00:00:00Z", "1970-01-01T01:00:00+02:00", "0001-01-01", "1900-01-01", "2035-01-01T00:00:00Z"]
)
def test_placeholders_and_days_to_come_are_refused(text: str) -> None:
    stamp = read_time(text)
    assert stamp is None or not plausible(stamp.at, observed=NOW, field=True)


def test_a_hostile_text_costs_no_more_than_its_first_characters() -> None:
    assert read_time("1/" * 1_000_000) is None
    assert read_time("january " * 1_000_000) is None


@pytest.mark.parametrize(
    ("persian", "gregorian"),
    [
        ((1399, 12, 30), date(2021, 3, 20)),
        ((1403, 12, 30), date(2025, 3, 20)),
        ((1404, 1, 1), date(2025, 3, 21)),
        ((1404, 10, 16), date(2026, 1, 6)),
    ],
)
def test_the_persian_calendar_has_its_leap_years(persian: tuple[int, int, int], gregorian: date) -> None:
    assert from_persian(*persian) == gregorian
    with pytest.raises(ValueError, match="no Persian date"):
        from_persian(1404, 12, 30)
