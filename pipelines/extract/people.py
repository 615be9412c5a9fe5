"""Names of people out of a field that may hold several, with roles, outlets and places beside them: pure functions."""

import re
from collections.abc import Iterator

from onestory.pipelines.credit.agencies import load_agencies
from onestory.pipelines.dates.month_names import month
from onestory.pipelines.extract.places import is_place
from onestory.pipelines.markup.plain import plain

__all__ = ["is_name", "is_nobody", "listed", "people", "signed"]

MAX_FIELD_CHARS = 1_000
MAX_NAME_CHARS = 80
MAX_LIST_CHARS = 2_000
_ADDRESS = re.compile(r"https?:/|www\.|@\w|\w@|\.(?:com|net|org|de)/", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)\S+|<?\b[\w.+-]+@[\w-]+\.[\w.-]+>?|(?<!\S)@\w+", re.IGNORECASE)
# `ada@harbourpost.example (Ada Quill)`, as RSS has it.
_ENCLOSED = re.compile(r"\(([^()]+)\)")
_BY = re.compile(
    r"^\s*(?:(?:(?:written |posted |story |text |report |words |reporting )?by|par|por|przez|oleh|от|автор|yazan|"
    r"texte? (?:von|de)|autore?|autor(?:in|es|a)?|auteur|skriven av|kirjoittaja|tekst|deur|"
    r"napsala?|napisał[ao]?|piše|as told to)\s*[:：]?\s+"
    r"|(?:von|di|door|av|af)\s*:?\s+(?=[A-ZÀ-Þ]\S*\s+\S)|(?:作者|文|記者|记者|撰文|기자)\s*[:：/／・]?\s*)",
    re.IGNORECASE,
)
# `Analysis by Ada Quill`, `Text: Ada Quill`; who made the pictures is not who wrote.
_LABEL = re.compile(r"^[^\W\d_]+(?:\s[^\W\d_]+){0,4}?(?:\sby\s+|\s?[:：]\s*)(?=[^\W\d_])", re.IGNORECASE)
_PICTURES = re.compile(
    r"^(?:photo\w*|fotos?|fotogra\w*|pictures?|images?|bild(?:er)?|video\w*|graphics?|grafik\w*|illustration\w*|"
    r"viñetas?|zdjęci\w+|фото)\b",
    re.IGNORECASE,
)
# `Ada Quill in Brussels`, `Ada Quill for the Harbour Post`; but `Sophie in 't Veld`.
_ELSEWHERE = re.compile(r"\s(?:in|at|from|for|aus|für|pour|para)\s(?!['’]t\s|der\s|de\s)")
# `Ada Quill on January 5, 2026`, `Ada Quill 5.1.2026`
_DATED = re.compile(
    r"[\s,|]*(?:\b(?:published|updated|posted)\b:?\s?)?(?:\b(?:on|am|le|el)\s)?(?:\b[a-z]{3,6}day,?\s)?"
    r"(?P<word>\b[^\W\d_]{3,9}\b)?\.?\s?(?<!\S)\d.*$",
    re.IGNORECASE,
)
# `['Ada Quill', "Seán O'Mara"]`
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)+)'(?=\s*[,\]])|\"((?:[^\"\\]|\\.)+)\"")
_TRAILING_AND = re.compile(r"\s(?:and|und|et|with|mit|&)$", re.IGNORECASE)
_CJK_ROLE = re.compile(r"\s*(?:기자|특파원|记者|記者|编辑|編集委員|撰文)$")
_CJK_NAMES = re.compile(r"[\u4e00-\u9fff·]{2,4}(?:\s[\u4e00-\u9fff·]{2,4})+")
_FROM = re.compile(r"^(?:by|von|par|por|di|av|af|from|with)\s+", re.IGNORECASE)
_HARD = re.compile(r"\s*(?:;|\||、|，|\n|•|\s·\s|\s/\s|(?<=[^\W\d_]{3})/(?=[^\W\d_]{3})|\s&\s|\s\+\s|\s[-–—]\s)\s*")
_AND = re.compile(r"\s+(and|und|et|y|e|og|och|en|dan|i|и|та|ve|ja|a|și|és|with|mit|met|avec)\s+", re.IGNORECASE)
_NEVER_IN_NAMES = frozenset(["and", "with"])
_LEADING_AND = re.compile(r"^(?:and|und|et|with|mit|&)\s+(?=[^\W\d_])", re.IGNORECASE)
# Words that stand within a name: what is between two of them is one name.
_PARTICLES = frozenset(
    (
        *("von", "van", "vom", "zu", "zum", "zur", "de", "del", "della", "di", "da", "do", "dos", "das", "du", "des"),
        *("la", "le", "los", "las", "der", "den", "ten", "ter", "te", "al", "el", "bin", "ibn", "ben", "abu", "af"),
    )
)
_ROLE_WORDS = (
    r"special (?:to|for)|editor-(?:at-large|in-chief)|"
    r"editor\w*|reporter\w*|correspondent\w*|writer\w*|staff|redakt\w*|redac\w*|redazione|journalist\w*|korrespondent\w*|"
    r"corrispondente|corresponsal\w*|correspondant\w*|rédact\w*|chief|contributor\w*|columnist\w*|kolumnist\w*|agenc\w+|"
    r"producer|newsroom|desk|team|bureau|admin\w*|webmaster|office|guest|head of|photographer|fotograf\w*|freelance\w*|"
    r"periodista|giornalista|jornalista|dziennikarz|muhabir\w*|redaktør|toimittaja|specialist|author|analyst|anchor|"
    r"presenter|host|director|professor|lecturer|minister|ceo|founder|president|agentur\w*|redaktion|nachrichten"
)
_ROLE = re.compile(rf"(?<![\w-])(?:{_ROLE_WORDS})(?![\w-])", re.IGNORECASE)
# `Reporter Ada Quill`, `onze redacteur Ada Quill`
_ROLE_BEFORE = re.compile(rf"^(?:\S+\s){{0,3}}?(?i:{_ROLE_WORDS})\s+(?=[A-ZÀ-ÞА-Я]\S*\s(?:\S+\s)?[A-ZÀ-ÞА-Я])")
_BRACKETS = re.compile(r"\s*[(\[（][^()\[\]（）]{0,80}[)\]）]")
_TITLE = re.compile(r"^(?:dr|prof|mr|mrs|ms|sir|dame)\.?\s+(?=\S+\s+\S)", re.IGNORECASE)
_DEGREE = re.compile(r"(?:ph\.?d|m\.?d|m\.?a|mba|b\.?a|ll\.?m|j\.?d|msc|bsc|rn|esq)\.?", re.IGNORECASE)
# Words that begin no name.
_DETERMINERS = frozenset(
    (
        "the",
        "die",
        "das",
        "les",
        "los",
        "our",
        "your",
        "read",
        "more",
        "about",
        "follow",
        "watch",
        "listen",
        "subscribe",
    )
)
_JUNIOR = re.compile(r"(?:jr|sr|junior|senior|i{1,3}|iv)\.?", re.IGNORECASE)
_NOBODY = frozenset(
    (
        *("admin", "administrator", "editor", "staff", "root", "user", "author", "webmaster", "newsroom", "none"),
        *("null", "undefined", "unknown", "anonymous", "n/a", "test", "default"),
    )
)
_HOST = re.compile(r"[a-z0-9-]{2,}(?:\.[a-z0-9-]{2,})*\.[a-z]{2,4}")
_EDGES = " ,.;:-–—/|\"'“”"


