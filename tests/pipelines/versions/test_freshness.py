"""Where copies stand after their original was changed."""

import pytest

from onestory.pipelines.versions.freshness import freshness_of, history_of

OLD = (
    "The harbour bridge at Port Ellery will close for six weeks from Monday after inspectors found cracks.\n"
    "Repairs are expected to cost eleven million crowns, of which the national road fund will carry two thirds."
)
NEW = OLD.replace("eleven million", "seventeen million")
LONGER = f"{OLD}\nThe port authority said on Friday that buses would run all night."
HISTORY = history_of([("Bridge to close", NEW), ("Bridge to close", OLD)])


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        (OLD, "old"),
        (f"Our reporter adds a line of her own.\n{OLD}", "old"),
        (NEW, "new"),
        (OLD.split("\n", maxsplit=1)[0], "unconcerned"),
        ("Quite another text that has nothing of it, about ferries and their crews in winter.", "unconcerned"),
        ("", "unconcerned"),
    ],
)
def test_only_the_changed_passage_tells_where_a_copy_stands(text: str, standing: str) -> None:
    assert freshness_of(HISTORY, "Any headline", text) == standing


def test_a_copy_that_tells_of_the_old_figure_in_its_correction_runs_the_new_text() -> None:
    assert freshness_of(HISTORY, None, f"{NEW}\nAn earlier text said the cost was eleven million.") == "new"


def test_what_was_only_added_is_missing_from_whoever_has_all_the_rest() -> None:
    history = history_of([(None, LONGER), (None, OLD)])
    assert freshness_of(history, None, OLD) == "old"
    assert freshness_of(history, None, LONGER) == "new"
    assert freshness_of(history, None, OLD.split("\n", maxsplit=1)[0]) == "unconcerned"


def test_a_copy_of_the_text_in_the_middle_runs_an_old_one() -> None:
    history = history_of([(None, LONGER.replace("eleven", "seventeen")), (None, LONGER), (None, OLD)])
    assert freshness_of(history, None, LONGER) == "old"


def test_a_headline_alone_is_told_by_the_headline() -> None:
    history = history_of([("Bridge to close", OLD), ("Bridge to fall", OLD)])
    assert freshness_of(history, "Bridge to fall", OLD) == "old"
    assert freshness_of(history, "Bridge to close", OLD) == "unconcerned"


def test_an_original_that_never_changed_leaves_nobody_behind() -> None:
    assert history_of([("Bridge", OLD)]).is_plain
    assert freshness_of(history_of([("Bridge", OLD)]), "Bridge", OLD) == "unconcerned"


def test_scripts_without_spaces_are_compared_by_characters() -> None:
    before = "港の橋は月曜から六週間閉鎖され、修理には千百万クローネがかかる見込みだと港湾局が木曜に発表した。"
    history = history_of([(None, before.replace("千百万", "千七百万")), (None, before)])
    assert freshness_of(history, None, before) == "old"
