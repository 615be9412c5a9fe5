"""Signatures: datasketch's values, and bytes that come back the same."""

import re

import numpy as np
import pytest
import xxhash
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from onestory.dedupe.characters import folded, lowered
from onestory.dedupe.errors import SignatureCorrupt
from onestory.dedupe.shingles import shingle_hashes, tokenize
from onestory.dedupe.signature import KEY_BYTES, PARAMETERS, Parameters, Signature, band_keys, sign, sign_many
from tests.dedupe.news import article, join

SPACED = st.text(alphabet=st.characters(max_codepoint=0x5FF, exclude_characters="\u0130"), max_size=300)


def shingles_of(text: str) -> list[bytes]:
    words = re.findall(r"\w+", lowered(folded(text)))
    return [" ".join(words[at : at + 5]).encode() for at in range(max(1, len(words) - 4)) if words]


@settings(max_examples=60, deadline=None)
@given(SPACED)
def test_a_minhash_has_the_values_of_datasketch(text: str):
    peer = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=xxhash.xxh32_intdigest)
    peer.update_batch(shingles_of(text))
    assert np.array_equal(sign(text).minhash, peer.hashvalues)


@settings(max_examples=60, deadline=None)
@given(SPACED)
def test_words_are_those_of_a_regular_expression(text: str):
    words = tokenize(text, spans=True)
    form = folded(text)
    assert words.normal.decode() == " ".join(re.findall(r"\w+", lowered(form)))
    if form == text:
        assert [text[start:end] for start, end in words.spans] == re.findall(r"\w+", text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_signed_and_its_bytes_come_back_the_same(text: str):
    signature = sign(text)
    assert Signature.from_bytes(signature.to_bytes()) == signature


def test_a_text_without_words_has_no_bands():
    assert sign(" \n…!").words == 0
    assert band_keys(sign("")) == b""


def test_a_text_shorter_than_a_shingle_has_one():
    assert len(sign("Fire out").shingles) == 1
    assert len(band_keys(sign("Fire out"))) >= KEY_BYTES


def test_lone_surrogates_are_no_words():
    assert sign("\ud800 fire \udfff out").digest == sign("fire out").digest


def test_many_are_signed_as_one_by_one():
    texts = [join(*article(seed, paragraphs=3)) for seed in range(3)]
    assert sign_many(texts) == [sign(text) for text in texts]


@pytest.mark.parametrize("data", [b"", b"\x09" * 40, sign("a b c").to_bytes()[:-1], sign("a b").to_bytes() + b"x"])
def test_bytes_that_are_no_signature_are_refused(data: bytes):
    with pytest.raises(SignatureCorrupt):
        Signature.from_bytes(data)


def test_parameters_are_one_line_that_names_all_of_them():
    line = PARAMETERS.encode()
    assert "num_perm=128" in line
    assert "\n" not in line
    assert line != Parameters(bands=8).encode()


@pytest.mark.parametrize(
    ("whole", "cut"),
    [
        (
            "東京都は四日、隅田川の新しい橋を来年の春に開通させると発表した。工事は三年前に始まった。",
            "隅田川の新しい橋を来年の春に開通させると発表した",
        ),
        ("市政府星期三宣布将在河边修建一座新的图书馆和公园预计明年秋天完工", "将在河边修建一座新的图书馆和公园"),
        ("ผู้ว่าราชการจังหวัดกล่าวว่าสะพานแห่งใหม่จะเปิดใช้งานในเดือนหน้าหลังจากล่าช้ามาสองปี", "สะพานแห่งใหม่จะเปิดใช้งานในเดือนหน้า"),
    ],
)
def test_an_excerpt_shares_its_shingles_where_a_script_has_no_spaces(whole: str, cut: str):
    ours, theirs = set(sign(whole).shingles.tolist()), set(sign(cut).shingles.tolist())
    assert len(theirs) > 5
    assert len(ours & theirs) >= len(theirs) - 16


def test_a_line_break_inside_a_run_of_characters_is_no_boundary():
    assert (
        sign("東京都は新しい橋を開通\nさせると発表した").digest == sign("東京都は新しい橋を開通させると発表した").digest
    )


def test_latin_words_inside_such_a_script_stay_words():
    words = tokenize("東京 Onestory 橋", spans=True)
    assert words.normal.decode() == "东京 onestory 桥"
    assert len(shingle_hashes(words)) == len(words) - 4 or len(words) < 5