def people(field: str, *, outlet: str | None = None, is_one: bool = False) -> list[str]:
    """The people that a field names. `outlet` is no person; `is_one`: it is one entry of a list of people."""
    whole = plain(field[:MAX_FIELD_CHARS])
    if whole.startswith("[") and (several := listed(whole)):
        return [name for one in several for name in people(one, outlet=outlet, is_one=len(several) > 1)]
    text = _undated(_URL.sub(" ", whole).strip())
    enclosed = _ENCLOSED.fullmatch(text) if text != whole else None
    text = _BRACKETS.sub("", _BY.sub("", enclosed[1] if enclosed else text))
    found = [name for part in _HARD.split(text) for name in _of_part(part, outlet, is_one=is_one)]
    return list({name.casefold(): name for name in reversed(found)}.values())[::-1]


def listed(text: str) -> list[str]:
    """The texts of a list as Python or JSON prints it, and as tables hold it: `['Ada Quill', "Seán O'Mara"]`."""
    if not (text.startswith("[") and text.endswith("]")):
        return []
    return [one[0] or one[1] for one in _QUOTED.findall(text[:MAX_LIST_CHARS])]


def signed(line: str, *, outlet: str | None = None) -> list[str]:
    """The people in a byline such as `By Ada Quill`. None if the line says anything else."""
    if not _BY.match(line):
        return []
    found = people(line, outlet=outlet)
    return found if all(is_name(name) and not is_nobody(name, outlet=outlet) for name in found) else []


