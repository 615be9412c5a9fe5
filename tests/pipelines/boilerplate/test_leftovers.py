"""Lines that are values of a template and no text."""

import pytest

from onestory.pipelines.boilerplate.leftovers import is_below_release, is_counter, is_reading_time, is_stamp


@pytest.mark.parametrize(
    "line",
    [
        *("Last updated: 5 January 2026, 09:00", "Updated 9:30 am, January 5, 2026", "Published 05.01.2026"),
        *("Stand: 05.01.2026, 09:30 Uhr", "Mis à jour le 5 janvier 2026 à 9h30", "Actualizado: 5 de enero de 2026"),
        *("5 minutes ago", "Updated 2 hours ago", "an hour ago", "vor 5 Minuten", "il y a 5 minutes", "5 минут назад"),
        *("5分钟前", "3時間前", "更新: 2026年1月5日 09:30"),
    ],
)
def test_a_line_that_only_tells_a_time(line: str) -> None:
    assert is_stamp(line)


@pytest.mark.parametrize(
    "line",
    [
        *("Updated on January 5 to add what the mayor said of the second crack", "Stand by: the ferry is late"),
        *("Published by a press in Port Ellery", "Two hours ago the bridge was still open.", "The bridge, 5 years ago"),
    ],
)
def test_a_line_that_tells_more(line: str) -> None:
    assert not is_stamp(line)


def test_counts_reading_times_and_contacts() -> None:
    assert is_counter("1.2K shares")
    assert not is_counter("12 people shared it")
    assert is_reading_time("3 min read")
    assert is_reading_time("Lesezeit: 3 Minuten")
    assert not is_reading_time("3 men read it")
    assert is_below_release("CONTACT: Jane Doe, press@works.example")
    assert not is_below_release("Contact with the ship was lost at 3 in the morning.")
