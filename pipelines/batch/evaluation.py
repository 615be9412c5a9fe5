"""The stories of one group: a store of its own gets the group's captures and matches, and evaluates them.

What the store does is what it does for an import: the rules for versions, stories and originals have one home.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, insert

from onestory.pipelines.batch.captures import KnownArticle, open_capture_file
from onestory.pipelines.batch.comparison import MATCHES, evidence_of, forget_texts
from onestory.pipelines.batch.components import open_groups
from onestory.pipelines.batch.directory import open_directory
from onestory.pipelines.batch.parts import Setting
from onestory.pipelines.batch.work_folder import open_arrow
from onestory.pipelines.stories.attach import evaluate
from onestory.pipelines.stories.matched import stored_evidence
from onestory.pipelines.versions.corrections import record_corrections
from onestory.store.articles.captures import ProcessedCapture, article_row, story_row, version_row
from onestory.store.articles.earlier_captures import move_back
from onestory.store.articles.save import save_articles
from onestory.store.articles.text_replacement import keep_better_set
from onestory.store.database import Store
from onestory.store.schema import articles, stories, versions
from onestory.store.stories.components import MatchRow, add_matches

__all__ = [
    "Arrival",
    "EvaluatedGroup",
    "GroupMatch",
    "evaluated",
    "evaluated_group",
    "forget_opened",
    "make_template",
    "numbered_match",
    "write_template",
]

BATCH = 1000
TEMPLATE = "template.db"


@dataclass(frozen=True, slots=True)
class EvaluatedGroup:
    """The store of a group. `known` has the articles of earlier dumps, by id; `new` those with a new version.

    `places` are those of the versions, by their numbers in the store.
    """

    store: Store
    known: dict[str, KnownArticle]
    new: frozenset[str]
    places: dict[int, int]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A capture of a group. Places are in the order of articles, and of time within one.

    `dump` is the number of the file that a known article comes from: of several dumps the last one counts.
    """

    place: int
    article_id: str
    reading: ProcessedCapture
    known: KnownArticle | None = None
    dump: int = 0


@dataclass(frozen=True, slots=True)
class GroupMatch:
    """A match between two places, with the words of both; `data` is the evidence as it was kept."""

    low: int
    high: int
    low_words: int
    high_words: int
    inert: bool
    data: bytes


def forget_opened() -> None:
    """Let go of the files that this process has opened: another job may work in a folder of the same name."""
    for opened in (open_directory, open_groups, open_capture_file):
        opened.cache_clear()
    forget_texts()


def make_template(setting: Setting) -> None:
    """An empty store, from which those of the groups are copied."""
    if not setting.folder.has(TEMPLATE):
        setting.folder.write(TEMPLATE, write_template)


def write_template(path: Path) -> None:
    """Write an empty store, from which others are copied."""
    with TemporaryDirectory(dir=path.parent) as folder:
        whole = Path(folder) / "store.db"
        Store.open(f"sqlite:///{whole}").close()
        shutil.copyfile(whole, path)


@contextmanager
def evaluated_group(setting: Setting, group: int) -> Iterator[EvaluatedGroup]:
    """The stories of a group, in a store that lasts as long as the context."""
    directory, groups = open_directory(setting.folder), open_groups(setting.folder)
    chosen = groups.articles[groups.starts[group] : groups.starts[group + 1]].tolist()
    arrivals = [
        Arrival(
            place,
            directory.article_id(place),
            directory.reading(place),
            directory.known(place),
            int(directory.file[place]),
        )
        for article in chosen
        for place in directory.range_of(article)
    ]
    template = setting.folder.path / TEMPLATE
    with evaluated(arrivals, _matches(setting, group), template=template, as_of=setting.as_of) as found:
        yield found


@contextmanager
def evaluated(
    arrivals: Sequence[Arrival], matches: Iterable[GroupMatch], *, template: Path, as_of: datetime
) -> Iterator[EvaluatedGroup]:
    """The stories of these captures, in a copy of an empty store that lasts as long as the context.

    `matches` are those between the versions that the captures make; others are passed over. `as_of` is the time of
    captures that have none.
    """
    with TemporaryDirectory(dir=template.parent, prefix="group-") as folder:
        place = Path(folder) / TEMPLATE
        shutil.copyfile(template, place)
        store = Store.open_as_is(f"sqlite:///{place}")
        try:
            # It goes with the process: there is nothing to save from a crash.
            with store.without_transaction() as connection:
                connection.exec_driver_sql("PRAGMA synchronous = OFF")
            yield _filled(store, sorted(arrivals, key=lambda one: _order(one, as_of)), list(matches), as_of)
        finally:
            store.close()


