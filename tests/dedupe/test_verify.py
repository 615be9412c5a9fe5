"""What is a copy, what only quotes, what develops: on the texts."""

import pytest

from onestory.dedupe.headlines import Headline
from onestory.dedupe.shingles import shared_spans
from onestory.dedupe.signature import sign
from onestory.dedupe.verify import ComparedText, Evidence, verify
from tests.dedupe.news import article, form, join, text


def check(a: str, b: str) -> Evidence | None:
    """The evidence, after a look that the order of the two does not matter."""
    forth = verify(text(1, a), text(2, b))
    back = verify(text(2, b), text(1, a))
    assert forth == back
    return forth


STORY = article(1)
OTHER = article(2)
WHOLE = join(*STORY)


def test_the_same_words_are_verbatim_whatever_the_layout():
    found = check(WHOLE, WHOLE.replace("\n", "  ").upper())
    assert found is not None
    assert (found.kind, found.a_is, found.jaccard) == ("copy", "verbatim", 1.0)


@pytest.mark.parametrize("kept", [slice(0, 3), slice(5, 8), slice(8, 12), slice(1, 12, 3)])
def test_an_excerpt_is_a_copy_wherever_it_comes_from(kept: slice):
    found = check(WHOLE, join(*STORY[kept]))
    assert found is not None
    assert (found.kind, found.a_is, found.b_is) == ("copy", "fuller", "excerpt")
    assert found.containment_b > found.containment_a


def test_an_excerpt_under_a_new_lede_is_a_copy():
    lede = "It was a surprise to everyone who lives by the water here, and to some it came as a relief."
    found = check(WHOLE, join(lede, *STORY[1:4]))
    assert found is not None
    assert found.kind == "copy"


def test_a_moved_paragraph_replaces_nothing():
    found = check(WHOLE, join(*STORY[6:], *STORY[:6]))
    assert found is not None
    assert found.kind == "copy"
    assert found.replaced_words < 10


def test_a_house_style_changes_no_story():
    edited = WHOLE.replace("votes", "ballots", 9).replace("money and time", "time and money")
    found = check(WHOLE, edited)
    assert found is not None
    assert (found.kind, found.a_is) == ("copy", "edited")


def test_a_form_filled_in_twice_is_two_stories():
    assert all((found := check(form(1), form(seed))) is None or found.kind != "copy" for seed in range(2, 12))


def test_the_same_filled_in_form_at_two_outlets_is_one_story():
    found = check(form(1), "LYLE (AP) " + form(1) + " Follow us for more.")
    assert found is not None
    assert found.kind == "copy"


def test_a_round_up_that_goes_on_with_other_stories_only_quotes():
    found = check(WHOLE, join("Morning briefing", *STORY[:2], *OTHER[:2], *article(3)[:2]))
    assert found is not None
    assert found.kind == "quotes"


def test_two_writers_who_quote_one_speech_are_two_stories():
    speech = "“" + " ".join(article(9)[:2]) + "”"
    found = check(join(*STORY[:3], speech, *STORY[3:5]), join(*OTHER[:2], speech, *OTHER[2:5]))
    assert found is None or found.kind != "copy"


def test_a_short_text_around_a_long_quotation_is_still_its_own():
    speech = "“" + " ".join(article(9)[:2]) + "”"
    one = join(
        "The minister spoke in the old harbour hall before a crowd of some two thousand people on a cold night.",
        speech,
        "Nobody in the hall had asked for it.",
    )
    two = join(
        "Her party has heard such words before, and our columnist would like to know what became of them since.",
        speech,
        "We shall wait and see.",
    )
    found = check(one, two)
    assert found is None or found.kind != "copy"


def test_a_common_footer_makes_no_story():
    footer = join(*article(7)[:4])
    found = check(join(*STORY[:5], footer), join(*OTHER[:5], footer))
    assert found is None or found.kind != "copy"


