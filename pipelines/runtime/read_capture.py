"""From a capture to a processed capture: extract, clean and sign, without any server.

This runs in the worker processes, so all values must pickle.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

from onestory.dedupe.signature import PARAMETERS, sign
from onestory.dispatch_urls import is_dispatch_host
from onestory.errors import BadInput, Dropped, HomeUnusable
from onestory.pipelines.boilerplate.repeated_lines import fingerprints_for_page
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ProcessedCapture
from onestory.urls import host_of, normalize_url

__all__ = ["EXTRACTOR", "read_capture", "read_captures_in_worker"]

logger = logging.getLogger(__name__)

EXTRACTOR = f"onestory {version('onestory')}, trafilatura {version('trafilatura')}"


Furniture = Mapping[str, frozenset[int]]
_NONE: Furniture = {}


def read_capture(capture: Capture, *, furniture: Furniture = _NONE) -> ProcessedCapture:
    """Extract, clean and sign; `furniture` is the boilerplate in force, by host. Raises Dropped."""
    try:
        url = normalize_url(capture.url)
    except BadInput as error:
        raise Dropped(capture.url, "bad_url", str(error)) from error
    if capture.filing is None and is_dispatch_host(host_of(url)):
        raise Dropped(capture.url, "bad_url", "its host is one of those that stand for the dispatches of providers")
    extracted = extract(capture, furniture=fingerprints_for_page(url, furniture))
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
    """Process captures; one result for each, in order."""
    return [_read_or_drop(capture, furniture) for capture in captures]


def _read_or_drop(capture: Capture, furniture: Furniture) -> ProcessedCapture | Dropped:
    try:
        return read_capture(capture, furniture=furniture)
    except Dropped as dropped:
        return dropped
    except MemoryError:
        return Dropped(capture.url, "too_large", "reading it takes more memory than a worker may have")
    except OSError as error:
        # Not a page's fault: an unreadable model, a full temporary folder.
        raise HomeUnusable(f"this machine keeps pages from being read: {error}") from error
    except Exception as error:
        # The boundary of the stage: whatever a page does to a parser costs that page alone.
        logger.info("reading %s failed", capture.url, exc_info=error)
        return Dropped(capture.url, "unreadable", f"{type(error).__name__}: {error}"[:300])


def _without_body(capture: Capture) -> Capture:
    """The capture without its body, which need not travel back."""
    return replace(capture, body=None, text=None)
