"""Candidates verified on the texts; the matches are kept with their evidence."""

from collections import OrderedDict
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from onestory.dedupe.evidence import Evidence
from onestory.dedupe.signature import PARAMETERS
from onestory.dedupe.verify import ComparedText, verify
from onestory.pipelines.batch.bands import PAIRS
from onestory.pipelines.batch.directory import Directory, open_directory
from onestory.pipelines.batch.parts import Progress, Setting, do_parts
from onestory.pipelines.stories.headline import compared
from onestory.pipelines.stories.matched import stored_evidence
from onestory.store.articles.versions import VersionText

__all__ = ["MATCHES", "compare_pairs", "evidence_of", "forget_texts"]

PAIRS_A_PART = 20_000
SAMPLES_A_FILE = 4096
TEXT_BYTES = 100_000  # a text, once it was aligned
MATCHES = "matches"
# `low` and `high` are places. `inert` says that the match changes no story; `evidence` is the JSON of `Evidence`.
SCHEMA = pa.schema(
    [
        ("low", pa.uint32()),
        ("high", pa.uint32()),
        ("low_words", pa.uint32()),
        ("high_words", pa.uint32()),
        ("inert", pa.bool_()),
        ("evidence", pa.large_binary()),
    ]
)


def compare_pairs(setting: Setting, *, progress: Progress) -> None:
    """Verify all candidates, each once."""
    if not setting.folder.has("bounds.npy"):
        setting.folder.write_array("bounds.npy", _bounds(setting))
    parts = range(len(setting.folder.array("bounds.npy")) - 1)
    do_parts("comparing", write_matches, parts, setting, name=_name, progress=progress)


def _name(part: int) -> str:
    return f"{MATCHES}/{part:05d}.arrow"


def _bounds(setting: Setting) -> Any:
    """Numbers that divide the pairs into parts of about one size, by samples of each file."""
    files = [setting.folder.array(name) for name in setting.folder.names(PAIRS)]
    total = sum(map(len, files))
    parts = max(1, -(-total // PAIRS_A_PART))
    samples = np.sort(np.concatenate([_sample(one, total) for one in files] or [np.empty(0, dtype=np.uint64)]))
    inner = samples[(np.arange(1, parts) * len(samples)) // parts] if len(samples) else samples
    ends = np.concatenate([[np.uint64(0)], inner, [np.iinfo(np.uint64).max]]).astype(np.uint64)
    return np.unique(ends)


def _sample(pairs: Any, total: int) -> Any:
    return np.array(pairs[:: max(1, min(total // SAMPLES_A_FILE, PAIRS_A_PART // 20))])


def write_matches(setting: Setting, part: int) -> None:
    """Verify the pairs between two bounds."""
    low, high = setting.folder.array("bounds.npy")[part : part + 2]
    slices = []
    for name in setting.folder.names(PAIRS):
        pairs = setting.folder.array(name)
        first, last = np.searchsorted(pairs, [low, high])
        slices.append(np.array(pairs[first:last]))
    texts = _texts_of(setting)
    chosen = np.unique(np.concatenate(slices)) if slices else np.empty(0, dtype=np.uint64)
    rows = [row for pair in chosen.tolist() if (row := texts.match(pair >> 32, pair & 0xFFFFFFFF)) is not None]
    setting.folder.write_arrow(_name(part), pa.Table.from_pylist(rows, schema=SCHEMA))


class _Texts:
    """The versions that were compared last, as verification reads them."""

    def __init__(self, directory: Directory, most: int) -> None:
        self.directory = directory
        self.most = most
        self._kept: OrderedDict[int, ComparedText] = OrderedDict()

    def match(self, low: int, high: int) -> dict[str, Any] | None:
        a, b = self._text(low), self._text(high)
        evidence = verify(a, b)
        if evidence is None:
            return None
        told = stored_evidence(evidence, a.signature.words, b.signature.words)
        return {
            "low": low,
            "high": high,
            "low_words": a.signature.words,
            "high_words": b.signature.words,
            "inert": bool(told.get("inert", False)),
            "evidence": orjson.dumps(evidence.to_dict()),
        }

    def _text(self, place: int) -> ComparedText:
        if place in self._kept:
            self._kept.move_to_end(place)
            return self._kept[place]
        found, row = self.directory.captures(place)
        signature = found.signature(row)
        title, url, text = (found.value(name, row) for name in ("title", "url", "text"))
        version = VersionText(place, "", text, b"", PARAMETERS.encode(), title, url)
        self._kept[place] = one = compared(version, signature)
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return one


_kept_texts: dict[str, _Texts] = {}


def forget_texts() -> None:
    """Let go of the texts that this process keeps."""
    _kept_texts.clear()


def _texts_of(setting: Setting) -> _Texts:
    """The texts that this process keeps from one part to the next, of one job."""
    key = str(setting.folder.path)
    if key not in _kept_texts:
        _kept_texts.clear()
        most = max(64, setting.memory_each // TEXT_BYTES)
        _kept_texts[key] = _Texts(open_directory(setting.folder), most)
    return _kept_texts[key]


def evidence_of(data: bytes) -> Evidence:
    """The evidence of a match as it was kept."""
    return Evidence(**orjson.loads(data))
