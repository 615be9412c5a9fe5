"""Candidates verified on the texts; the matches are kept with their evidence.

First what is not crowded and the representatives of crowds, then what is left of the crowds: see
`onestory.pipelines.batch.crowds`.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from onestory.dedupe.evidence import Evidence
from onestory.dedupe.signature import PARAMETERS
from onestory.dedupe.verify import ComparedText, verify
from onestory.pipelines.batch.bands import PAIRS, PLACE, PRIORITIES, distinct
from onestory.pipelines.batch.crowds import are_of_one_host, divided, follow_one
from onestory.pipelines.batch.directory import Directory, open_directory
from onestory.pipelines.batch.parts import Progress, Setting, do_parts
from onestory.pipelines.stories.headline import compared, origin_of
from onestory.pipelines.stories.matched import stored_evidence
from onestory.store.articles.versions import VersionText

__all__ = ["MATCHES", "compare_pairs", "evidence_of", "forget_texts"]

PAIRS_A_PART = 20_000
SAMPLES_A_FILE = 4096
TEXT_BYTES = 100_000  # a text, once it was aligned
MATCHES = "matches"
CROWDED = "crowded"  # pairs that wait until it is known which representatives the versions of a crowd follow
FOLLOWED = "followed"
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
    """Verify all candidates, each once, but those of a crowd that follow one representative."""
    folder = setting.folder
    if not folder.has("bounds.npy"):
        folder.write_array("bounds.npy", _bounds(setting))
    parts = range(len(folder.array("bounds.npy")) - 1)
    do_parts("comparing", write_matches, parts, setting, name=_name, progress=progress)
    crowded = [part for part in parts if len(folder.array(_part_of(CROWDED, part)))]
    if crowded and not folder.has("followed.npy"):
        found = [folder.array(_part_of(FOLLOWED, part)) for part in parts]
        folder.write_array("followed.npy", np.concatenate(found))
    do_parts("comparing crowds", write_crowd, crowded, setting, name=_crowd_name, progress=progress)


def _name(part: int) -> str:
    return f"{MATCHES}/{part:05d}.arrow"


def _crowd_name(part: int) -> str:
    return f"{MATCHES}/{part:05d}-crowds.arrow"


def _part_of(kind: str, part: int) -> str:
    return f"{kind}/{part:05d}.npy"


def _bounds(setting: Setting) -> Any:
    """Numbers that divide the pairs into parts of about one size, each with all pairs of its later versions."""
    files = [setting.folder.array(name) for name in setting.folder.names(PAIRS)]
    total = sum(map(len, files))
    parts = max(1, -(-total // PAIRS_A_PART))
    samples = np.sort(np.concatenate([_sample(one, total) for one in files] or [np.empty(0, dtype=np.uint64)]))
    inner = samples[(np.arange(1, parts) * len(samples)) // parts] if len(samples) else samples
    ends = np.concatenate([[np.uint64(0)], inner & ~PLACE, [np.iinfo(np.uint64).max]]).astype(np.uint64)
    return np.unique(ends)


def _sample(pairs: Any, total: int) -> Any:
    return np.array(pairs[:: max(1, min(total // SAMPLES_A_FILE, PAIRS_A_PART // 20))])


def write_matches(setting: Setting, part: int) -> None:
    """Verify the pairs between two bounds, of crowds only those with representatives."""
    priorities = setting.folder.array(PRIORITIES)
    chosen, crowded = divided(_pairs_between(setting, *setting.folder.array("bounds.npy")[part : part + 2]), priorities)
    texts = _texts_of(setting)
    rows, followed = [], []
    for pair, later, earlier in _ends(chosen):
        evidence = texts.verified(later, earlier)
        if evidence is not None:
            rows.append(texts.match(evidence))
            if evidence.is_followed and not texts.are_of_one_host(later, earlier):
                followed.append(pair)
    setting.folder.write_array(_part_of(CROWDED, part), crowded)
    setting.folder.write_array(_part_of(FOLLOWED, part), np.array(followed, dtype=np.uint64))
    setting.folder.write_arrow(_name(part), pa.Table.from_pylist(rows, schema=SCHEMA))


def write_crowd(setting: Setting, part: int) -> None:
    """Verify what is left of the crowds between two bounds."""
    pairs = setting.folder.array(_part_of(CROWDED, part))
    origin = _origins(open_directory(setting.folder), pairs)
    left = pairs[~follow_one(pairs, setting.folder.array("followed.npy")) | are_of_one_host(pairs, origin)]
    texts = _texts_of(setting)
    found = (texts.verified(later, earlier) for _, later, earlier in _ends(left))
    rows = [texts.match(evidence) for evidence in found if evidence is not None]
    setting.folder.write_arrow(_crowd_name(part), pa.Table.from_pylist(rows, schema=SCHEMA))


def _origins(directory: Directory, pairs: Any) -> dict[int, str]:
    """Where the versions of these pairs stand, by place."""
    places = distinct([pairs >> np.uint64(32), pairs & PLACE]).tolist()
    at = (directory.captures(place) for place in places)
    return {place: origin_of(found.value("url", row)) for place, (found, row) in zip(places, at, strict=True)}


def _pairs_between(setting: Setting, low: np.uint64, high: np.uint64) -> Any:
    slices = [np.empty(0, dtype=np.uint64)]
    for name in setting.folder.names(PAIRS):
        pairs = setting.folder.array(name)
        first, last = np.searchsorted(pairs, [low, high])
        slices.append(np.array(pairs[first:last]))
    return distinct(slices)


def _ends(pairs: Any) -> Iterable[tuple[int, int, int]]:
    """Each pair with its later and its earlier place."""
    return ((pair, pair >> 32, pair & 0xFFFFFFFF) for pair in pairs.tolist())


class _Texts:
    """The versions that were compared last, as verification reads them."""

    def __init__(self, directory: Directory, most: int) -> None:
        self.directory = directory
        self.most = most
        self._kept: OrderedDict[int, ComparedText] = OrderedDict()

    def verified(self, one: int, other: int) -> Evidence | None:
        """What two places share; the lower one is `a`."""
        return verify(self.text(min(one, other)), self.text(max(one, other)))

    def are_of_one_host(self, one: int, other: int) -> bool:
        origin = self.text(one).origin
        return bool(origin) and origin == self.text(other).origin

    def match(self, evidence: Evidence) -> dict[str, Any]:
        """The row of a match."""
        low, high = (self.text(place).signature.words for place in (evidence.a, evidence.b))
        return {
            "low": evidence.a,
            "high": evidence.b,
            "low_words": low,
            "high_words": high,
            "inert": bool(stored_evidence(evidence, low, high).get("inert", False)),
            "evidence": orjson.dumps(evidence.to_dict()),
        }

    def text(self, place: int) -> ComparedText:
        """The version at a place."""
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
