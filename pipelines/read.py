"""Capture in, reading out: the part of an article's way that costs processor time and touches no server.

It runs in the worker processes, so everything here must pickle.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from dedupe.signature import PARAMETERS, sign
from pipelines.extract import extract
from pipelines.furniture import for_host
from store.errors import BadInput, Dropped, HomeUnusable
from store.identity import host_of, normal_url
from store.models import Capture
from store.readings import Reading

__all__ = ["EXTRACTOR", "read", "read_many"]

logger = logging.getLogger(__name__)

EXTRACTOR = f"onestory {version('onestory')}, trafilatura {version('trafilatura')}"


Furniture = Mapping[str, frozenset[int]]
_NONE: Furniture = {}


def read(capture: Capture, *, furniture: Furniture = _NONE) -> Reading:
    """Extracts, cleans and signs; `furniture` is what is in force, by host. Raises Dropped."""
    try:
        host = host_of(normal_url(capture.url))
    except BadInput as error:
        raise Dropped(capture.url, "bad_url", str(error)) from error
    extracted = extract(capture, furniture=for_host(host, furniture))
    signature = sign(extracted.text)
    return Reading(
        capture=_without_body(capture),
        extracted=extracted,
        signature=signature.to_bytes(),
        signature_params=PARAMETERS.encode(),
        text_digest=signature.digest,
        extractor=EXTRACTOR,
    )


def read_many(captures: Sequence[Capture], furniture: Furniture = _NONE) -> list[Reading | Dropped]:
    """One answer for each capture, in order."""
    return [_read_or_drop(capture, furniture) for capture in captures]


def _read_or_drop(capture: Capture, furniture: Furniture) -> Reading | Dropped:
    try:
        return read(capture, furniture=furniture)
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
