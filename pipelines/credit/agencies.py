"""The agencies of `agencies.toml`, compiled into the forms in which a text names its source."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from onestory.pipelines.literals import Literals, folded_case

__all__ = ["Agencies", "Closing", "load_agencies"]

_DASH = r"[-–—―:=]"
# Latin, Greek, Cyrillic and Arabic letters.
_SPACED_LETTER = r"[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff\u0621-\u064a]"
_WRITERS = r"(?:writers?|journalists?|reporters?|correspondents?|staff|editors?|(?:video|political|business) \w+)"


@dataclass(frozen=True, slots=True)
class Closing:
    """A form of a closing sentence: every text that the pattern matches has one of the words in it."""

    words: Literals
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Agencies:
    """`by_name`: an agency's name by each of its spellings, long ones in lower case. Patterns have a group `agency`."""

    by_name: Mapping[str, str]
    by_host: Mapping[str, str]
    datelines: tuple[re.Pattern[str], ...]
    alone: re.Pattern[str]
    signed: re.Pattern[str]
    closings: tuple[Closing, ...]
    copyright: re.Pattern[str]
    reports: re.Pattern[str]
    mention: re.Pattern[str]
    tail: re.Pattern[str]
    long_form: re.Pattern[str]
    long_names: Literals
    codes: Literals

    def may_be_in(self, text: str) -> bool:
        """Whether any spelling occurs in a text as a word: without one no pattern finds an agency."""
        return self.codes.are_words_in(text) or self.long_names.are_words_in(folded_case(text))

    def named(self, spelling: str) -> str:
        """The agency of a spelling that one of the patterns found."""
        return self.by_name.get(spelling) or self.by_name[spelling.lower()]

    def exactly(self, text: str) -> str | None:
        """The agency that `text` names and nothing else."""
        bare = text.strip(" .,;()[]/|©*·-–—\u00a0")
        return self.by_name.get(bare) or self.by_name.get(bare.lower())

    def ending(self, text: str) -> str | None:
        """The agency behind a person's name: `Jane Doe, Associated Press`, `Le Figaro avec AFP`, `AFP, MANILA`."""
        match = self.tail.search(text[-120:])
        return self.named(match["agency"]) if match else None

    def within(self, text: str) -> str | None:
        """The first agency that `text` holds in its long form."""
        match = self.long_form.search(text[:400])
        return self.named(match["agency"]) if match else None


@cache
def load_agencies() -> Agencies:
    table = tomllib.loads(files(__package__).joinpath("agencies.toml").read_text("utf-8"))
    rows, words = [*table["agency"], *table["outlet"]], table["words"]
    by_name = {spelling: row["name"] for row in rows for spelling in (*row["names"], *row["codes"])}
    by_name |= {row["name"]: row["name"] for row in rows} | {row["name"].lower(): row["name"] for row in rows}
    by_name = {spelling: name for spelling, name in by_name.items() if not _is_loose(spelling, rows)}
    long_names, codes = _spellings(rows)
    either, agency = _either(long_names, codes), _either(*_spellings(table["agency"]))
    return Agencies(
        by_name=by_name,
        by_host={host: row["name"] for row in rows for host in row["hosts"]},
        datelines=_datelines(either),
        alone=re.compile(_alone(agency, words["by"])),
        signed=re.compile(_signed(either)),
        closings=(
            Closing(_folded(words["contributed"]), re.compile(_contributed(either, words["contributed"]))),
            Closing(_folded(words["material"]), re.compile(_material(agency, words["material"]))),
        ),
        copyright=re.compile(_copyright(either, long_names, codes)),
        reports=re.compile(rf"\W{{0,3}}(?i:the )?{either} reports:"),
        mention=re.compile(either),
        tail=re.compile(
            r"(?:^|[,|/;(–—-]\s*|\b(?i:for|via|with|avec|mit|et|und|and|con|e|y|de l['’])\s*(?i:the )?)"
            rf"{either}\)?"
            rf"(?:\s+{_WRITERS})?\s*(?:,\s*[A-ZÀ-Þ ]+)?$"
        ),
        long_form=re.compile(rf"(?<!\w)(?P<agency>(?i:{_any(long_names)}))(?!\w)"),
        long_names=_folded(long_names),
        codes=Literals(codes),
    )


def _folded(spellings: Iterable[str]) -> Literals:
    return Literals(map(folded_case, spellings))


def _is_loose(spelling: str, rows: list[dict[str, str]]) -> bool:
    """A code in lower case would make words of it: `aa`, `pa`, `tt`."""
    return spelling.islower() and len(spelling) <= 3 and not any(spelling in row["codes"] for row in rows)


def _spellings(rows: list[dict[str, list[str]]]) -> tuple[set[str], set[str]]:
    """The long forms in lower case, and the codes."""
    return {name.lower() for row in rows for name in row["names"]}, {code for row in rows for code in row["codes"]}


def _either(long_names: set[str], codes: set[str]) -> str:
    """A spelling that is no part of a longer word: `GRAPHIC` holds no AP. Scripts without spaces have no such words."""
    spelling = f"(?P<agency>(?i:{_any(long_names)})|{_any(codes)})"
    return rf"(?<!{_SPACED_LETTER}){spelling}(?!{_SPACED_LETTER})"


def _any(spellings: set[str]) -> str:
    return "|".join(re.escape(one) for one in sorted(spellings, key=lambda one: (-len(one), one)))


