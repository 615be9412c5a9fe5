"""A provider's file in, articles and notices out: everything that is done in a worker process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from onestory.dispatch_urls import dispatch_url
from onestory.errors import BadInput, Dropped
from onestory.pipelines.markup.xml_repair import without_marks
from onestory.pipelines.runtime.read_capture import read_capture
from onestory.pipelines.wire.feed_dispatches import feed_dispatches, is_feed
from onestory.pipelines.wire.json_dispatches import json_dispatches
from onestory.pipelines.wire.newsml_g2 import newsml_dispatches
from onestory.pipelines.wire.parsing import MAX_DISPATCHES, MAX_FILE_BYTES, BadDispatch, Dispatch
from onestory.store.articles.captures import MAX_OUTLET_CHARS, Capture, Filing, ProcessedCapture
from onestory.store.wire.dispatches import dispatch_id, version_number

__all__ = ["FiledCaptures", "Furniture", "ReadFile", "captures_of_file", "read_dispatch_file"]

MAX_NOTE = 2_000
Furniture = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class FiledCaptures:
    """What a file holds: `captures` to be read, `notices` that take dispatches back, and what cannot be used.

    `faults` are lines for people. `left_out` counts items that are no text.
    """

    captures: tuple[Capture, ...]
    notices: tuple[Filing, ...]
    faults: tuple[str, ...]
    left_out: int

    @property
    def filings(self) -> list[Filing]:
        """What providers state of all dispatches that can be used."""
        return [*(capture.filing for capture in self.captures if capture.filing), *self.notices]


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The same with the captures read. They keep the order of the file."""

    readings: tuple[ProcessedCapture, ...]
    notices: tuple[Filing, ...]
    faults: tuple[str, ...]
    left_out: int


def read_dispatch_file(
    body: bytes, *, provider: str | None, source: str, furniture: Furniture, now: datetime
) -> ReadFile:
    """Parse, extract, clean and sign the dispatches of a file; `furniture` is the boilerplate in force, by host.

    `provider` names the provider; without it, the file has to. `source` says how the file came in.
    """
    found = captures_of_file(body, provider=provider, source=source, now=now)
    readings: list[ProcessedCapture] = []
    faults = list(found.faults)
    for capture in found.captures:
        try:
            readings.append(read_capture(capture, furniture=furniture))
        except Dropped as dropped:
            uri = capture.filing.uri if capture.filing else capture.url
            faults.append(f"{uri[:100]} is no article ({dropped.reason}): {dropped.detail or 'it has no text'}")
    return ReadFile(tuple(readings), found.notices, tuple(faults), found.left_out)


def captures_of_file(body: bytes, *, provider: str | None, source: str, now: datetime) -> FiledCaptures:
    """The captures and notices of a file."""
    captures: list[Capture] = []
    notices: list[Filing] = []
    faults: list[str] = []
    left_out = 0
    try:
        for number, item in enumerate(_items(body)):
            if number == MAX_DISPATCHES:
                raise BadDispatch(f"only the first {MAX_DISPATCHES:,} items are read: split it")
            if item is None:
                left_out += 1
            elif isinstance(item, BadDispatch):
                faults.append(str(item))
            else:
                try:
                    filing = _filing(item, provider)
                except BadDispatch as bad:
                    faults.append(str(bad))
                    continue
                if filing.status == "usable":
                    captures.append(_capture(item, filing, source=source, now=now))
                else:
                    notices.append(filing)
    except BadDispatch as bad:
        faults.append(str(bad))
    return FiledCaptures(tuple(captures), tuple(notices), tuple(faults), left_out)


def _items(body: bytes) -> Iterator[Dispatch | BadDispatch | None]:
    if len(body) > MAX_FILE_BYTES:
        raise BadDispatch(f"it is larger than {MAX_FILE_BYTES // 1_000_000} MB: split it")
    body = without_marks(body)
    start = body.replace(b"\x00", b"").lstrip(b"\xff\xfe \t\r\n")[:1]
    if not start:
        raise BadDispatch("it is empty: write the file under another name, and rename it when it is complete")
    if start == b"<":
        return feed_dispatches(body) if is_feed(body) else newsml_dispatches(body)
    if start in (b"{", b"["):
        return json_dispatches(body)
    raise BadDispatch("it is neither JSON nor XML: give ninjs, NewsML-G2, or JSON with `uri`, `title` and `text`")


def _filing(dispatch: Dispatch, provider: str | None) -> Filing:
    name = " ".join((provider or dispatch.provider or "").split())
    if not name or len(name) > MAX_OUTLET_CHARS:
        raise BadDispatch(f"{dispatch.uri[:100]} names no provider: name it yourself (`--provider`, `?provider=`)")
    note = dispatch.note[:MAX_NOTE] if dispatch.note else None
    filing = Filing(name, dispatch.uri, dispatch.version, dispatch.issued, dispatch.status, note)
    try:
        dispatch_id(filing)
    except BadInput as error:
        raise BadDispatch(f"{dispatch.uri[:100]} cannot be an identity: it is too long, or no text") from error
    return filing


def _capture(dispatch: Dispatch, filing: Filing, *, source: str, now: datetime) -> Capture:
    issued = filing.issued if filing.issued and filing.issued <= now else None
    if issued is not None:
        # Versions of one time keep their order.
        issued += timedelta(microseconds=min(version_number(filing.version), 999_999))
    published = dispatch.published or dispatch.issued
    return Capture(
        url=dispatch_url(filing.provider, filing.uri),
        observed=issued,
        source=source,
        text=dispatch.text,
        title=dispatch.title,
        published=published.isoformat() if published else None,
        outlet=filing.provider,
        authors=dispatch.authors,
        filing=filing,
    )
