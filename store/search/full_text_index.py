"""What search knows of each article: the words of its current version, in its headline and in its text.

They are in `search_words`, a table that each database has in its own way: SQLite an FTS5 table, PostgreSQL a tsvector.
Both are given words that `onestory.store.search.tokenizer` has folded, so that neither's own idea of a word counts,
and both the same
ones: what a tsvector cannot hold (a place past 16,383, a word's 256th place) is kept from FTS5 as well.

Whoever changes what an article says notes it in `search_due`, in the same transaction; `take_in` works that off. An
article that is deleted takes its words along: by a trigger on SQLite, by its foreign key on PostgreSQL.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, text

from onestory.store.database import Store
from onestory.store.queries import AdvisoryLock, chunks, try_advisory_lock
from onestory.store.schema import articles, search_due, versions
from onestory.store.search.tokenizer import search_words_of

__all__ = [
    "ARRIVALS_PER_BLOCK",
    "INDEX_BATCH",
    "IndexedWords",
    "block_word",
    "count_search_due",
    "index_all_due",
    "index_due_batch",
    "indexed_words",
    "mark_search_due",
    "optimize_index",
]

INDEX_BATCH = 128  # some 50 ms in which no other process writes to a SQLite store
MAX_TITLE_WORDS = 500
MAX_TEXT_WORDS = 15_000
MAX_POSITIONS = 255  # of one word
FILLER = "\ue000"  # stands where a word was left out; nobody can search for it, as it is no letter
ARRIVALS_PER_BLOCK = 1_024  # arrivals


class IndexedWords(NamedTuple):
    """The words of an article as both databases are given them."""

    title: list[str]
    text: list[str]


def indexed_words(title: str | None, body: str) -> IndexedWords:
    seen: Counter[str] = Counter()
    return IndexedWords(
        _kept(search_words_of(title or "")[:MAX_TITLE_WORDS], seen),
        _kept(search_words_of(body)[:MAX_TEXT_WORDS], seen),
    )


def block_word(block: int) -> str:
    """What all articles of a block of arrivals have in PostgreSQL, whose index has no order; no letter either."""
    return f"\ue001{block}"


def _kept(words: Sequence[str], seen: "Counter[str]") -> list[str]:
    before = dict(seen)
    seen.update(words)
    if max(seen.values(), default=0) <= MAX_POSITIONS:
        return list(words)
    now = Counter(before)
    return [_or_filler(word, now) for word in words]


def _or_filler(word: str, seen: "Counter[str]") -> str:
    seen[word] += 1
    return word if seen[word] <= MAX_POSITIONS else FILLER


def mark_search_due(connection: Connection, article_ids: Collection[str]) -> None:
    """Notes that what these articles say has changed; part of the transaction that changes it."""
    if article_ids:
        connection.execute(insert(search_due), [{"article_id": one} for one in sorted(article_ids)])


def count_search_due(connection: Connection) -> int:
    """How many changes search has still to take in."""
    return connection.execute(select(func.count()).select_from(search_due)).scalar_one()


def index_all_due(store: Store) -> int:
    """Takes in all that is due; how many articles that were."""
    taken = 0
    while more := index_due_batch(store):
        taken += more
    return taken


def index_due_batch(store: Store) -> int:
    """Takes in a batch of what is due; how many changes that were. 0: nothing is due, or another process is at it."""
    with store.read() as connection:
        if connection.execute(select(search_due.c.number).limit(1)).first() is None:
            return 0
    with store.write() as connection:
        # One at a time: of two that read an article, the one with the older text might be the last to write.
        if not try_advisory_lock(connection, AdvisoryLock.SEARCH_INDEX):
            return 0
        query = select(search_due.c.number, search_due.c.article_id).order_by(search_due.c.number).limit(INDEX_BATCH)
        due = connection.execute(query).all()
        _renew(connection, {row.article_id for row in due})
        # A change that somebody is about to commit has a row of its own, which is not among these.
        connection.execute(delete(search_due).where(search_due.c.number.in_([row.number for row in due])))
        return len(due)


def optimize_index(connection: Connection) -> None:
    """Writes SQLite's index anew without the words of what was deleted, which it only notes as gone until then."""
    connection.exec_driver_sql("INSERT INTO search_words (search_words) VALUES ('optimize')")


def _renew(connection: Connection, article_ids: Collection[str]) -> None:
    query = (
        select(articles.c.id, articles.c.arrival, versions.c.title, versions.c.text)
        .join(versions, versions.c.number == articles.c.version)
        .where(articles.c.id.in_(article_ids))
        .order_by(articles.c.id)
        # A takedown waits for this, and then finds the words that it has to delete.
        .with_for_update(of=articles, read=True, key_share=True)
    )
    found = connection.execute(query).all()
    held = [(row.arrival, row.id, indexed_words(row.title, row.text)) for row in found]
    _forget(connection, [arrival for arrival, _, _ in held])
    if held:
        (_write_tsvectors if connection.dialect.name == "postgresql" else _write_fts)(connection, held)


def _forget(connection: Connection, numbers: Sequence[int]) -> None:
    key = "number" if connection.dialect.name == "postgresql" else "rowid"
    statement = text(f"DELETE FROM search_words WHERE {key} = :number")  # noqa: S608 - one of the two words above
    for part in chunks(numbers):
        connection.execute(statement, [{"number": number} for number in part])


IndexedArticles = Sequence[tuple[int, str, IndexedWords]]


def _write_fts(connection: Connection, held: IndexedArticles) -> None:
    statement = text("INSERT INTO search_words (rowid, title, text) VALUES (:number, :title, :text)")
    rows = [
        {"number": number, "title": " ".join(words.title), "text": " ".join(words.text)} for number, _, words in held
    ]
    connection.execute(statement, rows)


def _write_tsvectors(connection: Connection, held: IndexedArticles) -> None:
    statement = text(
        "INSERT INTO search_words (number, article_id, words) VALUES (:number, :article, CAST(:words AS tsvector))"
    )
    rows: list[dict[str, Any]] = [
        {"number": number, "article": article, "words": _tsvector(words, number)} for number, article, words in held
    ]
    connection.execute(statement, rows)


def _tsvector(words: IndexedWords, number: int) -> str:
    """As PostgreSQL reads it; the words are letters only. A phrase never reaches from the headline into the text."""
    places: dict[str, list[str]] = {}
    _place(places, words.title, first=1, weight="A")
    _place(places, words.text, first=MAX_TITLE_WORDS + 2, weight="")
    told = [f"'{word}':{','.join(at)}" for word, at in places.items()]
    return " ".join([*told, f"'{block_word(number // ARRIVALS_PER_BLOCK)}'"])


def _place(places: dict[str, list[str]], words: Iterable[str], *, first: int, weight: str) -> None:
    for at, word in enumerate(words, first):
        if word != FILLER:
            places.setdefault(word, []).append(f"{at}{weight}")
