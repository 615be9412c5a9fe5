"""More of a store: each of its articles, versions, matches and stories several times over, as news of their own.

    python -m benchmarks.multiplied_store FILE --times 3 [--search-later]

For stores of a million articles, which `benchmarks.desk_store` would take a quarter of an hour of a processor to fill.
SQLite only. A copy has other ids, URLs and digests, a text with a word more, and a signature that shares nothing with
the one it is made from, so no copy is near another. The words of full-text search are indexed first, and copied; with
`--search-later` what is not indexed waits for the next server, the copies as well.
"""

import argparse
import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from onestory.dedupe.signature import Signature
from onestory.store.database import Store
from onestory.store.search.full_text_index import index_all_due

# Columns that differ, by table; every other column is taken as it is.
CHANGED = {
    "stories": {
        **{name: f"new_id({name})" for name in ("id", "absorbed_into", "representative", "original")},
    },
    "versions": {
        "number": "number + :shift",
        "article_id": "new_id(article_id)",
        "text": "text || ' ' || :copy",
        "content_digest": "substr(new_id(content_digest) || content_digest, 1, length(content_digest))",
        "text_digest": "new_digest(text_digest)",
        "signature": "new_signature(signature)",
    },
    "articles": {
        "id": "new_id(id)",
        "url": "url || '-' || :copy",
        "story_id": "new_id(story_id)",
        "arrival": "arrival + :shift",
        "version": "version + :shift",
    },
    "matches": {
        "a": "a + :shift",
        "b": "b + :shift",
        "a_article": "new_id(a_article)",
        "b_article": "new_id(b_article)",
    },
}


def multiply(path: Path, times: int, *, search_later: bool = False) -> None:
    """Make the store that many times as large. Its copies are added table by table, in one transaction a copy."""
    store = Store.open(f"sqlite:///{path}")
    if not search_later:
        index_all_due(store)
    store.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -500000")
    [[numbers, arrivals]] = connection.execute(
        "SELECT (SELECT max(number) FROM versions), (SELECT max(arrival) FROM articles)"
    )
    shift = max(numbers, arrivals)
    for copy in range(1, times):
        _define_functions(connection, copy)
        connection.execute("BEGIN IMMEDIATE")
        for table, changed in CHANGED.items():
            _add_copy(connection, table, changed, {"shift": copy * shift, "copy": str(copy), "most": shift})
        words = (
            "INSERT INTO search_due (article_id) SELECT id FROM articles"
            if search_later
            else "INSERT INTO search_words (rowid, title, text) SELECT arrival, c0, c1 FROM articles"
            " JOIN search_words_content ON search_words_content.id = arrival - :shift"
        )
        places = {"shift": copy * shift, "first": copy * shift, "last": (copy + 1) * shift}
        connection.execute(f"{words} WHERE arrival > :first AND arrival <= :last", places)
        connection.execute("COMMIT")
    connection.close()


def _add_copy(
    connection: sqlite3.Connection, table: str, changed: dict[str, str], values: dict[str, int | str]
) -> None:
    """The original rows are those before the first copy."""
    columns: Sequence[str] = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    originals = {
        "versions": "number <= :most",
        "matches": "a <= :most",
        "articles": "arrival <= :most",
        "stories": "id IN (SELECT id FROM articles WHERE arrival <= :most)",
    }[table]
    chosen = ", ".join(changed.get(name, name) for name in columns)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE {originals}", values
    )


def _define_functions(connection: sqlite3.Connection, copy: int) -> None:
    def new_id(told: str | None) -> str | None:
        return None if told is None else hashlib.sha256(f"{told}/{copy}".encode()).hexdigest()[:24]

    def new_digest(digest: bytes) -> bytes:
        return hashlib.blake2b(digest, salt=str(copy).encode(), digest_size=len(digest)).digest()

    def new_signature(kept: bytes) -> bytes:
        signature = Signature.from_bytes(kept)
        pad = np.uint32(0x9E3779B9 * copy & 0xFFFFFFFF)
        return replace(
            signature,
            minhash=signature.minhash ^ pad,
            sketch=np.unique(signature.sketch ^ pad),
            ordered=signature.ordered ^ pad,
            digest=new_digest(signature.digest),
        ).to_bytes()

    connection.create_function("new_id", 1, new_id, deterministic=True)
    connection.create_function("new_digest", 1, new_digest, deterministic=True)
    connection.create_function("new_signature", 1, new_signature, deterministic=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="the database of a store that nothing else uses")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--search-later", action="store_true", help="index no words for full-text search")
    asked = parser.parse_args()
    multiply(asked.file, asked.times, search_later=asked.search_later)


if __name__ == "__main__":
    main()
