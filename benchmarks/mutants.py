"""Mutation tests of the pure core: change one operator at a time, and list the changes that no test notices.

    python benchmarks/mutants.py [MODULE ...]

A module is named by its path, as in `dedupe/partition.py`; without one, all of MODULES are run, which takes hours.
cosmic-ray changes the file in place and restores it: run this on a clean checkout.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
# Each module with the tests that are to notice.
MODULES = {
    "dedupe/alignment.py": "tests/dedupe",
    "dedupe/constraints.py": "tests/dedupe",
    "dedupe/evidence.py": "tests/dedupe",
    "dedupe/forms.py": "tests/dedupe",
    "dedupe/partition.py": "tests/dedupe tests/pipelines/stories/test_fast_join.py",
    "dedupe/star_clustering.py": "tests/dedupe",
    "dedupe/verify.py": "tests/dedupe",
    "pipelines/stories/original.py": "tests/pipelines/stories/test_original.py",
    "pipelines/versions/word_diff.py": "tests/pipelines/versions/test_word_diff.py",
    "crawler/sources/schedule.py": "tests/crawler/sources/test_schedule.py",
}
CONFIG = """[cosmic-ray]
module-path = "{module}"
timeout = 120.0
excluded-modules = []
test-command = "{python} -m pytest -q -x -p no:cacheprovider {tests}"

[cosmic-ray.distributor]
name = "local"
"""
# Mutants of these say little: a type is not run, a message is not behaviour.
SKIPPED = tuple(f"core/{name}" for name in ("ReplaceBinaryOperator_BitOr_", "RemoveDecorator", "ExceptionReplacer"))


def survivors(module: str, tests: str) -> list[str]:
    """The changes of a module that its tests do not notice, each as a diff."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        config, session = Path(folder, "mutants.toml"), Path(folder, "session.sqlite")
        config.write_text(CONFIG.format(module=module, python=sys.executable, tests=tests), encoding="utf-8")
        for command in (["init", config, session], ["baseline", config], ["exec", config, session]):
            subprocess.run([BIN / "cosmic-ray", *command], check=True)
        dumped = subprocess.run([BIN / "cosmic-ray", "dump", session], check=True, capture_output=True, text=True)
    found = []
    for line in dumped.stdout.splitlines():
        work, result = json.loads(line)
        operator = work["mutations"][0]["operator_name"]
        if result and result["test_outcome"] == "survived" and not operator.startswith(SKIPPED):
            found.append(result["diff"])
    return found


def main() -> int:
    unknown = [name for name in sys.argv[1:] if name not in MODULES]
    if unknown:
        print(f"no such module: {unknown[0]}; choose from {', '.join(MODULES)}", file=sys.stderr)
        return 2
    alive = 0
    for module in sys.argv[1:] or MODULES:
        left = survivors(module, MODULES[module])
        alive += len(left)
        print(f"{module}: {len(left)} changes that no test notices")
        print("\n".join(left))
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
