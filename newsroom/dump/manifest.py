"""The manifest of a dump: its counts, and the size and SHA-256 of each other file; with it, Croissant metadata."""

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from onestory.newsroom.dump.card import DumpFormat
from onestory.newsroom.dump.croissant import croissant

__all__ = ["FORMAT", "pretty_json", "write_manifest", "write_whole"]

FORMAT = "onestory dump 1"


def write_manifest(
    folder: Path,
    tables: Mapping[str, Mapping[str, Any]],
    told: Mapping[str, Any],
    *,
    file_format: DumpFormat,
    as_of: datetime | None = None,
) -> dict[str, Any]:
    """Write `croissant.json` and, last, `manifest.json`, which has what is `told`. Returns the manifest.

    `tables` has the fields of each table; `as_of` is the time that the dump is dated, None for one without articles.
    """
    files = {str(path.relative_to(folder)): _facts(path) for path in _files(folder)}
    published = (as_of or datetime.fromtimestamp(0, UTC)).date().isoformat()
    metadata = pretty_json(croissant(tables, files, file_format=file_format, published=published))
    write_whole(folder / "croissant.json", metadata)
    files["croissant.json"] = _facts(folder / "croissant.json")
    manifest = {"format": FORMAT, **told, "files": dict(sorted(files.items()))}
    write_whole(folder / "manifest.json", pretty_json(manifest))
    return manifest


def _files(folder: Path) -> list[Path]:
    """The files beside the two that are written here; what a batch works with is hidden."""
    made = {"manifest.json", "croissant.json"}
    below = (path for path in folder.rglob("*") if path.is_file() and path.name not in made)
    return sorted(path for path in below if not path.relative_to(folder).parts[0].startswith("."))


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def pretty_json(value: object) -> bytes:
    """Indented, with a newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
