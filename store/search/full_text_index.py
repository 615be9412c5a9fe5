"""The full-text index: the words of each article's current headline and text.

The words are in the table `search_words`, which is an FTS5 table on SQLite and a tsvector column on PostgreSQL. Both
get words already folded by `onestory.store.search.tokenizer`, so their own tokenizers have no influence, and both get
the same words: what a tsvector cannot hold (a position past 16,383, a word's 256th position) is left out of FTS5 as
well.

A change to an article's words is noted in `search_due`, in the same transaction; `index_due_batch` processes these
notes. The words of a deleted article are deleted by a trigger on SQLite, by a foreign key on PostgreSQL.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, text

from onestory.store.database import Store
from onestory.store.queries import AdvisoryLock, chunks, try_advisory_lock
from onestory.store.schema import articles, search_due, versions
from onestory.store.search.stemming import STEMMED_LANGUAGES, marked_stems
from onestory.store.search.tokenizer import search_words_of
from onestory.store.settings import SEARCH_LANGUAGES, read_setting, write_setting

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
    "search_languages",
]

INDEX_BATCH = 128  # about 50 ms during which no other process writes to a SQLite store
MAX_TITLE_WORDS = 500
MAX_TEXT_WORDS = 15_000
MAX_POSITIONS = 255  # per word
FILLER = "\ue000"  # stands for an omitted word; it is not a letter, so no query contains it
ARRIVALS_PER_BLOCK = 1_024


class IndexedWords(NamedTuple):
    """The words of an article, in the form that both databases index. `stems` have no place in the text."""

    title: list[str]
    text: list[str]
    stems: list[str]


def indexed_words(title: str | None, body: str, language: str) -> IndexedWords:
    seen: Counter[str] = Counter()
    of_title = _kept(search_words_of(title or "")[:MAX_TITLE_WORDS], seen)
    of_text = _kept(search_words_of(body)[:MAX_TEXT_WORDS], seen)
    return IndexedWords(of_title, of_text, marked_stems([*of_title, *of_text], language))


def search_languages(connection: Connection) -> tuple[str, ...]:
    """The languages of indexed articles whose words are stemmed."""
    return tuple((read_setting(connection, SEARCH_LANGUAGES) or "").split())


def _note_languages(connection: Connection, found: Collection[str]) -> None:
    known = set(search_languages(connection))
    if new := {one for one in found if one in STEMMED_LANGUAGES} - known:
        write_setting(connection, SEARCH_LANGUAGES, " ".join(sorted(known | new)))


def block_word(block: int) -> str:
    """The word shared by all articles of a block of arrivals, for PostgreSQL, whose index is unordered. It is not made
    of letters.
    """
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
    """Note that the words of these articles changed, within the transaction that changes them."""
    if article_ids:
        connection.execute(insert(search_due), [{"article_id": one} for one in sorted(article_ids)])


def count_search_due(connection: Connection) -> int:
    """The number of changes not indexed yet."""
    return connection.execute(select(func.count()).select_from(search_due)).scalar_one()


def index_all_due(store: Store) -> int:
    """Index everything that is due, and return the number of articles."""
    taken = 0
    while more := index_due_batch(store):
        taken += more
    return taken


def index_due_batch(store: Store, *, limit: int = INDEX_BATCH) -> int:
    """Index a batch of changes, and return how many. Returns 0 if none is due, or another process is indexing."""
    with store.read() as connection:
        if connection.execute(select(search_due.c.number).limit(1)).first() is None:
            return 0
    with store.write() as connection:
        # One process at a time: of two, the one that read the older text might write last.
        if not try_advisory_lock(connection, AdvisoryLock.SEARCH_INDEX):
            return 0
        query = select(search_due.c.number, search_due.c.article_id).order_by(search_due.c.number).limit(limit)
        due = connection.execute(query).all()
        _renew(connection, {row.article_id for row in due})
        # A change committed meanwhile has a row of its own, which is not among these.
        connection.execute(delete(search_due).where(search_due.c.number.in_([row.number for row in due])))
        return len(due)


def optimize_index(connection: Connection) -> None:
    """Rewrite SQLite's index without the deleted words, which it only marks as deleted until then."""
    connection.exec_driver_sql("INSERT INTO search_words (search_words) VALUES ('optimize')")


def _renew(connection: Connection, article_ids: Collection[str]) -> None:
    query = (
        select(articles.c.id, articles.c.arrival, articles.c.language, versions.c.title, versions.c.text)
        .join(versions, versions.c.number == articles.c.version)
        .where(articles.c.id.in_(article_ids))
        .order_by(articles.c.id)
        # A takedown waits for this, and then finds the words to delete.
        .with_for_update(of=articles, read=True, key_share=True)
    )
    found = connection.execute(query).all()
    held = [(row.arrival, row.id, indexed_words(row.title, row.text, row.language)) for row in found]
    _note_languages(connection, {row.language for row in found})
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
        {"number": number, "title": " ".join(words.title), "text": " ".join([*words.text, *words.stems])}
        for number, _, words in held
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
    """A tsvector literal. Words are letters only, and no phrase spans headline and text."""
    places: dict[str, list[str]] = {}
    _place(places, words.title, first=1, weight="A")
    _place(places, words.text, first=MAX_TITLE_WORDS + 2, weight="")
    lexemes = [f"'{word}':{','.join(at)}" for word, at in places.items()]
    lexemes += [f"'{word}'" for word in words.stems]
    return " ".join([*lexemes, f"'{block_word(number // ARRIVALS_PER_BLOCK)}'"])


def _place(places: dict[str, list[str]], words: Iterable[str], *, first: int, weight: str) -> None:
    for at, word in enumerate(words, first):
        if word != FILLER:
            places.setdefault(word, []).append(f"{at}{weight}")