def test_an_update_that_keeps_half_develops():
    rewritten = [paragraph for pair in zip(STORY[:6], OTHER[:6], strict=True) for paragraph in pair]
    base = [paragraph for pair in zip(STORY[:6], article(4)[:6], strict=True) for paragraph in pair]
    found = check(join(*base), join(*rewritten))
    assert found is not None
    assert found.kind == "develops"


def test_texts_with_nothing_in_common_show_nothing():
    assert check(WHOLE, join(*OTHER)) is None
    assert check("", WHOLE) is None


def test_below_the_floor_only_the_exact_text_joins():
    assert check("Fire out, all safe", "FIRE OUT: all safe") is not None
    assert check("Fire out, all safe tonight", "Fire out, all safe today") is None


def test_evidence_is_flat():
    found = check(WHOLE, join(*STORY[:4]))
    assert found is not None
    assert all(isinstance(value, str | int | float) for value in found.to_dict().values())


def test_spans_are_the_characters_that_both_have():
    lookup = join("A new beginning, written by nobody in particular.", STORY[2])
    [(start, end)] = shared_spans(lookup, WHOLE)
    assert lookup[start:end] == STORY[2].rstrip(".")
    assert shared_spans("", WHOLE) == []


def test_an_excerpt_without_spaces_is_found_too():
    whole = (
        "東京都は四日、隅田川の新しい橋を来年の春に開通させると発表した。工事は三年前に始まり、費用は二百億円に上る。"
        "知事は記者会見で、地域の交通が大きく改善されると述べた。住民からは騒音を心配する声も出ている。都は説明会を来月開く予定だ。"
    )
    found = check(whole, whole[: len(whole) // 2])
    assert found is not None
    assert (found.kind, found.b_is) == ("copy", "excerpt")


NOTICE = (
    "{who}, {age}, of {place}, passed away {day} at home surrounded by family. A celebration of life will be held at "
    "{hour} p.m. {day} at the {home} Funeral Home. In lieu of flowers, the family asks that donations be made in "
    "memory to the hospice that provided such compassionate care in the final weeks. Friends may call one hour prior "
    "to the service, and a light luncheon will be served afterwards in the parish hall for all who wish to share."
)
QUAKE = (
    "気象庁によると、{day}日午前{hour}時{minute}分ごろ、{place}を震源とする地震があり、震度{force}を観測した。"
    "震源の深さは約{depth}キロ、地震の規模を示すマグニチュードは{size}と推定される。この地震による津波の心配はない。"
)


def test_a_notice_with_few_slots_is_a_form_too():
    one = NOTICE.format(who="Tamsin Quarrick", age=81, place="Pellworth", day="Monday", hour=2, home="Ilvara")
    two = NOTICE.format(who="Edmund Okonedo", age=67, place="Marrable", day="Friday", hour=4, home="Brannoch")
    found = check(one, two)
    assert found is None or found.kind != "copy"


DRAW = (
    "The winning numbers in {day} evening's drawing of the Lindmere Lottery's {game} game were: {numbers}. Estimated "
    "jackpot: ${jackpot} million. Tickets are on sale until an hour before each drawing. Winners must claim prizes "
    "within 180 days of the drawing at any authorised retailer or at lottery headquarters. Players must be at least 18."
)
ROAD_WORKS = (
    "Drivers on Route {route} near {place} should expect delays from {day} as crews repave the {part} between Patel "
    "Road and Young Lane, the transportation department said. Work will take place between 10 p.m. and 5 a.m., weather "
    "permitting. One lane will remain open in each direction. Motorists are asked to reduce speed, keep their distance "
    "and look out for workers. Updates are available by calling 511. The project is carried out by {firm} Construction "
    "of {town}."
)


def test_a_row_of_numbers_is_a_slot_however_long_it_is():
    one = DRAW.format(day="Sunday", game="Mega 3", numbers="25, 16, 51, 13, 58, 37", jackpot=40)
    two = DRAW.format(day="Thursday", game="Pick 3", numbers="48, 39, 19, 8, 52, 35", jackpot=349)
    assert check(one, two) is None
    assert (found := check(one, f"By our sports desk. {one}")) is not None
    assert found.kind == "copy"


def test_what_stands_before_the_first_run_and_behind_the_last_one_is_filled_in_too():
    one = ROAD_WORKS.format(
        route=36, place="Dunmore", day="Friday, March 15", part="shoulder", firm="Weber", town="Aldermoor"
    )
    two = ROAD_WORKS.format(
        route=110, place="Inverley", day="Thursday, June 19", part="bridge", firm="Rossi", town="Quarley"
    )
    assert check(one, two) is None


def test_a_form_in_a_script_without_capitals_is_known_by_its_numbers():
    one = QUAKE.format(day=4, hour=6, minute=15, place="茨城県北部", force=3, depth=40, size="4.2")
    two = QUAKE.format(day=19, hour=2, minute=47, place="宮城県沖", force=2, depth=70, size="5.1")
    found = check(one, two)
    assert found is None or found.kind != "copy"


def test_bulletins_of_two_days_under_one_headline_are_no_teasers_of_each_other() -> None:
    def bulletin(day: str, high: int, low: int, wind: int, rain: int) -> str:
        return (
            f"Ellery will see a high of {high} degrees and a low of {low} on {day}. Winds are at {wind} km/h. "
            f"The chance of rain is {rain} percent. Residents of Ellery are advised to check for updates before they "
            "travel, the weather office said in its regular bulletin for the region."
        )

    texts = [bulletin("Monday", 21, 9, 14, 30), bulletin("Friday", 12, 3, 38, 85)]
    headline = Headline("Weather forecast for the region this week")
    one, other = (ComparedText(n, text, sign(text), headline) for n, text in enumerate(texts, start=1))
    assert verify(one, other) is None


CAPTION = "Members of the harbour council walk past the old ferry on Monday, before the talks (Photo: A. Quill/AFP)"
LONG_CAPTION = f"{' '.join(STORY[0].split()[:40])} {CAPTION}"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (LONG_CAPTION, join(LONG_CAPTION, *OTHER[:2])),
        (join("more_vert", LONG_CAPTION), join("Talks begin", LONG_CAPTION, *OTHER[:3])),
        (join(LONG_CAPTION, *STORY[4:6]), join(*OTHER[:2], LONG_CAPTION)),
    ],
)
def test_a_picture_that_two_articles_show_makes_them_no_copies(one: str, two: str):
    found = check(one, two)
    assert found is None or found.kind != "copy"


