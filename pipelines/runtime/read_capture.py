"""Capture in, reading out: the part of an article's way that costs processor time and touches no server.

It runs in the worker processes, so everything here must pickle.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from onestory.dedupe.signature import PARAMETERS, sign
from onestory.errors import BadInput, Dropped, HomeUnusable
from onestory.pipelines.boilerplate.repeated_lines import fingerprints_for_host
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.urls import host_of, normalize_url

__all__ = ["EXTRACTOR", "read_capture", "read_captures_in_worker"]

logger = logging.getLogger(__name__)

EXTRACTOR = f"onestory {version('onestory')}, trafilatura {version('trafilatura')}"


Furniture = Mapping[str, frozenset[int]]
_NONE: Furniture = {}


def read_capture(capture: Capture, *, furniture: Furniture = _NONE) -> ProcessedCapture:
    """Extracts, cleans and signs; `furniture` is what is in force, by host. Raises Dropped."""
    try:
        host = host_of(normalize_url(capture.url))
    except BadInput as error:
        raise Dropped(capture.url, "bad_url", str(error)) from error
    extracted = extract(capture, furniture=fingerprints_for_host(host, furniture))
    signature = sign(extracted.text)
    return ProcessedCapture(
        capture=_without_body(capture),
        extracted=extracted,
        signature=signature.to_bytes(),
        signature_params=PARAMETERS.encode(),
        text_digest=signature.digest,
        extractor=EXTRACTOR,
    )


def read_captures_in_worker(
    captures: Sequence[Capture], furniture: Furniture = _NONE
) -> list[ProcessedCapture | Dropped]:
    """One answer for each capture, in order."""
    return [_read_or_drop(capture, furniture) for capture in captures]


def _read_or_drop(capture: Capture, furniture: Furniture) -> ProcessedCapture | Dropped:
    try:
        return read_capture(capture, furniture=furniture)
    except Dropped as dropped:
        return dropped
    except OSError as error:
        # No page does this: a model that cannot be read, a temporary folder that is full.
        raise HomeUnusable(f"this machine keeps pages from being read: {error}") from error
    except Exception as error:
        # The stage's boundary: whatever a page does to a parser, it costs that page alone.
        logger.info("reading %s failed", capture.url, exc_info=error)
        return Dropped(capture.url, "unreadable", f"{type(error).__name__}: {error}"[:300])


def _without_body(capture: Capture) -> Capture:
    """What was read need not travel back."""
    return replace(capture, body=None, text=None)
