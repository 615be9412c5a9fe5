"""`onestory crawl --once` as people and their cron jobs run it: what it says, and its exit code."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import onestory
from tests.crawler.conftest import rss
from tests.site.server import Reply, Site, serving

ARTICLE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><article><h1>{0}</h1>{1}</article></body></html>"
LINES = [
    f"The ferry of {hour} was late because the fog lay on the harbour, and {number} people waited for it on the quay."
    for hour, number in (("seven", "forty"), ("eight", "sixty"), ("nine", "a hundred"), ("ten", "twelve"))
]
DEAD = "http://dead.localhost:9/feed"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        body = "".join(f"<p>{line}</p>" for line in LINES)
        running.put("good", "/1", Reply(ARTICLE.format("Fog holds up the ferries", body)))
        yield running


def crawl_of(home: Path, folder: Path, *urls: str, more: tuple[str, ...] = ()) -> tuple[int, str, str]:
    listed = "".join(f'[[source]]\nurl = "{url}"\noutlet = "Outlet {number}"\n' for number, url in enumerate(urls))
    (folder / "sources.toml").write_text(listed)
    env = {"ONESTORY_SOURCES": str(folder / "sources.toml"), "ONESTORY_ALLOW_PRIVATE": ".localhost"}
    done = onestory("crawl", "--once", "--delay", "0", *more, home=home, env=env)
    return done.returncode, done.stdout, done.stderr


def test_a_crawl_that_did_all_exits_0_and_the_next_one_says_that_nothing_was_due(
    home: Path, tmp_path: Path, site: Site
) -> None:
    code, out, _ = crawl_of(home, tmp_path, rss(site, "good", "/1"))
    assert (code, "stored 1" in out) == (0, True)
    code, out, said = crawl_of(home, tmp_path, rss(site, "good", "/1"))
    assert (code, out, "nothing was due" in said) == (0, "", True)


def test_a_crawl_of_which_a_source_failed_exits_1_and_says_where_to_look(
    home: Path, tmp_path: Path, site: Site
) -> None:
    code, out, said = crawl_of(home, tmp_path, rss(site, "good", "/1"), DEAD, more=("--json",))
    assert (code, json.loads(out)["stored"]) == (1, 1)
    assert "1 of 2 sources could not be read: see `onestory sources list` for the reasons" in said


def test_a_crawl_that_reached_nobody_exits_2(home: Path, tmp_path: Path) -> None:
    code, _, said = crawl_of(home, tmp_path, DEAD, "http://nowhere.invalid/feed")
    assert code == 2
    assert "2 of 2 sources could not be read" in said


def test_a_source_is_kept_for_watched_matters_by_either_name_of_the_option(
    home: Path, tmp_path: Path, site: Site
) -> None:
    url = rss(site, "good", "/1")
    env = {"ONESTORY_ALLOW_PRIVATE": ".localhost"}
    added = onestory("sources", "add", url, "--only", "--json", home=home, env=env)
    assert (added.returncode, json.loads(added.stdout)["watched_only"]) == (0, True)
    again = onestory("sources", "set", url, "--all-news", "--json", home=home, env=env)
    assert json.loads(again.stdout)["watched_only"] is False
    once_more = onestory("sources", "set", url, "--only", "--json", home=home, env=env)
    assert json.loads(once_more.stdout)["watched_only"] is True


def test_an_outlet_has_a_name_that_every_database_can_hold(home: Path) -> None:
    for name in ("x" * 201, " "):
        refused = onestory("sources", "add", "https://a.example/feed", "--outlet", name, home=home)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "--outlet: the name of an outlet has 1 to 200 characters" in refused.stderr
