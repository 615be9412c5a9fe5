"""Names of people out of a field that may hold several, with roles, outlets and places beside them: pure functions."""

import re
from collections.abc import Iterator

from onestory.pipelines.credit.agencies import load_agencies
from onestory.pipelines.markup.plain import plain

__all__ = ["is_name", "is_nobody", "people"]

MAX_FIELD_CHARS = 1_000
MAX_NAME_CHARS = 80
_ADDRESS = re.compile(r"https?:/|www\.|@\w|\w@|\.(?:com|net|org|de)/", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_BY = re.compile(
    r"^\s*(?:(?:(?:written |posted |story |text |report |words |reporting )?by|par|por|przez|oleh|от|автор|yazan|"
    r"texte? (?:von|de)|autore?|autor(?:in|es|a)?|auteur|skriven av|kirjoittaja|tekst)\s*[:：]?\s+"
    r"|(?:von|di|door|av|af)\s*:?\s+(?=[A-ZÀ-Þ]\S*\s+\S)|(?:作者|文|記者|记者|撰文|기자)\s*[:：/／]?\s*)",
    re.IGNORECASE,
)
# `Associated Press in Valencia`
_PLACE = re.compile(r"\s(?:in|à|en|a|aus|fra|från)\s")
_FROM = re.compile(r"^(?:by|von|par|por|di|av|af|from|with)\s+", re.IGNORECASE)
_HARD = re.compile(r"\s*(?:;|\||、|，|\n|•|·|\s/\s|(?<=[^\W\d_]{3})/(?=[^\W\d_]{3})|\s&\s|\s\+\s)\s*")
_AND = re.compile(r"\s+(and|und|et|y|e|og|och|en|dan|i|и|та|ve|ja|a|și|és)\s+", re.IGNORECASE)
# Words that stand within a name: what is between two of them is one name.
_PARTICLES = frozenset(
    (
        *("von", "van", "vom", "zu", "zum", "zur", "de", "del", "della", "di", "da", "do", "dos", "das", "du", "des"),
        *("la", "le", "los", "las", "der", "den", "ten", "ter", "te", "al", "el", "bin", "ibn", "ben", "abu", "af"),
    )
)
_ROLE_WORDS = (
    r"editor\w*|reporter\w*|correspondent\w*|writer\w*|staff|redakt\w*|redac\w*|redazione|journalist\w*|korrespondent\w*|"
    r"corrispondente|corresponsal\w*|correspondant\w*|rédact\w*|chief|contributor\w*|columnist\w*|kolumnist\w*|agenc\w+|"
    r"producer|newsroom|desk|team|bureau|admin\w*|webmaster|office|guest|head of|photographer|fotograf\w*|freelance\w*|"
    r"periodista|giornalista|jornalista|dziennikarz|muhabir\w*|redaktør|toimittaja|specialist|author|analyst|anchor|"
    r"presenter|host|director|professor|lecturer|minister|ceo|founder|president|agentur\w*|redaktion|nachrichten"
)
_ROLE = re.compile(rf"(?<![\w-])(?:{_ROLE_WORDS})(?![\w-])", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[(\[（][^()\[\]（）]{0,80}[)\]）]")
_TITLE = re.compile(r"^(?:dr|prof|mr|mrs|ms|sir|dame)\.?\s+(?=\S+\s+\S)", re.IGNORECASE)
_DEGREE = re.compile(r"(?:ph\.?d|m\.?d|m\.?a|mba|b\.?a|ll\.?m|j\.?d|msc|bsc|rn|esq)\.?", re.IGNORECASE)
_DETERMINERS = frozenset(["the", "die", "das", "les", "los", "our", "your", "read", "more", "about", "follow"])
_JUNIOR = re.compile(r"(?:jr|sr|junior|senior|i{1,3}|iv)\.?", re.IGNORECASE)
_NOBODY = frozenset(
    ["admin", "administrator", "editor", "staff", "root", "user", "author", "webmaster", "newsroom", "none", "null"]
)
_EDGES = " ,.;:-–—/|\"'“”"


def people(field: str, *, outlet: str | None = None, is_one: bool = False) -> list[str]:
    """The people that a field names. `outlet` is no person; `is_one`: it is one entry of a list of people."""
    text = _URL.sub(" ", plain(field[:MAX_FIELD_CHARS]))
    text = _BRACKETS.sub("", _BY.sub("", text))
    found = [name for part in _HARD.split(text) for name in _of_part(part, outlet, is_one=is_one)]
    return list(dict.fromkeys(found))


def is_name(text: str) -> bool:
    """Whether a text looks like the name of a person: two to five words, all of them capitalised but particles."""
    words = text.split()
    return (
        2 <= len(words) <= 5
        and words[0].lower() not in _DETERMINERS
        and not any(char.isdigit() or char in ":/" for char in text)
        and all(word[0].isupper() or word.lower().strip(".") in _PARTICLES for word in words)
        and load_agencies().within(text) is None
    ) or (len(words) == 1 and 2 <= len(text) <= 5 and not text[0].isascii() and not text[0].isupper())


def is_nobody(name: str, *, outlet: str | None = None) -> bool:
    """Whether a name is that of an organisation, a role or an account."""
    bare = name.lower().strip(_EDGES)
    return (
        bare in _NOBODY
        or bare == (outlet or "").lower()
        or load_agencies().exactly(_FROM.sub("", name)) is not None
        or load_agencies().within(name) is not None
        or _ROLE.search(name) is not None
        or bare.isdecimal()
    )


def _of_part(part: str, outlet: str | None, *, is_one: bool) -> Iterator[str]:
    """A part between hard separators: names with commas between them, and what belongs to the name before."""
    pieces = [piece for piece in (one.strip(_EDGES) for one in part.split(",")) if piece]
    if _is_turned(pieces):
        pieces = [f"{pieces[1]} {pieces[0]}"]
    last = ""
    for number, piece in enumerate(pieces):
        if last and _JUNIOR.fullmatch(piece):
            last = f"{last} {piece}"
            continue
        if last and (_DEGREE.fullmatch(piece) or _belongs(piece, last, outlet)):
            continue
        yield from (_named(last) if last else ())
        *before, last = _divided(_TITLE.sub("", _BY.sub("", piece)), is_one=is_one and len(pieces) == 1) or [""]
        for name in before:
            yield from _named(name)
        last = "" if number and is_nobody(last, outlet=outlet) else last
    yield from _named(last)


def _is_turned(pieces: list[str]) -> bool:
    """`Quill, Ada`: two single words, and neither is an agency or a place of work."""
    return (
        len(pieces) == 2
        and not any(" " in piece or piece.isupper() or is_nobody(piece) for piece in pieces)
        and all(piece[0].isupper() for piece in pieces)
    )


def _belongs(piece: str, last: str, outlet: str | None) -> bool:
    """Whether a piece after a full name describes it: a role, the outlet, a place, or an agency's code."""
    return " " in last and (" " not in piece or is_nobody(piece, outlet=outlet))


def _divided(piece: str, *, is_one: bool) -> list[str]:
    """Two names with an `and` between them; `y`, `e` and `und` stand in names as well."""
    for match in _AND.finditer(piece) if not is_one else ():
        left, right = piece[: match.start()].split(), piece[match.end() :].split()
        if _is_full(left, -1) and _is_full(right, 0):
            return [" ".join(left), *_divided(" ".join(right), is_one=False)]
    return [piece] if piece else []


def _is_full(words: list[str], edge: int) -> bool:
    return len(words) >= 2 and words[edge].lower() not in _PARTICLES and words[0][0].isupper()


def _named(name: str) -> Iterator[str]:
    bare = _BY.sub("", name).strip(_EDGES)
    if 1 < len(bare) <= MAX_NAME_CHARS and not _ADDRESS.search(bare) and not bare.isdecimal():
        yield bare