def test_a_copy_with_its_captions_is_a_copy():
    found = check(join(LONG_CAPTION, WHOLE), join(*STORY[:8], LONG_CAPTION))
    assert found is not None
    assert found.kind == "copy"


def test_a_caption_with_no_picture_credit_is_text():
    found = check(WHOLE, join("Harbour, Monday", *STORY[:2]))
    assert found is not None
    assert found.kind == "copy"


STATEMENT = " ".join(article(9)[:2])
AROUND = (
    (
        "The ministry broke its silence late on Tuesday, a week after the first reports of the deal came out.",
        "It did not take questions from the press, and the minister left town.",
    ),
    (
        "Nobody expected an answer this week, least of all the families who had waited outside for days.",
        "Lawyers of the families call that far too little, and plan to sue in spring.",
    ),
)


@pytest.mark.parametrize(
    "quote",
    [
        lambda lead, end: join(f"{lead} The statement in full:", STATEMENT, end),
        lambda lead, end: join(lead, STATEMENT, "— Harbour Ministry (@harbourministry) July 3, 2019", end),
    ],
)
def test_a_statement_that_two_writers_print_without_quotation_marks_makes_no_copy(quote):
    found = check(quote(*AROUND[0]), quote(*AROUND[1]))
    assert found is None or found.kind != "copy"
