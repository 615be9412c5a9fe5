"""What an installation needs: pinned with hashes, and under licences that an Apache-2.0 project may use."""

import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

ALLOWED = re.compile(
    r"\b(MIT|BSD|0BSD|ISC|Apache|Python Software|PSF|PSFL|Zope|ZPL|Unlicense|Public Domain|CC0|MPL|Mozilla|HPND|zlib)\b"
    r"|BSD-|MIT-|Apache-|PSF-|ZPL-|MPL-|LGPL|Lesser General Public|Library or Lesser",
    re.IGNORECASE,
)
REFUSED = re.compile(
    r"\b(A|S)?GPL|Affero|(?<!Lesser )General Public|Commercial|Proprietary|Non-?Commercial", re.IGNORECASE
)


def normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines: list[str]) -> dict[str, str]:
    found = (re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)", line) for line in lines)
    return {normal(match[1]): match[2] for match in found if match}


def needed(name: str = "onestory") -> set[str]:
    """The distributions that an installation on this platform consists of, without extras of development."""
    found: set[str] = set()
    waiting = [Requirement(name)]
    while waiting:
        one = waiting.pop()
        if normal(one.name) in found:
            continue
        found.add(normal(one.name))
        for line in importlib.metadata.requires(one.name) or []:
            requirement = Requirement(line)
            extras = one.extras or {""}
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(requirement)
    return found - {normal(name)}


def licence_of(name: str) -> str:
    """What the distribution states: an SPDX expression, else its classifiers, else its own words.

    Where a classifier only says "other", the first line of the licence that it ships counts.
    """
    about = importlib.metadata.metadata(name)
    if stated := about.get("License-Expression"):
        return str(stated)
    classifiers = [
        one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License ::")
    ]
    if classifiers == ["Other/Proprietary License"]:
        return _title_of_licence(name)
    return "; ".join(one for one in classifiers if one != "OSI Approved") or str(about.get("License") or "")[:200]


def _title_of_licence(name: str) -> str:
    shipped = [file for file in importlib.metadata.files(name) or [] if file.name.startswith("LICENSE")]
    return shipped[0].read_text().splitlines()[0] if shipped else "none"


def is_fit(licence: str) -> bool:
    return bool(ALLOWED.search(licence)) and not REFUSED.search(re.sub(r"LGPL|Lesser General Public", "", licence))


def test_the_lock_has_the_constraints_versions_and_hashes_for_each() -> None:
    locked, constrained = pins(LOCK.splitlines()), pins(CONSTRAINTS)
    # What only other platforms need is not in the constraints, which one platform wrote.
    other = {name: version for name, version in locked.items() if constrained.get(name, version) != version}
    assert other == {}
    assert len(set(locked) - set(constrained)) < 10
    for entry in re.split(r"\n(?=\S)", LOCK.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_lock_has_all_that_an_installation_needs() -> None:
    assert needed() - set(pins(LOCK.splitlines())) == set()


def test_every_licence_may_be_used() -> None:
    stated = {name: licence_of(name) for name in sorted(needed())}
    unfit = {name: licence for name, licence in stated.items() if not any(map(is_fit, licence.split(" OR ")))}
    assert unfit == {}
