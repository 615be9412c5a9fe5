"""`make compose-check`: what it runs beside the stack."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from deploy.compose_check.news_site import ARTICLES, OUTLETS, STORIES, answer, base_of, sources
from onestory.crawler.sources.source_file import load_sources

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "deploy" / "compose_check"


def listed(outlet: str) -> list[str]:
    status, kind, body = answer(f"{outlet}.example:8080", "/feed.xml")
    assert (status, kind) == ("200 OK", "application/rss+xml")
    return re.findall(f"<link>{base_of(outlet)}(.+?)</link>", body)


def text_of(outlet: str, path: str) -> str:
    _, _, body = answer(f"{outlet}.example:8080", path)
    return " ".join(re.findall("<p>(.+?)</p>", body))


def test_each_text_of_the_site_runs_in_two_outlets(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(sources())
    assert [entry.url for entry in load_sources(tmp_path / "sources.toml")] == [
        f"{base_of(outlet)}/feed.xml" for outlet in OUTLETS
    ]
    texts = [text_of(outlet, path) for outlet in OUTLETS for path in listed(outlet)]
    assert (len(texts), len(set(texts))) == (ARTICLES, STORIES)
    assert {texts.count(text) for text in texts} == {2}
    assert answer("north.example", "/elsewhere")[0] == "404 Not Found"


def test_the_check_changes_nothing_of_the_stack_but_how_and_what_it_crawls() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    added = yaml.safe_load((CHECK / "check.yml").read_text())["services"]
    assert set(added) - set(services) == {"site"}
    assert set(added) & set(services) == {"crawler"}
    assert set(added["crawler"]) == {"command", "environment"}
    assert added["crawler"]["command"][:-2] == services["crawler"]["command"]
    assert set(added["crawler"]["environment"]) == {"ONESTORY_ALLOW_PRIVATE"}


def test_every_official_image_but_grafana_has_a_stand_in() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    named = {service["image"].rpartition(":")[0].rpartition("/")[2] for service in services.values()}
    made = {path.stem for path in (CHECK / "stand_ins").glob("*.Dockerfile")}
    assert named - {"onestory", "grafana"} | {"python"} == made
    looped = re.search(r"for name in (.+); do\n\s+official=", (CHECK / "engine").read_text())
    assert looped is not None
    assert set(looped[1].split()) == made


def test_linters_find_no_error_in_the_stand_ins() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    files = [str(path) for path in (CHECK / "stand_ins").glob("*.Dockerfile")]
    done = subprocess.run([hadolint, "--failure-threshold", "error", *files], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
    assert subprocess.run(["bash", "-n", CHECK / "engine"], check=False).returncode == 0
