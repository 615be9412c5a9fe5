"""Letters of other scripts that look like those of a text: one form for both, as a copy may hide behind them.

A text mostly in Latin letters takes look-alikes for Latin ones throughout. In a text mostly in Cyrillic letters, Latin
look-alikes count as Cyrillic ones in words that mix both. Nothing else changes, and no character changes its place.
The pairs are those of Unicode's confusables (UTS 39) that are hard to tell apart in print.
"""

import re
import unicodedata

__all__ = ["INVISIBLE", "likened", "skeleton"]

# Unicode's Default_Ignorable_Code_Point, except U+200C, which parts words in Arabic script.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200d-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_INVISIBLES = re.compile(f"[{INVISIBLE}\u200c]")

# A letter, and the Latin one that it looks like. Cyrillic letters are listed alone: they also go the other way.
_CYRILLIC = "аa сc еe оo рp хx уy іi јj ѕs һh ԁd ԛq ԝw ӏl АA ВB ЕE КK МM НH ОO РP СC ТT ХX УY ІI ЈJ ЅS ԌG ԚQ ԜW"
_GREEK = "οo νv αa ιi κk ρp υu ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX"
_ARMENIAN = "օo սu ոn ցg հh զq ԼL ՏS ՍU ՕO"
_CHEROKEE = "ᎪA ᏴB ᏟC ᎠD ᎬE ᎻH ᎫJ ᏦK ᏞL ᎷM ᏢP ᎡR ᏚS ᎢT ᏙV ᎳW ᏃZ"
_SMALL_CAPITALS = "ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz ɑa ɡg ɩi"


def _pairs(listed: str) -> dict[int, str]:
    return {ord(pair[0]): pair[1:] for pair in listed.split()}


_TO_LATIN = {
    code: like
    for listed in (_CYRILLIC, _GREEK, _ARMENIAN, _CHEROKEE, _SMALL_CAPITALS)
    for code, like in _pairs(listed).items()
}
_TO_CYRILLIC = {ord(like): chr(code) for code, like in _pairs(_CYRILLIC).items()}
_LIKE_LATIN = re.compile(f"[{''.join(map(chr, _TO_LATIN))}]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_OTHERS = re.compile(r"[\u0370-\u052f\u0531-\u0587\u13a0-\u13f5]")
_CYRILLIC_LETTER = re.compile(r"[\u0400-\u052f]")
_MIXED_WORD = re.compile(r"[^\W\d_]*(?:[A-Za-z][\u0400-\u052f]|[\u0400-\u052f][A-Za-z])[^\W\d_]*")


def likened(text: str) -> str:
    """The text with one form for letters that look alike, each at its place."""
    if not _LIKE_LATIN.search(text):
        return text
    latin, others = len(_LATIN.findall(text)), len(_OTHERS.findall(text))
    if latin >= others:
        return text.translate(_TO_LATIN)
    if latin and 2 * len(_CYRILLIC_LETTER.findall(text)) > others:
        return _MIXED_WORD.sub(lambda word: word.group().translate(_TO_CYRILLIC), text)
    return text


def skeleton(name: str) -> str:
    """The same for names that readers take for one another: without case, invisible characters and look-alikes."""
    plain = unicodedata.normalize("NFKC", _INVISIBLES.sub("", name))
    return " ".join(plain.translate(_TO_LATIN).casefold().translate(_TO_LATIN).split())
