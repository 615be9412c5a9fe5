"""Body text and facts of real news pages: ours and the peers', quality and CPU time, in one run.

    python benchmarks/extraction.py --data ../shared/data [--no-peers] [--no-ablation] [--passes 4]

Quality is that of the data's README: 4-word shingles, precision and recall averaged over pages, F1 of the two, and for
optional paragraphs the better of all kept and all dropped. CPU is this process's, after one pass to warm up.
"""

import argparse
import gzip
import json
import logging
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trafilatura import bare_extraction
from warcio.archiveiterator import ArchiveIterator

from onestory.errors import Dropped
from onestory.pipelines.boilerplate import clean as cleaning
from onestory.pipelines.extract import body as bodies
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ExtractedArticle

WORDS = re.compile(r"\w+")
Shingles = Counter[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Page:
    id: str
    capture: Capture
    gold: dict[str, Any]


def read_pages(folder: Path) -> list[Page]:
    with gzip.open(folder / "gold.jsonl.gz", "rt", encoding="utf-8") as rows:
        gold = [json.loads(row) for row in rows]
    waiting: dict[str, list[dict[str, Any]]] = {}
    for row in gold:
        waiting.setdefault(row["url"], []).append(row)
    return [Page(row["id"], capture, row) for capture in read_captures(folder) if (row := waiting[capture.url].pop(0))]


def read_captures(folder: Path) -> Iterable[Capture]:
    with (folder / "pages.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream):
            observed = datetime.fromisoformat(record.rec_headers["WARC-Date"].replace("Z", "+00:00"))
            yield Capture(
                url=record.rec_headers["WARC-Target-URI"],
                observed=observed.astimezone(UTC),
                body=record.content_stream().read(),
                headers=tuple(record.http_headers.headers),
            )


def shingles(text: str) -> Shingles:
    words = WORDS.findall(text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)) if words)


def precision_recall(found: Shingles, gold: Shingles) -> tuple[float, float]:
    shared = (found & gold).total()
    return (
        shared / found.total() if found else float(not gold),
        shared / gold.total() if gold else float(not found),
    )


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def page_score(text: str, gold: dict[str, Any]) -> tuple[float, float]:
    found, optional = shingles(text), set(gold["opt"])
    scores = [precision_recall(found, shingles("\n".join(gold["gold"])))]
    if optional:
        needed = [line for at, line in enumerate(gold["gold"]) if at not in optional]
        scores.append(precision_recall(found, shingles("\n".join(needed))))
    return max(scores, key=lambda score: f1(*score))


def score(pages: list[Page], texts: list[str]) -> tuple[float, float, float]:
    """F1, precision, recall."""
    scores = [page_score(text, page.gold) for page, text in zip(pages, texts, strict=True)]
    precision, recall = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    return f1(precision, recall), precision, recall


def timed(pages: list[Page], run: Callable[[Page], str]) -> tuple[list[str], float]:
    start = time.process_time()
    texts = [run(page) for page in pages]
    return texts, time.process_time() - start


def ours(page: Page) -> str:
    try:
        return extract(page.capture).text
    except Dropped:
        return ""


def plain(**options: Any) -> Callable[[Page], str]:
    def run(page: Page) -> str:
        document = bare_extraction(page.capture.body, url=page.capture.url, include_comments=False, **options)
        return (document.text if document is not None else "") or ""

    return run


def peers() -> dict[str, Callable[[Page], str]]:
    import newspaper  # noqa: PLC0415
    from lxml.html import fromstring  # noqa: PLC0415
    from readability import Document  # noqa: PLC0415
    from resiliparse.extract.html2text import extract_plain_text  # noqa: PLC0415
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding  # noqa: PLC0415

    def by_newspaper(page: Page) -> str:
        article = newspaper.Article(page.capture.url, fetch_images=False)
        article.download(input_html=html(page))
        try:
            article.parse()
        except ImportError:  # Korean and Japanese need packages of their own: no text.
            return ""
        return str(article.text)

    def by_readability(page: Page) -> str:
        return str(fromstring(Document(html(page)).summary()).text_content())

    def by_resiliparse(page: Page) -> str:
        return str(extract_plain_text(html(page), main_content=True, alt_texts=False, links=False, form_fields=False))

    def html(page: Page) -> str:
        body = page.capture.body or b""
        return str(bytes_to_str(body, detect_encoding(body)))

    return {"newspaper4k": by_newspaper, "readability-lxml": by_readability, "resiliparse": by_resiliparse}


