"""The command as people run it: a process with arguments, pipes and an exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["ONESTORY", "article_rows", "onestory", "story_sets", "write_rows"]

ONESTORY = str(Path(sys.executable).with_name("onestory"))


def onestory(
    *arguments: str | Path, home: Path | None = None, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end. A traceback is a bug, whatever the input was."""
    command = [ONESTORY, *map(str, arguments), *(["--home", str(home)] if home else [])]
    given = {**os.environ, "ONESTORY_WORKERS": "1", **(env or {})}
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=given)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(command, done.returncode, out, err)


def write_rows(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def article_rows(home: Path, *, env: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    done = onestory("dump", "-", "--rows", "articles", home=home, env=env)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def story_sets(home: Path, *, env: Mapping[str, str] | None = None) -> set[frozenset[str]]:
    """The stories as sets of URLs."""
    stories: dict[str, set[str]] = {}
    for row in article_rows(home, env=env):
        stories.setdefault(row["story_id"], set()).add(row["url"])
    return {frozenset(urls) for urls in stories.values()}
