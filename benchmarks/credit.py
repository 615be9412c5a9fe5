"""Precision and recall of the credit rules on `credit_set.jsonl`, invented lines and pages, half of them traps.

python benchmarks/credit.py [--wrong]
"""

import argparse
import json
from html import escape
from pathlib import Path
from typing import Any

from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture, ExtractedArticle

SET = Path(__file__).with_name("credit_set.jsonl")
# Long enough to be an article, and without a word that any rule looks for.
FILLER = (
    "The landing has served the east bank since 1911 and carries some two thousand people on a working day.",
    "Shopkeepers on the quay said they would lose custom, and asked the town to run a shuttle in the meantime.",
    "Engineers found that the piles below the waterline had rotted, which nobody had looked at for thirty years.",
    "The work is to begin in the spring, and the first boats should sail again in the autumn two years from now.",
    "A second reading of the plan is set for next month, after which the contract will be put out to tender.",
)


def read_set() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SET.read_text("utf-8").splitlines()]


def article(row: dict[str, Any]) -> ExtractedArticle:
    """The row as a page when it has a head, else as a text. One line stands first, a second one last."""
    first, last = row["lines"][: max(1, len(row["lines"]) // 2)], row["lines"][max(1, len(row["lines"]) // 2) :]
    lines = [*first, *FILLER, *last]
    url = row.get("url", "https://www.gazette.example/news/ferry-landing")
    if "head" not in row:
        return extract(Capture(url=url, observed=None, text="\n".join(lines), outlet=row.get("outlet")))
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    head = f"<head><title>Ferry</title>{row['head']}</head>"
    page = f"<html>{head}<body><article><h1>Ferry</h1>{body}</article></body></html>"
    return extract(Capture(url=url, observed=None, body=page.encode(), outlet=row.get("outlet")))


def measure(rows: list[dict[str, Any]]) -> tuple[float, float, list[tuple[dict[str, Any], str | None, str | None]]]:
    """Precision, recall, and the rows that went wrong with what was found and why."""
    right = given = wanted = 0
    wrong = []
    for row in rows:
        found = article(row)
        right += found.credit is not None and found.credit == row["credit"]
        given += found.credit is not None
        wanted += row["credit"] is not None
        if found.credit != row["credit"]:
            wrong.append((row, found.credit, found.credit_evidence))
    return right / max(1, given), right / max(1, wanted), wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="not used: the set is in this folder")
    parser.add_argument("--wrong", action="store_true", help="show the rows that went wrong")
    options = parser.parse_args()
    rows = read_set()
    precision, recall, wrong = measure(rows)
    traps = sum(row["credit"] is None for row in rows)
    print(f"{len(rows)} rows, {traps} of them traps: precision {precision:.3f}, recall {recall:.3f}")
    for row, found, evidence in wrong if options.wrong else ():
        print(row["id"], "wanted", row["credit"], "found", found, "|", evidence, "|", row["lines"], row.get("head", ""))


if __name__ == "__main__":
    main()
