"""What a host repeats."""

from datetime import UTC, datetime, timedelta

from onestory.pipelines.boilerplate.repeated_lines import (
    HALF_LIFE,
    LineCount,
    fingerprint,
    fingerprints,
    learned_fingerprints,
)

NOW = datetime(2024, 6, 1, tzinfo=UTC)


def test_a_line_is_known_again_with_another_number_in_it() -> None:
    assert fingerprint("12 comments") == fingerprint("7 Comments")
    assert fingerprint("12 comments") != fingerprint("12 letters")


def test_a_line_without_words_and_a_long_paragraph_are_no_candidates() -> None:
    assert fingerprints(["***", "2024", "word " * 200]) == frozenset()


def test_a_fingerprint_fits_a_signed_64_bit_column() -> None:
    assert all(-(1 << 63) <= number < 1 << 63 for number in fingerprints(map(chr, range(97, 123))))


def test_a_line_in_three_stories_of_ten_is_furniture_and_one_in_two_is_not() -> None:
    counts = [LineCount(1, 3, NOW), LineCount(2, 2, NOW)]
    assert learned_fingerprints(counts, stories=10, now=NOW) == frozenset([1])


def test_a_busy_host_needs_more_than_three() -> None:
    assert learned_fingerprints([LineCount(1, 5, NOW)], stories=1000, now=NOW) == frozenset()


def test_what_was_not_seen_for_months_is_forgotten() -> None:
    old = LineCount(1, 5, NOW - 4 * HALF_LIFE)
    assert learned_fingerprints([old], stories=10, now=NOW) == frozenset()
    assert learned_fingerprints([old], stories=10, now=NOW - 3 * HALF_LIFE + timedelta(days=1)) == frozenset([1])


def test_the_order_of_the_counts_does_not_matter() -> None:
    counts = [LineCount(number, number, NOW) for number in range(10)]
    assert learned_fingerprints(counts, stories=20, now=NOW) == learned_fingerprints(
        reversed(counts), stories=20, now=NOW
    )
