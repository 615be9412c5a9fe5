"""Candidates: the pairs of versions that share a band, found by sorting on disk.

A crowded band shows its 24 versions of the lowest priority to all others, as the index does (`register.lua`); no band
is cut. So a band of n versions names 24 n pairs at most, and none of its versions is left out. Of two versions the one
of the lower priority, or of the lower place where these are equal, is the *earlier* one, whichever arrived first.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onestory.dedupe.signature import KEY_BYTES, Signature, band_keys
from onestory.pipelines.batch.captures import CaptureFile
from onestory.pipelines.batch.directory import Directory, open_directory
from onestory.pipelines.batch.parts import Progress, Setting, do_parts

__all__ = ["ENTRY", "PAIRS", "PLACE", "PRIORITIES", "SHOWN", "distinct", "entries_of", "make_pairs", "pairs_among"]

SHOWN = 24  # ids that a crowded band shows, as in register.lua
ENTRY = np.dtype([("key", "<u8"), ("priority", "<u4"), ("place", "<u4")])
# Bytes of memory for an entry while pairs are made from it.
ENTRY_BYTES = 120
PAIRS = "pairs"
PRIORITIES = "priorities.npy"  # uint32, of the version at each place
PLACE = np.uint64(0xFFFFFFFF)  # the bits of a pair that hold the earlier place
Pairs = NDArray[np.uint64]


def make_pairs(setting: Setting, *, progress: Progress) -> None:
    """The pairs of places that share a band, each as one number: the later place, shifted by 32 bits, and the earlier.

    Each part has the bands of one range of keys. A pair that shares several bands may be in several parts.
    """
    files = range(len(open_directory(setting.folder).files))
    do_parts("bands", write_bands, files, setting, name=_bands_name, progress=progress)
    if not setting.folder.has(PRIORITIES):
        setting.folder.write_array(PRIORITIES, _priorities(setting))
    do_parts("candidates", write_pairs, range(_ranges(setting)), setting, name=_pairs_name, progress=progress)


def _bands_name(part: int) -> str:
    return f"bands/{part:05d}.npy"


def _pairs_name(part: int) -> str:
    return f"{PAIRS}/{part:05d}.npy"


def _ranges(setting: Setting) -> int:
    entries = sum((setting.folder.path / name).stat().st_size for name in setting.folder.names("bands")) // 16
    return max(1, -(-entries * ENTRY_BYTES // setting.memory_each))


def write_bands(setting: Setting, part: int) -> None:
    """The band keys of one file's versions, sorted."""
    directory = open_directory(setting.folder)
    found = CaptureFile(setting.folder.path / directory.files[part])
    start = int(directory.file_starts[part])
    rows = _rows(directory, start, len(found))
    kept = [entries_of(found.signature(row), int(directory.places[start + row])) for row in rows]
    entries = np.concatenate(kept) if kept else np.empty(0, dtype=ENTRY)
    setting.folder.write_array(_bands_name(part), entries[np.argsort(entries["key"], kind="stable")])


def _priorities(setting: Setting) -> Any:
    priorities = np.zeros(len(open_directory(setting.folder).file), dtype=np.uint32)
    for name in setting.folder.names("bands"):
        entries = setting.folder.array(name)
        priorities[entries["place"]] = entries["priority"]
    return priorities


def _rows(directory: Directory, start: int, rows: int) -> list[int]:
    """The rows of a file whose captures make versions."""
    places = directory.places[start : start + rows]
    chosen: list[int] = np.flatnonzero(directory.counts[places]).tolist()
    return chosen


def entries_of(signature: Signature, place: int) -> Any:
    """The band keys of the version at a place, each once, sorted."""
    keys = np.frombuffer(band_keys(signature), dtype=np.uint8).reshape(-1, KEY_BYTES)
    wide = np.zeros((len(keys), 8), dtype=np.uint8)
    wide[:, :KEY_BYTES] = keys
    distinct = np.unique(wide.view("<u8").ravel())
    entries = np.empty(len(distinct), dtype=ENTRY)
    entries["key"] = distinct
    # As in the index: from the words, so that the order of arrival decides nothing.
    entries["priority"] = int.from_bytes(signature.digest[:4], "little")
    entries["place"] = place
    return entries


def write_pairs(setting: Setting, part: int) -> None:
    """The pairs of one range of keys, sorted, each once."""
    ranges = _ranges(setting)
    bounds = [(number << 8 * KEY_BYTES) // ranges for number in (part, part + 1)]
    slices = []
    for name in setting.folder.names("bands"):
        entries = setting.folder.array(name)
        low, high = np.searchsorted(entries["key"], np.array(bounds, dtype=np.uint64))
        slices.append(np.array(entries[low:high]))
    pairs = pairs_among(np.concatenate(slices) if slices else np.empty(0, dtype=ENTRY))
    article = open_directory(setting.folder).article
    is_two = article[(pairs >> np.uint64(32)).astype(np.int64)] != article[(pairs & PLACE).astype(np.int64)]
    setting.folder.write_array(_pairs_name(part), pairs[is_two])


def pairs_among(entries: Any) -> Pairs:
    """The pairs of places in one band, for all bands of the entries; sorted, each once."""
    entries = _shared_only(entries) if len(entries) else entries
    ordered = entries[np.lexsort((entries["place"], entries["priority"], entries["key"]))]
    keys, places = ordered["key"], ordered["place"]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])) if len(keys) else np.empty(0, dtype=np.int64)
    sizes = np.diff(np.append(starts, len(keys)))
    found: list[Pairs] = [np.empty(0, dtype=np.uint64)]
    waiting = 0
    for shown in range(min(SHOWN, int(sizes.max(initial=0)))):
        behind = sizes - shown - 1
        chosen = behind > 0
        heads, counts = starts[chosen] + shown, behind[chosen]
        # Of each band: each that stands behind the shown one, with that one.
        ends = np.cumsum(counts)
        steps = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
        earlier, later = np.repeat(places[heads], counts), places[np.repeat(heads + 1, counts) + steps]
        found.append((later.astype(np.uint64) << np.uint64(32)) | earlier.astype(np.uint64))
        waiting += len(later)
        if waiting > len(found[0]):
            found, waiting = [distinct(found)], 0
    return distinct(found)


def distinct(found: Sequence[Pairs]) -> Pairs:
    """The pairs of several arrays, sorted, each once; by sorting, which is several times faster than `numpy.unique`."""
    ordered = np.sort(np.concatenate(found))
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _shared_only(entries: Any) -> Any:
    """The entries of bands that hold several: most hold one."""
    keys = entries["key"]
    order = np.argsort(keys, kind="stable")
    same = np.append(keys[order][1:] == keys[order][:-1], False)
    is_shared = np.zeros(len(keys), dtype=bool)
    is_shared[order[same]] = True
    is_shared[order[np.flatnonzero(same) + 1]] = True
    return entries[is_shared]
