"""Bytes to text: what a page is written in, whatever it says.

The order of evidence is that of the WHATWG (HTML, 13.2.3): byte order mark, header, meta element, then the bytes
themselves. It is left where the bytes contradict it: valid UTF-8 of several bytes is no accident, `iso-8859-1` in a
header is mostly a server's default, and a stray byte does not turn a page of UTF-8 into anything else.
"""

import codecs
import re
from collections.abc import Iterator

import chardet
import ftfy
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom, resolve_encoding

__all__ = ["decode", "mended_utf8"]

_GUESS_BYTES = 60_000
# Fewer bytes beyond ASCII prove nothing against what a page declares; still fewer tell nothing at all.
_ENOUGH_TO_CONTRADICT, _ENOUGH_TO_GUESS = 12, 6
_CONFIDENT = 0.2
_HIGH = re.compile(rb"[\x80-\xff]")
_BEYOND_ASCII = bytes(range(128, 256))
_TAG = re.compile(rb"<[^<>]{0,2000}>")
_LANGUAGE = re.compile(rb"<html[^>]{0,500}\slang\s?=\s?[\"']?([a-zA-Z]{2})(?:-([a-zA-Z]{2,4}))?", re.IGNORECASE)
_FAMILIES = {
    "western": ("cp1252", "iso8859-1", "iso8859-15", "cp1254", "iso8859-9", "latin-1", "mac-roman"),
    "central": ("cp1250", "iso8859-2"),
    "windows cyrillic": ("cp1251",), "koi8": ("koi8-r", "koi8-u"), "iso cyrillic": ("iso8859-5",),
    "greek": ("cp1253", "iso8859-7"), "hebrew": ("cp1255", "iso8859-8"), "arabic": ("cp1256", "iso8859-6"),
    "baltic": ("cp1257", "iso8859-4", "iso8859-13"), "vietnamese": ("cp1258",), "thai": ("cp874", "tis-620"),
    "shift_jis": ("cp932", "shift_jis"), "euc_jp": ("euc_jp",), "korean": ("cp949", "euc_kr"),
    "simplified": ("gb18030", "gbk", "gb2312"), "traditional": ("big5hkscs", "big5"),
}  # fmt: skip
_FAMILY = {codecs.lookup(name).name: family for family, names in _FAMILIES.items() for name in names}
_GUESSED = [
    *("windows-1252", "windows-1250", "iso-8859-2", "windows-1251", "koi8-r", "koi8-u", "iso-8859-5", "windows-1253"),
    *(
        "windows-1254",
        "windows-1255",
        "windows-1256",
        "iso-8859-6",
        "windows-1257",
        "windows-1258",
        "cp874",
        "cp932",
        "euc-jp",
    ),
    *("cp949", "gb18030", "big5hkscs"),
]
_DEFAULTS = ("cp1252", "iso8859-1", "latin-1")
_BY_LANGUAGE = {
    "ja": ("cp932", "euc_jp"), "ko": ("cp949",), "zh": ("gb18030", "big5hkscs"), "zh-tw": ("big5hkscs", "gb18030"),
    "zh-hk": ("big5hkscs", "gb18030"),
}  # fmt: skip
_WINDOWS = {
    codecs.lookup(iso).name: windows
    for iso, windows in (
        ("iso8859-2", "cp1250"),
        ("iso8859-7", "cp1253"),
        ("iso8859-8", "cp1255"),
        ("iso8859-13", "cp1257"),
    )
}
_CONTROLS = re.compile(rb"[\x80-\x84\x86-\x9f]")
_COMMON_CHINESE = "的一是不了在人有我他这這为為之大来來以个個中上们們到说說国國和地也子时時道出而要于於就下得可你年生"
MANY_MORE = 3
_SEVERAL_BYTES = frozenset(["shift_jis", "euc_jp", "korean", "simplified", "traditional"])
# Letters with which UTF-8 begins a character when it is read as windows-1252, and what may follow.
_DOUBLED = re.compile(r"[\xc2-\xf4][\x80-\xbfŒœŠšŸŽžƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]")
# Letters of these in UTF-8, with what may follow: hardly a page has one of them, and bytes are searched fast.
_DOUBLED_BYTES = re.compile(rb"\xc3(?:[\x82-\x85\x8e-\x91](?:\xc2|\xc5|\xc6|\xcb|\xe2)|\xa2\xe2\x82\xac)")
_STRETCH = re.compile(r"[^<>]{1,4000}")


def _stray(error: UnicodeError) -> tuple[str, int]:
    """A byte that is no UTF-8 is what careless templates and advertisements paste in: windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.end >= len(error.object):
        return "", error.end
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("onestory-stray", _stray)


def decode(body: bytes, *, content_type: str | None = None) -> str:
    """The text of `body`; bytes that fit no charset become U+FFFD. Never raises."""
    charset, bom = read_bom(body)
    if charset and bom:
        return body[len(bom) :].decode(charset, "replace")
    if wide := _wide(body[:2_000]):
        return body.decode(wide, "replace")
    declared = list(_declared(body, content_type))
    if b"\x1b" in body and (b"\x1b$" in body or b"\x1b(" in body):
        stateful = (one for one in declared if "2022" in one)
        return body.decode(next(stateful, "iso2022_jp"), "replace")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _undoubled(_legacy(body, declared))
    return _undoubled(text) if not body.isascii() and _DOUBLED_BYTES.search(body) else text


def _wide(head: bytes) -> str | None:
    """UTF-16 without a byte order mark: every tag begins with two bytes."""
    little, big, tags = head.count(b"<\x00"), head.count(b"\x00<"), head.count(b"<")
    if tags < 3 or max(little, big) * 2 < tags:
        return None
    return "utf-16-le" if head[:2] == b"<\x00" or little > big else "utf-16-be"


def _declared(body: bytes, content_type: str | None) -> Iterator[str]:
    """What the header and the meta element say, as the codecs' own names."""
    for charset in (http_content_type_encoding(content_type), html_body_declared_encoding(body[:4096])):
        if (known := _known(charset)) is not None:
            yield known