def is_name(text: str) -> bool:
    """Whether a text looks like the name of a person: two to five words, all of them capitalised but particles."""
    words = text.split()
    return (
        2 <= len(words) <= 5
        and words[0].lower() not in _DETERMINERS
        and not any(char.isdigit() or char in ":/" for char in text)
        and all(word[0].isupper() or word.strip(".") in _PARTICLES for word in words)
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
        or _HOST.fullmatch(bare) is not None
        or bare.isdecimal()
    )


def _undated(text: str) -> str:
    """Without the date behind the names, if names are left."""
    found = _DATED.search(text)
    if not found:
        return text
    is_month = found["word"] is not None and month(found["word"]) is not None
    end = found.start() if is_month or not found["word"] else found.end("word")
    return text[:end].strip(_EDGES) or text


def _of_part(part: str, outlet: str | None, *, is_one: bool) -> Iterator[str]:
    """A part between hard separators: names with commas between them, and what belongs to the name before."""
    pieces = [_without_outlet(piece, outlet) for one in part.split(",") if (piece := _unlabelled(one))]
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
        *before, last = _divided(_TITLE.sub("", piece), is_one=is_one and len(pieces) == 1) or [""]
        for name in before:
            yield from _named(name)
        last = "" if number and is_nobody(last, outlet=outlet) else last
    yield from _named(last)


def _without_outlet(name: str, outlet: str | None) -> str:
    """`Ada Quill` of `Ada Quill Harbour Post`."""
    cut = len(name) - len(outlet or "")
    is_glued = outlet and name.lower().endswith(f" {outlet.lower()}") and " " in name[:cut].strip()
    return name[:cut].strip(_EDGES) if is_glued else name


def _unlabelled(piece: str) -> str:
    """A name without its label: `and Ben Marsh`, `Text: Ada Quill`. Empty for `Photo: Cora Lind`."""
    bare = _LEADING_AND.sub("", piece.strip(_EDGES))
    label = _LABEL.match(bare)
    if label and _PICTURES.match(bare):
        return ""
    bare = _BY.sub("", bare[label.end() :] if label else bare)
    while (before := _ROLE_BEFORE.match(bare)) is not None:
        bare = bare[before.end() :]
    return bare.strip(_EDGES)


def _is_turned(pieces: list[str]) -> bool:
    """`Quill, Ada`: two single words, and neither is an agency or a place of work."""
    return (
        len(pieces) == 2
        and not any(" " in piece or piece.isupper() or is_nobody(piece) for piece in pieces)
        and all(piece[0].isupper() for piece in pieces)
    )


def _belongs(piece: str, last: str, outlet: str | None) -> bool:
    """Whether a piece after a full name describes it: a role, the outlet, a place, or an agency's code."""
    is_loud = piece.isupper() and not last.isupper()
    return " " in last and (
        " " not in piece
        or is_loud
        or is_nobody(piece, outlet=outlet)
        or is_place(piece)
        or _is_description(piece, last)
    )


def _is_description(piece: str, last: str) -> bool:
    """`envoyé spécial à Kiev`: it begins with a small letter, which the name does not."""
    return piece[:1].islower() and last[:1].isupper() and piece.split(maxsplit=1)[0] not in _PARTICLES


def _divided(piece: str, *, is_one: bool) -> list[str]:
    """Two names with an `and` between them; `y`, `e` and `und` stand in names as well."""
    for match in _AND.finditer(piece):
        if is_one and match[1].lower() not in _NEVER_IN_NAMES:
            continue
        left, right = piece[: match.start()].split(), piece[match.end() :].split()
        if _is_full(left, -1) and _is_full(right, 0):
            return [" ".join(left), *_divided(" ".join(right), is_one=is_one)]
    return [piece] if piece else []


def _is_full(words: list[str], edge: int) -> bool:
    """Whether the words beside an `and` are a whole name. Particles are written small; `Ben` is none."""
    return len(words) >= 2 and words[edge] not in _PARTICLES and words[0][0].isupper()


def _named(name: str) -> Iterator[str]:
    bare = _TRAILING_AND.sub("", _CJK_ROLE.sub("", _BY.sub("", name)).strip(_EDGES))
    place = _ELSEWHERE.search(bare)
    if place and " " in bare[: place.start()]:
        bare = bare[: place.start()].strip(_EDGES)
    several = bare.split() if _CJK_NAMES.fullmatch(bare) and any(len(one) > 2 for one in bare.split()) else [bare]
    for one in several:
        if 1 < len(one) <= MAX_NAME_CHARS and not _ADDRESS.search(one) and not one.isdecimal():
            yield one
