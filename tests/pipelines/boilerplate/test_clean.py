"""Furniture out of lines."""

import pytest

from onestory.pipelines.boilerplate.clean import CleaningHints, remove_boilerplate
from onestory.pipelines.boilerplate.repeated_lines import fingerprints

FIRST = "The council of Harlow Bridge voted on Tuesday to close the old ferry landing for two years of repairs."
SECOND = "Shopkeepers on the quay said that they would lose custom and asked the town to run a shuttle meanwhile."


def kept(*lines: str, clues: CleaningHints | None = None) -> list[str]:
    return remove_boilerplate([FIRST, *lines, SECOND], clues).text.split("\n")


def test_a_doubled_caption_goes_and_so_does_a_dangling_tagged_in() -> None:
    lines = [FIRST, "", "Ferry", "", "Ferry", "", SECOND, "", "", "Tagged in"]
    cleaned = remove_boilerplate(lines)
    assert cleaned.text == f"{FIRST}\n{SECOND}"
    assert [removed.reason for removed in cleaned.removed] == ["repeated", "repeated", "tags"]


def test_the_headline_above_the_text_goes_and_one_below_stays() -> None:
    clues = CleaningHints(titles=("Ferry landing to close for two years",))
    cleaned = remove_boilerplate(["Ferry landing to close for two years", FIRST, "Two years of repairs", SECOND], clues)
    assert cleaned.text == f"{FIRST}\nTwo years of repairs\n{SECOND}"


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "Read more: Bridge toll to rise in the spring"),
        ("de", "Lesen Sie auch: Die Maut soll im Frühjahr steigen"),
        ("fr", "À lire aussi : le péage du pont augmentera au printemps"),
        ("es", "Lea también: el peaje del puente subirá en primavera"),
        ("it", "Leggi anche: il pedaggio del ponte aumenterà in primavera"),
        ("pt", "Leia também: o pedágio da ponte vai subir"),
        ("nl", "Lees ook: de tol op de brug gaat omhoog"),
        ("sv", "Läs också: Broavgiften höjs i vår"),
        ("no", "Les også: Bompengene øker til våren"),
        ("da", "Læs også: Broafgiften stiger til foråret"),
        ("fi", "Lue myös: Siltamaksu nousee keväällä"),
        ("pl", "Czytaj także: Opłata za most wzrośnie wiosną"),
        ("tr", "İlgili haberler"),
        ("ru", "Читайте также: Проезд по мосту подорожает весной"),
        ("id", "Baca juga: Tarif jembatan naik"),
        ("zh", "延伸閱讀：春季橋樑通行費將上漲"),
        ("ko", "무단전재 및 재배포 금지"),
        ("ar", "اقرأ أيضا: رسوم الجسر سترتفع"),
    ],
)
def test_a_read_more_line_goes_in_many_languages(language: str, line: str) -> None:
    assert kept(line, clues=CleaningHints(language=language)) == [FIRST, SECOND]


@pytest.mark.parametrize(
    "line",
    [
        "More than two thousand people use the landing on a working day, and most of them walk to it.",
        "By Tuesday the ice had gone, and the first boats were on the river again.",
        "Share prices of the ferry company fell by a tenth within an hour of the vote on Tuesday.",
        "Comments by the mayor on the vote had angered the shopkeepers for weeks before the meeting.",
        "Watch out for ice on the quay, the harbour master told people who had come to see the last boat.",
    ],
)
def test_a_sentence_that_begins_like_furniture_stays(line: str) -> None:
    assert kept(line) == [FIRST, line, SECOND]


def test_what_the_markup_calls_a_caption_goes() -> None:
    assert kept("The landing in March", clues=CleaningHints(marks={"thelandinginmarch": "caption"})) == [FIRST, SECOND]


def test_what_a_host_repeats_goes_when_it_is_known() -> None:
    line = "The Gazette is printed on paper from forests near you"
    assert kept(line) == [FIRST, line, SECOND]
    assert kept(line, clues=CleaningHints(furniture=fingerprints([line]))) == [FIRST, SECOND]


def test_a_line_that_the_claimed_body_lacks_goes_when_the_rest_is_the_same() -> None:
    assert kept("Our man on the quay", clues=CleaningHints(body=f"{FIRST} {SECOND}")) == [FIRST, SECOND]


def test_a_claimed_body_that_is_only_a_summary_removes_nothing() -> None:
    assert kept("Our man on the quay", clues=CleaningHints(body=FIRST)) == [FIRST, "Our man on the quay", SECOND]


def test_where_everything_is_furniture_everything_stays() -> None:
    assert remove_boilerplate(["Tagged in", "Share"]).text == "Tagged in\nShare"


def test_cleaning_twice_changes_nothing() -> None:
    once = remove_boilerplate([FIRST, "Ferry", "Ferry", SECOND, "Tagged in"]).text
    assert remove_boilerplate(once.split("\n")).text == once
