"""Writes docs/api.md and docs/pictures/ from the running program: invented news, six pages and six calls.

    python docs/pictures.py [--chromium /usr/bin/chromium]

Needs Playwright for Python and a Chromium. The news are those of the demo. What the calls answer is what is printed;
long lists and texts are cut.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
MOST_BYTES = 200_000
DEMO_STORIES = 7
MOST_SECONDS = 60
PROGRAM = (sys.executable, "-m", "onestory")
SAID = re.compile(r"http://127\.0\.0\.1:\d+")
PASSAGE = (
    "Two lifeboats and eleven fishing boats answered the captain's call for help. They took passengers off in groups "
    "of twenty, beginning with children and the elderly, while a tug held the ferry steady against the rising tide. "
    "The cook of the Lady of Orrin has since been offered a place in the town band."
)
OURS = "Harbour Courier"
WIRE = "Meridian Wire"
PLAIN = {"Content-Type": "text/plain"}
# What of an answer is shown: long texts and lists are cut.
MOST_CHARACTERS, MOST_MEMBERS = 110, 1


@contextmanager
def demo() -> Iterator[str]:
    """The address of a program that has crawled its demo."""
    command = [*PROGRAM, "run", "--demo", "--port", "0"]
    with (
        tempfile.TemporaryDirectory(prefix="morning-") as folder,
        subprocess.Popen(  # noqa: S603 - our own program
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": folder}
        ) as process,
    ):
        try:
            said = next(found[0] for line in process.stderr or () if (found := SAID.search(line)))
            _wait(said)
            yield said
        finally:
            process.terminate()


def _wait(base: str) -> None:
    """Until all of the demo's stories are there and nothing has come for a while."""
    begun = since = time.monotonic()
    before = -1
    while time.monotonic() - since < 4:
        if time.monotonic() - begun > MOST_SECONDS:
            raise SystemExit(f"the demo's {DEMO_STORIES} stories did not all come within {MOST_SECONDS} s")
        found = httpx.get(f"{base}/v1/stories", trust_env=False).json()["stories"]
        copies = sum(one["copies"] for one in found)
        if copies != before or len(found) < DEMO_STORIES:
            before, since = copies, time.monotonic()
        time.sleep(0.5)


def photograph(base: str, story: dict[str, Any], chromium: str) -> None:
    one, other = (_version(base, story, outlet) for outlet in (WIRE, OURS))
    pages = {
        "front": "/",
        "story": f"/stories/{story['id']}",
        "compare": f"/compare?a={one}&b={other}",
        "search": "/?q=" + quote('"fishing boats"'),
        "lookup": "/lookup",
        "sources": "/sources",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 760})
        for name, path in pages.items():
            page.goto(f"{base}{path}")
            if name == "lookup":
                _ask(page)
            picture = page.screenshot(path=HERE / "pictures" / f"{name}.png")
            if len(picture) > MOST_BYTES:
                raise SystemExit(f"{name}.png has {len(picture):,} bytes, more than {MOST_BYTES:,}")
        browser.close()


def _version(base: str, story: dict[str, Any], outlet: str) -> int:
    """The number of the outlet's current version."""
    copy = next(copy for copy in story["articles"] if copy["outlet"] == outlet)
    return int(httpx.get(f"{base}/v1/articles/{copy['id']}", trust_env=False).json()["number"])


def _ask(page: Page) -> None:
    page.fill("textarea", PASSAGE)
    page.get_by_role("button", name="Look up text").click()
    page.wait_for_load_state()


def calls(base: str, story: dict[str, Any]) -> dict[str, str]:
    """Name to what a person types, and what comes back."""
    asked: dict[str, tuple[str, str | None]] = {
        "STORIES": ("/v1/stories?since=24h&min_outlets=3", None),
        "STORY": (f"/v1/stories/{story['id']}", None),
        "COPIES": (f"/v1/stories/{story['id']}?format=ninjs", None),
        "SEARCH": ("/v1/search?q=" + quote('"fishing boats"') + "&limit=1", None),
        "LOOKUP": ("/v1/lookup", PASSAGE),
        "EVENTS": ("/v1/events?after=0&limit=1", None),
    }
    told: dict[str, str] = {}
    with httpx.Client(base_url=base, trust_env=False) as client:
        for name, (path, body) in asked.items():
            answer = client.get(path) if body is None else client.post(path, content=body, headers=PLAIN)
            answer.raise_for_status()
            typed = f"curl -s '127.0.0.1:8000{path}'"
            if body is not None:
                typed += " -H 'Content-Type: text/plain' --data-binary @passage.txt"
            told[name] = f"```console\n$ {typed}\n{json.dumps(_cut(answer.json()), indent=2, ensure_ascii=False)}\n```"
    return told


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MOST_CHARACTERS else value[:MOST_CHARACTERS].rsplit(" ", 1)[0] + " …"
    if isinstance(value, list):
        left = len(value) - MOST_MEMBERS
        return [_cut(one) for one in value[:MOST_MEMBERS]] + ([f"… {left} more"] if left > 0 else [])
    if isinstance(value, dict):
        return {key: _cut(one) for key, one in value.items()}
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    asked = parser.parse_args()
    with demo() as base, httpx.Client(base_url=base, trust_env=False) as client:
        found = client.get("/v1/stories", params={"outlet": WIRE}).json()["stories"][0]
        story = client.get(f"/v1/stories/{found['id']}").json()
        told = calls(base, story)
        photograph(base, story, asked.chromium)
    text = (HERE / "api.template.md").read_text()
    for name, shown in told.items():
        text = text.replace(f"{{{{{name}}}}}", shown)
    (HERE / "api.md").write_text(text)


if __name__ == "__main__":
    main()
