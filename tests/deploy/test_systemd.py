"""The systemd units: they are valid, and the page that installs them names what they need."""

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from tests.cli import ONESTORY

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
PAGE = (ROOT / "docs" / "install.md").read_text()
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def settings_of(unit: Path) -> dict[str, str]:
    parser = RawConfigParser(strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return dict(parser["Service"])


@pytest.fixture
def installed(tmp_path: Path) -> list[Path]:
    """The units, with the command that is here."""
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/onestory/bin/onestory", ONESTORY))
    return sorted(tmp_path.iterdir())


@needs_systemd
def test_systemd_finds_no_fault(installed: list[Path]) -> None:
    done = subprocess.run(["systemd-analyze", "verify", *installed], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "onestory" in line]
    assert (done.returncode, ours) == (0, [])


@needs_systemd
def test_the_services_are_exposed_little(installed: list[Path]) -> None:
    for unit in installed:
        if unit.suffix == ".service":
            command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", unit]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_the_services_run_as_their_user_and_write_nowhere_else(unit: Path) -> None:
    settings = settings_of(unit)
    assert (settings["User"], settings["Group"], settings["UMask"]) == ("onestory", "onestory", "0077")
    assert (settings["NoNewPrivileges"], settings["ProtectSystem"]) == ("yes", "strict")
    assert settings["CapabilityBoundingSet"] == ""
    assert settings["EnvironmentFile"] == "/etc/onestory/onestory.env"
    for path in settings.get("ReadWritePaths", "").split():
        assert path in PAGE


def test_the_page_installs_every_unit_and_what_it_starts() -> None:
    assert "deploy/systemd/* /etc/systemd/system/" in PAGE
    enabled = re.findall(r"systemctl enable --now (.+)", PAGE)[0].split()
    # Timers start the services of their names. Alerts and the digest need an address first.
    timers = {unit.with_suffix(".service").name for unit in UNITS if unit.suffix == ".timer"}
    assert {unit.name for unit in UNITS} - set(enabled) == timers | {"onestory-alert.timer", "onestory-digest.timer"}
    for timer in ("onestory-alert.timer", "onestory-digest.timer"):
        assert re.search(rf"systemctl\s+enable\s+--now\s+{timer}`", PAGE), timer
    assert "python3 -m venv /opt/onestory" in PAGE
    for folder in ("/etc/onestory", "/var/backups/onestory"):
        assert re.search(rf"install -d .*{folder}$", PAGE, re.MULTILINE), folder
