"""The stories of one group: a store of its own gets the group's captures and matches, and evaluates them.

What the store does is what it does for an import: the rules for versions, stories and originals have one home.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, insert

from onestory.pipelines.batch.captures import KnownArticle
from onestory.pipelines.batch.comparison import MATCHES, evidence_of
from onestory.pipelines.batch.components import open_groups
from onestory.pipelines.batch.directory import Directory, open_directory
from onestory.pipelines.batch.parts import Setting
from onestory.pipelines.batch.work_folder import open_arrow
from onestory.pipelines.stories.attach import evaluate
from onestory.pipelines.stories.matched import stored_evidence
from onestory.store.articles.captures import ProcessedCapture, article_row, story_row, version_row
from onestory.store.articles.save import save_articles
from onestory.store.articles.text_replacement import keep_better_set
from onestory.store.database import Store
from onestory.store.schema import articles, stories, versions
from onestory.store.stories.components import MatchRow, add_matches

__all__ = ["EvaluatedGroup", "evaluated_group", "make_template"]

BATCH = 128
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
class _Arrival:
    """A capture in the order in which an import would take it: what is known first, then by time."""

    place: int
    article_id: str
    reading: ProcessedCapture
    known: KnownArticle | None


def make_template(setting: Setting) -> None:
    """An empty store, from which those of the groups are copied."""

    def make(path: Path) -> None:
        with TemporaryDirectory(dir=path.parent) as folder:
            whole = Path(folder) / TEMPLATE
            Store.open(f"sqlite:///{whole}").close()
            shutil.copyfile(whole, path)

    if not setting.folder.has(TEMPLATE):
        setting.folder.write(TEMPLATE, make)


@contextmanager
def evaluated_group(setting: Setting, group: int) -> Iterator[EvaluatedGroup]:
    """The stories of a group, in a store that lasts as long as the context."""
    with TemporaryDirectory(dir=setting.folder.path, prefix="group-") as folder:
        place = Path(folder) / TEMPLATE
        shutil.copyfile(setting.folder.path / TEMPLATE, place)
        store = Store.open_as_is(f"sqlite:///{place}")
        try:
            yield _filled(store, setting, group)
        finally:
            store.close()


def _filled(store: Store, setting: Setting, group: int) -> EvaluatedGroup:
    directory, groups = open_directory(setting.folder), open_groups(setting.folder)
    chosen = groups.articles[groups.starts[group] : groups.starts[group + 1]].tolist()
    arrivals = _arrivals(directory, chosen, setting)
    with store.write() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        number_of = _save(connection, arrivals, setting)
        article_of = {one.place: one.article_id for one in arrivals}
        add_matches(connection, _matches(setting, group, number_of, article_of))
    places = {number: place for place, number in number_of.items()}
    # A story of one article with one version is as it was stored.
    told = {one.article_id for one in arrivals if directory.captures_of(one.place) > 1}
    told |= {article_of[int(directory.starts[one])] for one in chosen if groups.matched[one]}
    if told:
        evaluate(store, told, now=setting.as_of)
    known = {one.article_id: one.known for one in arrivals if one.known is not None}
    new = frozenset(one.article_id for one in arrivals if one.known is None and one.place in number_of)
    return EvaluatedGroup(store, known, new, places)


def _arrivals(directory: Directory, chosen: Sequence[int], setting: Setting) -> list[_Arrival]:
    found = [
        _Arrival(place, directory.article_id(place), directory.reading(place), directory.known(place))
        for article in chosen
        for place in directory.range_of(article)
    ]
    # The first article of a known story comes before its others: the story keeps its id.
    return sorted(
        found,
        key=lambda one: (
            one.known is None,
            one.known is not None and one.known.id != one.known.story_id,
            one.known.first_seen if one.known else one.reading.capture.observed or setting.as_of,
            one.article_id,
            one.place,
        ),
    )


def _save(connection: Connection, arrivals: Sequence[_Arrival], setting: Setting) -> dict[int, int]:
    """The number of the version that a capture makes, by its place."""
    numbers = _save_known(connection, [one for one in arrivals if one.known is not None], setting)
    waiting = iter([one for one in arrivals if one.known is None])
    while batch := list(islice(waiting, BATCH)):
        readings = [one.reading for one in batch]
        saved = save_articles(connection, readings, now=setting.as_of)
        keep_better_set(connection, readings, saved, now=setting.as_of)
        made = zip(batch, saved, strict=True)
        numbers |= {one.place: result.number for one, result in made if result.number is not None}
    return numbers


def _save_known(connection: Connection, arrivals: Sequence[_Arrival], setting: Setting) -> dict[int, int]:
    """Articles of earlier dumps as they were stored, under the ids that they have there; the last dump counts."""
    file = open_directory(setting.folder).file
    last = {one.article_id: one for one in sorted(arrivals, key=lambda one: int(file[one.place]))}
    number_of = {one: number for number, one in enumerate(dict.fromkeys(one.article_id for one in arrivals), start=1)}
    rows: dict[str, list[dict[str, Any]]] = {"stories": [], "articles": [], "versions": []}
    for identity, number in number_of.items():
        reading, known = last[identity].reading, last[identity].known
        if known is not None:
            first = replace(reading, capture=replace(reading.capture, observed=known.first_seen))
            article = article_row(first, identity, number, outlet=known.outlet, now=setting.as_of)
            rows["articles"].append(article)
            rows["stories"].append(story_row(article, now=setting.as_of))
            rows["versions"].append(version_row(reading, identity, number, now=setting.as_of))
    for table in (stories, articles, versions):
        if rows[table.name]:
            connection.execute(insert(table), rows[table.name])
    # The same words may stand in several dumps, and were compared once.
    return {
        one.place: number_of[one.article_id]
        for one in arrivals
        if one.reading.text_digest == last[one.article_id].reading.text_digest
    }


def _matches(setting: Setting, group: int, number_of: dict[int, int], article_of: dict[int, str]) -> Iterator[MatchRow]:
    """The matches within a group, between the versions that its store has."""
    groups = open_groups(setting.folder)
    names = setting.folder.names(MATCHES)
    places = groups.matches[groups.match_starts[group] : groups.match_starts[group + 1]].tolist()
    tables = {number: open_arrow(setting.folder.path / names[number]) for number in {one >> 32 for one in places}}
    for place in places:
        table, row = tables[place >> 32], place & 0xFFFFFFFF
        low, high = (table.column(name)[row].as_py() for name in ("low", "high"))
        if low in number_of and high in number_of:
            yield _match_row(table, row, number_of, article_of)


def _match_row(table: Any, row: int, number_of: dict[int, int], article_of: dict[int, str]) -> MatchRow:
    """The match under the numbers of this store, the lower one first."""
    low, high, low_words, high_words, data = (
        table.column(name)[row].as_py() for name in ("low", "high", "low_words", "high_words", "evidence")
    )
    evidence, words, ends = evidence_of(data), (low_words, high_words), (article_of[low], article_of[high])
    evidence = replace(evidence, a=number_of[low], b=number_of[high])
    if evidence.a > evidence.b:
        evidence, words, ends = evidence.turned(), words[::-1], ends[::-1]
    return MatchRow(evidence.a, evidence.b, *ends, evidence.kind, stored_evidence(evidence, *words))