def _order(one: Arrival, as_of: datetime) -> tuple[object, ...]:
    """As an import would take them: what is known first, then by time.

    The first article of a known story comes before its others: the story keeps its id.
    """
    return (
        one.known is None,
        one.known is not None and one.known.id != one.known.story_id,
        one.known.first_seen if one.known else one.reading.capture.observed or as_of,
        one.article_id,
        one.place,
    )


def _filled(
    store: Store, arrivals: Sequence[Arrival], matches: Sequence[GroupMatch], as_of: datetime
) -> EvaluatedGroup:
    article_of = {one.place: one.article_id for one in arrivals}
    with store.write() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        number_of = _save(connection, arrivals, as_of)
        there = [one for one in matches if one.low in number_of and one.high in number_of]
        add_matches(connection, [numbered_match(one, number_of, article_of) for one in there])
    # A story of one article with one version is as it was stored.
    captures = Counter(one.article_id for one in arrivals)
    told = {one for one, count in captures.items() if count > 1}
    told |= {article_of[end] for one in there if not one.inert for end in (one.low, one.high)}
    if told:
        evaluate(store, told, now=as_of)
    known = {one.article_id: one.known for one in arrivals if one.known is not None}
    new = frozenset(one.article_id for one in arrivals if one.known is None and one.place in number_of)
    return EvaluatedGroup(store, known, new, {number: place for place, number in number_of.items()})


def _save(connection: Connection, arrivals: Sequence[Arrival], as_of: datetime) -> dict[int, int]:
    """The number of the version that a capture makes, by its place."""
    numbers = _save_known(connection, [one for one in arrivals if one.known is not None], as_of)
    waiting = iter([one for one in arrivals if one.known is None])
    while batch := list(islice(waiting, BATCH)):
        readings = [one.reading for one in batch]
        saved = save_articles(connection, readings, now=as_of)
        keep_better_set(connection, readings, saved, now=as_of)
        record_corrections(connection, saved)
        move_back(connection, readings, saved, now=as_of)
        made = zip(batch, saved, strict=True)
        numbers |= {one.place: result.number for one, result in made if result.number is not None}
    return numbers


def _save_known(connection: Connection, arrivals: Sequence[Arrival], as_of: datetime) -> dict[int, int]:
    """Articles of earlier dumps as they were stored, under the ids that they have there; the last dump counts."""
    last = {one.article_id: one for one in sorted(arrivals, key=lambda one: one.dump)}
    number_of = {one: number for number, one in enumerate(dict.fromkeys(one.article_id for one in arrivals), start=1)}
    rows: dict[str, list[dict[str, Any]]] = {"stories": [], "articles": [], "versions": []}
    for identity, number in number_of.items():
        reading, known = last[identity].reading, last[identity].known
        if known is not None:
            first = replace(reading, capture=replace(reading.capture, observed=known.first_seen))
            article = article_row(first, identity, number, outlet=known.outlet, now=as_of)
            rows["articles"].append(article)
            rows["stories"].append(story_row(article, now=as_of))
            rows["versions"].append(version_row(reading, identity, number, now=as_of))
    for table in (stories, articles, versions):
        if rows[table.name]:
            connection.execute(insert(table), rows[table.name])
    # The same words may stand in several dumps, and were compared once.
    return {
        one.place: number_of[one.article_id]
        for one in arrivals
        if one.reading.text_digest == last[one.article_id].reading.text_digest
    }


def _matches(setting: Setting, group: int) -> Iterator[GroupMatch]:
    """The matches within a group."""
    groups = open_groups(setting.folder)
    names = setting.folder.names(MATCHES)
    places = groups.matches[groups.match_starts[group] : groups.match_starts[group + 1]].tolist()
    tables = {number: open_arrow(setting.folder.path / names[number]) for number in {one >> 32 for one in places}}
    columns = ("low", "high", "low_words", "high_words", "inert", "evidence")
    for place in places:
        table, row = tables[place >> 32], place & 0xFFFFFFFF
        yield GroupMatch(*(table.column(name)[row].as_py() for name in columns))


def numbered_match(one: GroupMatch, number_of: Mapping[int, int], article_of: Mapping[int, str]) -> MatchRow:
    """The match under the numbers that a store has for its places, the lower number first."""
    words, ends = (one.low_words, one.high_words), (article_of[one.low], article_of[one.high])
    evidence = replace(evidence_of(one.data), a=number_of[one.low], b=number_of[one.high])
    if evidence.a > evidence.b:
        evidence, words, ends = evidence.turned(), words[::-1], ends[::-1]
    return MatchRow(evidence.a, evidence.b, *ends, evidence.kind, stored_evidence(evidence, *words))
