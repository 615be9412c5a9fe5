"""A copy is found however its letters are disguised, and is shown as it was written."""

import pytest

from tests.adversary.conftest import Import, seen
from tests.news_texts import wire_article

TEXT = wire_article(1)
LIKE = str.maketrans("aeocpxAEO", "аеосрхАЕО")
DISGUISES = {
    "variation selectors": "\ufe0f".join(TEXT),
    "grapheme joiners": "\u034f".join(TEXT),
    "non-joiners": "\u200c".join(TEXT),
    "tags": "\U000e0041".join(TEXT),
    "full width": "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in TEXT),
    "Cyrillic letters": TEXT.translate(LIKE),
    "struck through": "".join(f"{one}\u0336" if one.isalpha() else one for one in TEXT),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguised_copy_joins_its_story(import_rows: Import, disguise: str) -> None:
    ours, theirs = "https://harbourpost.example/ferry", "https://copycat.example/ferry"
    stories = import_rows(
        [seen(ours, TEXT, minutes=0, said=-5), seen(theirs, DISGUISES[disguise], minutes=60, said=50)]
    )
    assert [{one.copy.url for one in members} for _, members in stories] == [{ours, theirs}]


def test_letters_of_another_language_make_no_copy(import_rows: Import) -> None:
    """No attack."""
    russian = " ".join(f"Паром номер {at} пересёк залив в понедельник, сообщил порт {at}." for at in range(30))
    stories = import_rows(
        [seen("https://a.example/1", TEXT, minutes=0, said=0), seen("https://b.example/2", russian, minutes=1, said=1)]
    )
    assert len(stories) == 2
