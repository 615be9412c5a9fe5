"""A file in the shape of CC-NEWS, made of real texts, and the batch over it, which is ended once on the way.

    python -m benchmarks.cc_news --data ../shared/data [--megabytes 20] [--file KEPT.warc.gz]

One gzip member a record, as Common Crawl writes them: a `warcinfo`, then pages in the languages of the syndication
set. Every tenth page is fetched again with the same words, every twentieth with others, every fifteenth as a `revisit`
without a body. Every fiftieth payload is cut, with `WARC-Truncated`, and the last record breaks off.
"""

import argparse
import io
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks.dedupe_quality import rows_of

ONESTORY = str(Path(sys.executable).with_name("onestory"))
FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAME, OTHER, REVISIT, CUT = 10, 20, 15, 50
TORN_BYTES = 700


def page(title: str, text: str) -> bytes:
    """A page as a template makes it, with its frame."""
    lines = "".join(f"<p>{escape(line)}</p>\n" for line in text.split("\n") if line.strip())
    frame = '<nav><a href="/">Home</a> <a href="/local">Local</a></nav>'
    head = f'<head><meta charset="utf-8"><title>{escape(title)}</title></head>'
    body = f"<body>{frame}<article><h1>{escape(title)}</h1>\n{lines}</article><footer>Contact us</footer></body>"
    return f"<!doctype html><html>{head}{body}</html>".encode()


def write_warc(path: Path, rows: list[dict[str, Any]], size: int, *, seed: int = 1) -> dict[str, int]:
    """Write a file of about `size` bytes; how many records of each kind it has."""
    chance = random.Random(seed)
    counts = dict.fromkeys(("pages", "the same again", "other words", "revisits", "truncated"), 0)
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "a generator of benchmarks"}))
        at = 0
        while file.tell() < size:
            at += 1
            row = chance.choice(rows)
            url = f"https://outlet{at % 211}.example/news/{at}"
            _write(writer, url, page(row["title"] or "News", row["text"]), at, counts, "pages", cut=not at % CUT)
            if not at % SAME:
                _write(writer, url, page(row["title"] or "News", row["text"]), at + 1, counts, "the same again")
            if not at % OTHER:
                _write(
                    writer,
                    url,
                    page(row["title"] or "News", f"{row['text']}\nIt was updated."),
                    at + 2,
                    counts,
                    "other words",
                )
            if not at % REVISIT:
                _write_revisit(writer, url, at + 3)
                counts["revisits"] += 1
        file.truncate(file.tell() - TORN_BYTES)
    return counts


def _write(
    writer: WARCWriter, url: str, body: bytes, minute: int, counts: dict[str, int], kind: str, *, cut: bool = False
) -> None:
    headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
    told = {"WARC-Date": _date(minute), **({"WARC-Truncated": "length"} if cut else {})}
    payload = io.BytesIO(body[: len(body) // 2] if cut else body)
    record = writer.create_warc_record(url, "response", payload=payload, http_headers=headers, warc_headers_dict=told)
    writer.write_record(record)
    counts["truncated" if cut else kind] += 1


def _write_revisit(writer: WARCWriter, url: str, minute: int) -> None:
    writer.write_record(writer.create_revisit_record(url, "sha1:" + "A" * 32, url, _date(minute - 1)))


def _date(minute: int) -> str:
    return (FIRST + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def batch(path: Path, out: Path) -> "subprocess.Popen[bytes]":
    command = [ONESTORY, "dedupe", path, out, "--json", "--as-of", "2026-06-01T00:00:00Z"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _complete_parts(out: Path) -> Iterator[Path]:
    return (out.with_name(f"{out.name}.partial") / ".work" / "taken").glob("*")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--file", type=Path, help="Keep the file under this name.")
    options = parser.parse_args()
    rows = [row for row in rows_of(options.data / "dedupe" / "syndication_dev.jsonl.gz") if row.get("text")]
    with TemporaryDirectory() as place:
        path = options.file or Path(place) / "CC-NEWS-20260301120000-00001.warc.gz"
        print(write_warc(path, rows, options.megabytes * 1_000_000), flush=True)
        out = Path(place) / "out"
        job = batch(path, out)
        while job.poll() is None and not any(_complete_parts(out)):
            time.sleep(0.2)
        job.send_signal(signal.SIGKILL)
        job.wait()
        print(f"killed behind {len(list(_complete_parts(out)))} parts", flush=True)
        start = time.perf_counter()
        told, _ = batch(path, out).communicate()
        print(f"continued in {time.perf_counter() - start:.0f} s: {json.loads(told)}")


if __name__ == "__main__":
    main()
