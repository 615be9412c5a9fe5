"""When an article is looked at again: the rule alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from onestory.crawler.pages.revisit_policy import (
    CONFIRM,
    LONGEST_LIFE,
    SHORTEST,
    leads_away,
    may_revisit,
    next_revisit,
    revisit_after_absence,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=60))


def looks(*, changes_every_time: bool) -> list[timedelta]:
    """The ages at which an article is looked at, until it is left alone."""
    changed = now = NOON
    found = []
    while (due := next_revisit(known_since=NOON, changed=changed, now=now)) is not None:
        found.append(due - NOON)
        now = due
        changed = now if changes_every_time else changed
    return found


def test_an_article_that_stays_as_it_is_is_looked_at_six_times() -> None:
    hours = [look.total_seconds() / 3600 for look in looks(changes_every_time=False)]
    assert hours == [1, 3, 8, 24, 72, 168]


def test_an_article_that_always_changes_is_looked_at_often_but_not_for_ever() -> None:
    ages = looks(changes_every_time=True)
    assert sum(age <= timedelta(days=1) for age in ages) == 24
    assert 100 < len(ages) < 120
    assert ages[-1] <= LONGEST_LIFE


@given(spans, spans, spans)
def test_no_look_comes_within_an_hour_and_none_after_its_life(a: timedelta, b: timedelta, c: timedelta) -> None:
    known, changed, now = NOON, NOON + a, NOON + a + b
    due = next_revisit(known_since=known - c, changed=changed, now=now)
    assert due is None or now + SHORTEST <= due <= known - c + LONGEST_LIFE


def test_an_article_that_claims_to_be_years_old_is_left_alone() -> None:
    assert next_revisit(known_since=NOON - timedelta(days=900), changed=NOON, now=NOON) is None


def test_a_missing_article_is_looked_up_hours_later_and_a_withdrawn_one_now_and_then() -> None:
    assert revisit_after_absence(missing_since=NOON, is_withdrawn=False, now=NOON) == NOON + CONFIRM
    now, found = NOON, []
    while (due := revisit_after_absence(missing_since=NOON, is_withdrawn=True, now=now)) is not None:
        found.append((due - NOON).days)
        now = due
    assert found == [1, 7, 30]


def test_looks_leave_half_of_the_budget_to_what_is_new() -> None:
    assert may_revisit(day_fetches=49, daily_budget=100)
    assert not may_revisit(day_fetches=50, daily_budget=100)


def test_a_new_address_of_an_article_is_no_front_page() -> None:
    url = "https://www.post.example/news/2026/harbour"
    assert leads_away(url, "https://post.example/")
    assert leads_away(url, "https://www.post.example/news")
    assert leads_away(url, "https://www.post.example/error-404.html")
    for target in ("/news/2026/harbour-dredged", "/harbour", "/login?next=/news/2026/harbour", "/?consent=1"):
        assert not leads_away(url, f"https://www.post.example{target}")
    assert not leads_away(url, "https://consent.example/")
