"""Forged credits and canonical addresses: a credit is a claim by the one who makes it."""

from tests.adversary.conftest import Import, original_of, seen
from tests.news_texts import wire_article

TEXT = wire_article(1)
FORGED = f"{TEXT}\n\nThis story was originally published by Harbour Post."
OURS, HOAX = "https://harbourpost.example/ferry", "https://hoax.example/ferry"


def test_a_forged_credit_does_not_make_us_the_author_of_a_hoax(import_rows: Import) -> None:
    """We ran it, hours after the hoax was out."""
    ours = seen(OURS, TEXT, minutes=240, said=235, outlet="Harbour Post")
    stories = import_rows([seen(HOAX, FORGED, minutes=0, said=-5), ours])
    assert original_of(stories).copy.url == HOAX


def test_a_forged_credit_shows_as_the_claim_of_the_one_who_makes_it(import_rows: Import) -> None:
    stories = import_rows([seen(HOAX, FORGED, minutes=0, said=-5), seen("https://other.example/f", TEXT, minutes=60)])
    ((_, members),) = stories
    assert {one.copy.url: one.copy.credit for one in members} == {
        HOAX: "Harbour Post",
        "https://other.example/f": None,
    }


def test_one_strangers_credit_is_not_the_storys(import_rows: Import) -> None:
    stories = import_rows([seen(OURS, TEXT, minutes=0, said=-5), seen(HOAX, FORGED, minutes=60, said=50)])
    assert stories[0][0].credit is None


def test_pages_that_credit_a_confederate_do_not_make_it_the_original(import_rows: Import) -> None:
    said = f"{TEXT}\n\nThis story was originally published by Hoax Herald."
    crowd = [seen(f"https://hoax{n}.example/f", said, minutes=20 + n, said=15) for n in range(3)]
    confederate = seen("https://hoaxherald.example/f", TEXT, minutes=30, said=-400, outlet="Hoax Herald")
    assert original_of(import_rows([seen(OURS, TEXT, minutes=0, said=-5), *crowd, confederate])).copy.url == OURS


def test_pages_that_name_a_confederate_as_canonical_do_not_make_it_the_original(import_rows: Import) -> None:
    body = "".join(f"<p>{line}</p>" for line in TEXT.splitlines() if line.strip())
    link = '<link rel="canonical" href="https://hoaxherald.example/f">'
    page = f"<html><head><title>Ferry</title>{link}</head><body><article><h1>Ferry</h1>{body}</article></body></html>"
    crowd = [
        seen(f"https://hoax{n}.example/f", "", minutes=20 + n, said=15, title="Ferry", body=page.encode())
        for n in range(2)
    ]
    confederate = seen("https://hoaxherald.example/f", TEXT, minutes=30, said=25)
    stories = import_rows([seen(OURS, TEXT, minutes=0, said=-5), *crowd, confederate])
    assert original_of(stories).copy.url == OURS


def test_the_agency_that_copies_credit_is_the_original_although_its_page_was_cut(import_rows: Import) -> None:
    """No attack: CNN's page was captured as far as its wall."""
    dateline = f"(CNN) — {TEXT}"
    words = dateline.split(" ")
    cut = seen("https://www.cnn.com/2026/03/01/ferry", " ".join(words[: len(words) * 2 // 5]), minutes=30, said=-20)
    copies = [seen(f"https://local{n}.example/f", dateline, minutes=n, said=n - 1) for n in range(3)]
    stories = import_rows([*copies, cut])
    assert original_of(stories).copy.host == "www.cnn.com"
    assert stories[0][0].original_reason == "agency"


def test_the_story_has_the_credit_that_copies_agree_on(import_rows: Import) -> None:
    """No attack: the first copy dropped the dateline."""
    copies = [seen(f"https://local{n}.example/f", f"OSLO (AP) — {TEXT}", minutes=10 + n) for n in range(2)]
    stories = import_rows([seen(OURS, TEXT, minutes=0, said=-5), *copies])
    assert stories[0][0].credit == "Associated Press"
