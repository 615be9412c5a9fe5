"""`onestory extract`: extraction of pages to JSON, without storing anything."""

import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from onestory.errors import BadInput, Dropped, OnestoryError
from onestory.newsroom.terminal.console import load_config, print_json
from onestory.pipelines.archive.reader import MAX_PAGE_BYTES, TruncatedArchive, read_captures
from onestory.pipelines.extractor import extract
from onestory.pipelines.runtime.workers import Workers
from onestory.store.articles.captures import Capture, ExtractedArticle, ProcessedCapture

__all__ = ["extract_command", "extract_file", "extract_rows"]

NO_URL = "https://unknown.invalid/"
ROWS_PER_CHUNK = 8
CHUNKS_AHEAD = 4


def extract_command(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="A page, or rows with --jsonl.")] = "-",
    url: Annotated[str, typer.Option("--url", help="The URL of the page.")] = "",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read {url, html} rows and write a row for each, in order.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Include the removed lines, with reasons.")] = False,
) -> None:
    """Extract one or many pages as JSON, without storing them."""
    if jsonl:
        raise typer.Exit(extract_rows(file, workers=load_config(None).workers, explain=explain))
    print_json(extract_file(file, url=url, explain=explain))


def extract_file(file: str, *, url: str, explain: bool) -> dict[str, Any]:
    """Extract the article in a file or standard input. Text without markup is used as it is. Raises BadInput."""
    try:
        body = sys.stdin.buffer.read(MAX_PAGE_BYTES + 1) if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    if not body.strip():
        raise BadInput(f"{'standard input' if file == '-' else file} is empty: a page is expected")
    try:
        return _row(extract(_capture(body, url or NO_URL)), explain=explain)
    except Dropped as dropped:
        raise BadInput(f"no article: {dropped.reason}: {dropped.detail or 'the page has no text'}") from dropped


def _capture(body: bytes, url: str) -> Capture:
    if b"<" in body[:4096]:
        return Capture(url=url, observed=None, body=body)
    return Capture(url=url, observed=None, text=body.decode("utf-8", "replace"))


def _row(extracted: ExtractedArticle, *, explain: bool) -> dict[str, Any]:
    row = asdict(extracted)
    if not explain:
        del row["removed"]
    if extracted.url.startswith(NO_URL):
        row["url"] = row["fetched_url"] = None
    return row


def extract_rows(path: str, *, workers: int, explain: bool) -> int:
    """Print one row per input row, in order; drops as `{url, error, detail}`. Returns the exit code."""
    pending: deque[tuple[Sequence[Capture | Dropped], Future[list[ProcessedCapture | Dropped]]]] = deque()
    fault: OnestoryError | None = None
    with Workers(workers) as pool:
        try:
            for chunk in _chunks(read_captures(path)):
                pending.append((chunk, pool.read([one for one in chunk if isinstance(one, Capture)])))
                if len(pending) > workers * CHUNKS_AHEAD:
                    _print_chunk(*pending.popleft(), explain=explain)
        except TruncatedArchive as error:
            fault = error
        while pending:
            _print_chunk(*pending.popleft(), explain=explain)
    if fault is not None:
        sys.stderr.write(f"{fault}\n")
    return 1 if fault else 0


def _chunks(found: Iterator[Capture | Dropped]) -> Iterator[list[Capture | Dropped]]:
    chunk: list[Capture | Dropped] = []
    try:
        for one in found:
            chunk.append(one)
            if len(chunk) == ROWS_PER_CHUNK:
                yield chunk
                chunk = []
    except TruncatedArchive:
        yield chunk
        raise
    yield chunk


def _print_chunk(
    chunk: Sequence[Capture | Dropped], answer: "Future[list[ProcessedCapture | Dropped]]", *, explain: bool
) -> None:
    answers = iter(answer.result())
    for one in chunk:
        read = one if isinstance(one, Dropped) else next(answers)
        if isinstance(read, Dropped):
            print_json({"url": read.url, "error": read.reason, "detail": read.detail})
        else:
            print_json(_row(read.extracted, explain=explain))