def _known(charset: str | None) -> str | None:
    """The codec's own name for a declared charset; None for an unknown one or one that is no text encoding."""
    name = resolve_encoding(charset) if charset else None
    try:
        found = codecs.lookup(name) if name else None
    except (LookupError, ValueError):
        return None
    # "undefined" is a text encoding by name, and decodes nothing.
    return found.name if found and found._is_text_encoding and found.name != "undefined" else None


def _legacy(body: bytes, declared: list[str]) -> str:
    mended = body if any(_fits_exactly(body, charset) for charset in declared) else mended_utf8(body)
    if mended is not body:
        return mended.decode()
    charset = _charset(body, [one for one in declared if one != "utf-8"], _high_bytes(body))
    return body.decode(charset, "replace")


def mended_utf8(body: bytes) -> bytes:
    """Decode stray bytes in UTF-8 as windows-1252. Other encodings are left alone."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        high = _high_bytes(body)
        valid = _high_bytes(body.decode("utf-8", "ignore").encode())
        return body.decode("utf-8", "onestory-stray").encode() if valid > high - valid else body
    return body


def _high_bytes(body: bytes) -> int:
    return len(body) - len(body.translate(None, _BEYOND_ASCII))


def _fits_exactly(body: bytes, charset: str) -> bool:
    """Whether a charset of several bytes that is declared is the one: text in another hardly ever fits it."""
    return _FAMILY.get(charset) in _SEVERAL_BYTES and "\ufffd" not in body.decode(charset, "replace")


def _charset(body: bytes, declared: list[str], high: int) -> str:
    """What is declared, unless the bytes tell of another script for certain."""
    if high < _ENOUGH_TO_GUESS:
        return declared[0] if declared else "cp1252"
    if (fitting := next((one for one in declared if _fits_exactly(body, one)), None)) is not None:
        return _likelier_chinese(body, fitting)
    guess, confidence = _guess(body)
    alike = [one for one in declared if _FAMILY.get(one) == _FAMILY.get(guess)]
    if alike:
        # Servers declare Latin-1 by default. Turkish letters are encoded where Latin-1 has Icelandic ones.
        chosen = next((one for one in alike if one not in _DEFAULTS), alike[0])
        return "cp1254" if chosen in _DEFAULTS and _language(body)[0] == "tr" else _of_windows(body, chosen)
    is_certain = confidence >= _CONFIDENT or _FAMILY.get(guess) in _SEVERAL_BYTES
    if declared and (high < _ENOUGH_TO_CONTRADICT or not is_certain):
        return declared[0]
    return guess


def _of_windows(body: bytes, charset: str) -> str:
    """The Windows form of an ISO charset where the bytes are used that ISO leaves to controls."""
    return _WINDOWS[charset] if charset in _WINDOWS and _CONTROLS.search(body) else charset


def _likelier_chinese(body: bytes, charset: str) -> str:
    """GB 18030 and Big5 fit each other's texts: the one with many more of the commonest characters counts."""
    family = _FAMILY.get(charset)
    if family not in ("simplified", "traditional"):
        return charset
    other = "big5hkscs" if family == "simplified" else "gb18030"
    texts = [body[:_GUESS_BYTES].decode(one, "replace") for one in (charset, other)]
    common = [sum(map(text.count, _COMMON_CHINESE)) for text in texts]
    return other if common[1] > MANY_MORE * (common[0] + 1) else charset


def _guess(body: bytes) -> tuple[str, float]:
    """What the bytes look like, from where they cease to be ASCII; the language that a page names is asked first."""
    first = _HIGH.search(body)
    start = max(0, (first.start() if first else 0) - 2_000)
    sample = _TAG.sub(b" ", body[start : start + _GUESS_BYTES])
    for charset in _of_language(body):
        if "\ufffd" not in sample[:-8].decode(charset, "replace"):
            return charset, 1.0
    found = chardet.detect(sample, include_encodings=_GUESSED)
    charset = _known(found["encoding"]) or "cp1252"
    return ("cp1252" if _FAMILY.get(charset) == "western" and charset != "cp1254" else charset), found["confidence"]


def _of_language(body: bytes) -> tuple[str, ...]:
    language, region = _language(body)
    return _BY_LANGUAGE.get(f"{language}-{region}") or _BY_LANGUAGE.get(language, ())


def _language(body: bytes) -> tuple[str, str]:
    match = _LANGUAGE.search(body[:8192])
    if not match:
        return "", ""
    return match[1].decode("ascii").lower(), (match[2] or b"").decode("ascii").lower()


def _undoubled(text: str) -> str:
    """Without letters that were encoded twice (`cafÃ©`), where ftfy is certain of them."""
    return _STRETCH.sub(_repaired, text) if _DOUBLED.search(text) else text


def _repaired(match: re.Match[str]) -> str:
    return ftfy.fix_encoding(match[0]) if _DOUBLED.search(match[0]) else match[0]