def quality_table(pages: list[Page], *, with_peers: bool) -> None:
    runs = {
        "onestory (everything)": ours,
        "trafilatura, with metadata": plain(with_metadata=True),
        "trafilatura": plain(),
        "trafilatura fast": plain(fast=True),
        "trafilatura precision": plain(favor_precision=True),
    } | (peers() if with_peers else {})
    print(f"{'':28} {'F1':>6} {'P':>6} {'R':>6} {'CPU s':>7} {'pages/s':>8}")
    for name, run in runs.items():
        texts, seconds = timed(pages, run)
        row = " ".join(f"{value:6.4f}" for value in score(pages, texts))
        print(f"{name:28} {row} {seconds:7.1f} {len(pages) / seconds:8.1f}")


def cost(pages: list[Page], passes: int) -> None:
    """CPU of everything we do to that of trafilatura's text and metadata, passes taken in turns."""
    own = theirs = 0.0
    for _ in range(passes):
        own += timed(pages, ours)[1]
        theirs += timed(pages, plain(with_metadata=True))[1]
    print(f"cost over {passes} passes: {own:.1f} s to {theirs:.1f} s of CPU, ratio {own / theirs:.2f}")


def ablation(pages: list[Page]) -> None:
    """What each rule brings: the scores without it."""
    print(f"{'without':28} {'F1':>6} {'P':>6} {'R':>6}")
    rules, complete, claimed = cleaning.RULES, bodies.COMPLETE_FROM, bodies.CLAIMED_FROM
    row = lambda: " ".join(f"{value:6.4f}" for value in score(pages, [ours(page) for page in pages]))  # noqa: E731
    print(f"{'(nothing)':28} {row()}", flush=True)
    for name in rules:
        cleaning.RULES = {other: rule for other, rule in rules.items() if other != name}
        print(f"{name:28} {row()}", flush=True)
    cleaning.RULES = rules
    bodies.COMPLETE_FROM = bodies.CLAIMED_FROM = float("inf")
    print(f"{'completion of the body':28} {row()}", flush=True)
    cleaning.RULES = {}
    print(f"{'all of these':28} {row()}", flush=True)
    cleaning.RULES, bodies.COMPLETE_FROM, bodies.CLAIMED_FROM = rules, complete, claimed


def facts(pages: list[Page]) -> None:
    checked = [(page.gold["meta"], found) for page in pages if page.gold["meta"] and (found := attempt(page))]
    dated = [(meta, found) for meta, found in checked if meta["date"]]
    signed = [(meta, found) for meta, found in checked if meta["authors"]]
    shares = {
        "same-day date": share(same_day(meta["date"], found) for meta, found in dated),
        "title equal": share(letters(meta["title"]) == letters(found.title) for meta, found in checked),
        "title contained": share(contained(meta["title"], found.title) for meta, found in checked),
        "some author right": share(
            bool({letters(name) for name in meta["authors"]} & {letters(name) for name in found.byline})
            for meta, found in signed
        ),
        "language present": share(bool(found.language) for _, found in checked),
    }
    print(f"facts on {len(checked)} pages: " + ", ".join(f"{name} {value:.1%}" for name, value in shares.items()))


def attempt(page: Page) -> ExtractedArticle | None:
    try:
        return extract(page.capture)
    except Dropped as dropped:
        print("dropped", dropped.reason, page.capture.url)
        return None


def share(checks: Iterable[bool]) -> float:
    results = list(checks)
    return sum(results) / max(1, len(results))


def same_day(gold: str, found: ExtractedArticle) -> bool:
    """On one calendar day, by the clock that gold was written with or in UTC."""
    moment = datetime.fromisoformat(gold)
    if not found.published:
        return False
    return found.published.astimezone(moment.tzinfo or UTC).date() == moment.date()


def letters(text: str | None) -> str:
    return " ".join(WORDS.findall(unicodedata.normalize("NFKC", text or "").lower()))


def contained(gold: str | None, found: str | None) -> bool:
    a, b = letters(gold), letters(found)
    return bool(b) and (a in b or b in a)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--ablation", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--passes", type=int, default=4)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    folder = options.data if options.data.name == "extraction" else options.data / "extraction"
    pages = read_pages(folder)
    start = time.process_time()
    kept = sum(attempt(page) is not None for page in pages)
    print(f"{kept} of {len(pages)} pages are articles; first pass, with start-up, {time.process_time() - start:.1f} s")
    quality_table(pages, with_peers=options.peers)
    cost(pages, options.passes)
    facts(pages)
    if options.ablation:
        ablation(pages)


if __name__ == "__main__":
    main()