def _datelines(either: str) -> tuple[re.Pattern[str], ...]:
    # `(Newsfile Corp. - January 5, 2026)`
    more = r"(?:(?:\s*[/,&+-]\s*[\w.]+){0,3}|\s*[-–]\s*[^()]{3,20}\d{4})"
    # Brackets within a place name a country or state: `Valbrune (France), 3 mai (AFP)`.
    place = r"(?P<place>(?:[^()\[\]【】]|\([^()]{2,24}\)|\[[^\[\]]{2,24}\]){0,80}?)"
    return (
        re.compile(
            rf"^{place}\s*[(（]\s*(?:[^()（）]{{0,20}}[=＝/])?{either}{more}\s*[)）]"
            rf"(?P<end>\s*(?:[.。:]?\s*{_DASH}+|[.:](?=\s|$))|\s|$)"
        ),
        re.compile(rf"^{place}\s*/\s*{either}\s*/(?P<end>\s*(?:[.:]|{_DASH}+)|\s)"),
        re.compile(rf"^(?P<place>[^\n()]{{2,40}}?)\s*[-–—]\s*{either}(?P<end>\s*[.,](?=\s))"),
        re.compile(rf"^[【\[〔［]\s*[^】\]〕］]{{0,40}}?{either}[^】\]〕］]{{0,20}}[】\]〕］]"),
        re.compile(
            rf"^[(（【]?{either}[^\n，。,.]{{0,16}}?\d{{1,2}}月\d{{1,2}}日(?:[^\n，。,.]{{0,6}})?[电電讯訊][)）】]?"
        ),
        re.compile(rf"^[(（【]?(?:中央社)?記者[^（()）]{{0,20}}[)）】]?(?P<place>){either}(?P<end>[)）】]+)"),
        re.compile(rf"^(?P<place>[^\n()]{{4,40}}?\d[^\n()]{{0,12}}?)[.,]\s*{either}\s*[-–—](?P<end>\s)"),
        re.compile(rf"^{either}\s*[-–—|]\s+(?=[A-ZÀ-ÞА-Я\"“«])"),
    )


def _alone(either: str, by: list[str]) -> str:
    """The agency in a line of its own: `dpa`, `Source: AFP`, `AFP, MANILA`, `Text by Agence France-Presse`."""
    word = rf"(?i:(?:(?:written|text|story|report) )?(?:{_any(set(by))}))"
    before = rf"(?:{word}\s*[:：/]?\s*(?:\d{{4}}\s*)?)?(?i:(?:the|der|die|l['’]|la|el|agency|agentur)\s*)?"
    # Behind a slash stands another agency or a desk (`dpa/lni`); a name there is a photographer's.
    after = r"(?:\s*[,&+|·-]\s*[\w.© ]{2,24}|\s*/\s*(?:[a-z]{2,4}|[A-Z]{2,5})(?!\w)){0,3}"
    dated = r"(?:\s*[|,·•-]?\s*(?:\w{3,12}[.,]? ){0,2}\d[\d\s.:,/-]*(?:\w{2,9})?)?"
    return rf"[\W_]{{0,4}}{before}[\W_]{{0,2}}{either}(?:\s+{_WRITERS})?{after}{dated}[\W_]{{0,3}}"


def _signed(either: str) -> str:
    """`By Jane Doe, Associated Press`, `By JANE DOE Associated Press`, `Von Jana Doe (dpa)`."""
    start = r"\W{0,3}(?i:by|von|par|por|di|door|av|af|oleh)\s+[^.!?]{3,70}?"
    between = (
        r"\s*[,|/·–—(-]\s*(?i:the )?",
        r"\s+(?=[A-Z]\w+ [A-Z])(?i:the )?",
        r"\s+(?i:for|of|with|mit|avec)\s+(?i:the )?",
    )
    return rf"{start}(?:{'|'.join(between)}){either}\)?(?:\s+{_WRITERS})?(?:\s*[,/]\s*[A-Z]{{2,5}})?[\W_]{{0,3}}"


def _copyright(either: str, long_names: set[str], codes: set[str]) -> str:
    """`Copyright 2018 NPR. To see more`, `© 2016 Reuters`: the name ends there, and no sentence goes on with it.

    Without a year it begins its line: `Image copyright AFP` is a picture's.
    """
    sign = r"(?:(?i:copyright|\(c\)|©|ⓒ)[\s©ⓒ]*)(?:\(c\)\s*)?"
    year = r"(?:\d{4}(?:\s*[-–]\s*\d{4})?[,.]?\s*)"
    end = r"(?=\s*(?:$|[.,;:/|)–—-]|(?i:all rights|via|and|&|to see|inc|l\.?p|modified|news service)\b))"
    named = rf"(?:{sign}{year}|^\W{{0,3}}{sign})(?i:by\s+)?(?i:the\s+)?{either}{end}"
    return rf"{named}|^©\s*(?P<alone>{_any(long_names)}|{_any(codes)})(?=,)"


def _contributed(either: str, phrases: list[str]) -> str:
    writer = rf"(?:['’]s?)?(?:\s+{_WRITERS})?"
    return rf"(?:(?<!\w)(?i:the\s+)?{either}{writer}[^.!?]{{0,200}}?\s(?i:{_any(set(phrases))}))"


def _material(either: str, phrases: list[str]) -> str:
    """`With inputs from PTI`, `Mit Material der dpa und AFP`: the agency ends its clause, or another follows."""
    article = r"(?i:(?:the|der|die|dem|den|la|le|el|agencia|agência|agence|agentur|agenturen|nyhetsbyrån)\s+)?"
    after = r"(?=[.,;)/]|$|\s+(?:and|und|et|y|e|en|och|og|ja|i|under|\())[^.!?]{0,60}[.)]*$"
    return rf"(?:^|[^\w])(?i:{_any(set(phrases))})\s*{article}(?:[^.!?]{{0,40}}?[\s,/(])?{either}{after}"
