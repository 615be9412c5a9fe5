"""docker-compose.yml, .env.example and the files in deploy/: what they promise."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from onestory.crawler.metrics import CrawlMetrics
from onestory.newsroom.server.monitoring import ServerMetrics
from onestory.store.database import Store

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
OURS = ("migrate", "crawler", "api", "backup", "alerts", "digest")
# One ends by itself, the others answer nobody: they log what they cannot send.
WITHOUT_CHECK = ("migrate", "alerts", "digest")
PROFILES = {
    "backup": "backup",
    "alerts": "alerts",
    "digest": "digest",
    "prometheus": "monitoring",
    "grafana": "monitoring",
    "proxy": "tls",
}
PUBLIC_PORTS = {"proxy": ["80:80", "443:443"]}
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def test_every_service_is_locked_down_and_limited(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert re.fullmatch(r"[1-9]\d*:\d+", service["user"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["pids_limit"] <= 512, name
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert any(mount.startswith("/tmp:") for mount in service["tmpfs"]), name
        assert all("size=" in mount for mount in service["tmpfs"]), name
        public = PUBLIC_PORTS.get(name, [])
        assert all(port in public or port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_every_image_is_named_exactly_and_ours_is_built_once(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        tag = service["image"].rpartition(":")[2]
        assert re.match(r"v?\d+\.\d+(\.\d+)?(-|$)", tag), name
        assert tag.count(".") == 2 or tag == "17.6-alpine", name  # PostgreSQL has two numbers
    assert [name for name, service in services.items() if "build" in service] == ["migrate"]
    assert {services[name]["image"] for name in OURS} == {f"onestory:{_version()}"}
    assert {name for name, service in services.items() if service.get("pull_policy") == "never"} == set(OURS)


def _version() -> str:
    return re.findall(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]


def test_health_checks_are_frequent_at_the_start_and_cheap_afterwards(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert ("healthcheck" in service) == (name not in WITHOUT_CHECK), name
        if name in WITHOUT_CHECK:
            continue
        check = service["healthcheck"]
        assert check["start_interval"] in ("1s", "2s", "10s"), name
        assert check["interval"] in ("30s", "10m"), name
        assert "onestory" not in check["test"][1:2], f"{name} would start a whole command"
    for name, port, path in (("crawler", "9464", "/healthz"), ("api", "8000", "/readyz")):
        assert services[name]["healthcheck"]["test"][-4:] == ["-IS", "/usr/local/lib/onestory/probe.py", port, path]
    assert services["crawler"]["command"][-1].endswith(":9464")


def test_redis_and_postgresql_are_on_a_network_that_leads_nowhere(
    compose: dict[str, Any], services: dict[str, dict[str, Any]]
) -> None:
    assert compose["networks"]["backend"] == {"internal": True}
    for name in ("redis", "postgres", "prometheus", "backup"):
        assert services[name]["networks"] == ["backend"], name
    assert services["proxy"]["networks"] == ["outside"]


def test_what_not_everyone_needs_is_in_a_profile(services: dict[str, dict[str, Any]]) -> None:
    assert {name: service["profiles"] for name, service in services.items() if "profiles" in service} == {
        name: [profile] for name, profile in PROFILES.items()
    }


def test_who_asks_for_the_local_time_gets_a_time_zone(services: dict[str, dict[str, Any]]) -> None:
    asks = [
        name for name in OURS if {"ONESTORY_ALERT_QUIET", "ONESTORY_DIGEST_HOUR"} & set(services[name]["environment"])
    ]
    assert asks == ["alerts", "digest"]
    assert {services[name]["environment"]["TZ"] for name in asks} == {"${ONESTORY_TIMEZONE:-UTC}"}


def test_crawlers_scale_and_a_contact_is_asked_for(services: dict[str, dict[str, Any]]) -> None:
    crawler = services["crawler"]
    assert "container_name" not in crawler
    assert "ports" not in crawler
    assert crawler["environment"]["ONESTORY_CONTACT"].startswith("${ONESTORY_CONTACT:?")


def test_no_secret_stands_in_the_file(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|_KEY", variable) or variable.endswith("_FILE"), (name, variable)
            user, at, _ = value.partition("://")[2].partition("@")
            assert not (at and ":" in user), (name, variable)
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name


def test_who_is_reached_from_afar_has_the_admin_key_and_the_others_have_not(
    compose: dict[str, Any], services: dict[str, dict[str, Any]]
) -> None:
    for name in OURS:
        service = services[name]
        has_key = name in ("migrate", "api")
        assert ("ONESTORY_ADMIN_KEY_FILE" in service["environment"]) == has_key
        assert ("admin_key" in service["secrets"]) == has_key
        assert ("--with-admin-key" in service["command"]) == (name == "migrate")
        # Compose recreates a container if its labels change, and not if only the file behind a secret does.
        assert ("${ONESTORY_ADMIN_KEY_FILE" in str(service.get("labels"))) == has_key
    assert compose["secrets"]["admin_key"]["file"] == "${ONESTORY_ADMIN_KEY_FILE:-/dev/null}"


def test_every_variable_of_the_file_is_in_the_example_and_the_reverse() -> None:
    used = set(VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
    shown = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used == shown


def test_every_volume_and_file_is_there(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for mount in service["volumes"] if name != "proxy" else service["volumes"][:1]:
            source = mount.partition(":")[0]
            if source.startswith("./"):
                assert list((ROOT / source).iterdir()), (name, source)
            elif not source.startswith("${"):
                assert source in compose["volumes"], (name, source)


@pytest.mark.parametrize("umask", ["077", "022", "002"])
def test_the_command_for_secrets_makes_files_that_containers_can_read_and_others_cannot_reach(
    umask: str, tmp_path: Path
) -> None:
    lines = (ROOT / "docs" / "operations.md").read_text().splitlines()
    [command] = [line.removeprefix("$ ") for line in lines if line.startswith("$ install -d -m 700 secrets")]
    subprocess.run(["sh", "-c", f"umask {umask}; {command}"], cwd=tmp_path, check=True)
    folder = tmp_path / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    made = {path.name: path for path in folder.iterdir()}
    assert set(made) == {"postgres_password", "redis_password"}
    for path in made.values():
        assert path.stat().st_mode & 0o777 == 0o444
        assert re.fullmatch(r"[0-9a-f]{48}\n", path.read_text())
    # Run again, it keeps the passwords that the databases know.
    kept = {name: path.read_text() for name, path in made.items()}
    subprocess.run(["sh", "-c", f"umask {umask}; {command}"], cwd=tmp_path, check=True)
    assert {name: path.read_text() for name, path in made.items()} == kept


def metric_names(registry: CollectorRegistry) -> set[str]:
    return {sample.name for family in registry.collect() for sample in family.samples} | {
        f"{family.name}_bucket" for family in registry.collect() if family.type == "histogram"
    }


def test_rules_and_dashboard_ask_for_metrics_that_exist(sqlite_store_url: str) -> None:
    crawl = CrawlMetrics()
    crawl.note_progress()
    store = Store.open(sqlite_store_url)
    known = metric_names(crawl.registry) | metric_names(ServerMetrics(store).registry) | LABELLED | {"up"}
    store.close()
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
    board = json.loads((DEPLOY / "grafana" / "dashboards" / "onestory.json").read_text())
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    names = {name for expression in asked for name in re.findall(r"\b(?:onestory|process)_\w+|\bup\b", expression)}
    assert names <= known, names - known
    assert len(names) > 10


# Of these a new store has no sample.
LABELLED = {
    "onestory_sources",
    "onestory_sources_alarmed",
    "onestory_pages_known",
    "onestory_http_requests_total",
}


def test_each_alert_says_what_to_do() -> None:
    for rule in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]:
        assert rule["for"], rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert re.search(r": .+\.$", rule["annotations"]["summary"]), rule["alert"]


def test_prometheus_finds_what_the_services_serve(services: dict[str, dict[str, Any]]) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    crawler, api = config["scrape_configs"]
    [found] = crawler["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["crawler"], 9464)
    assert api["static_configs"] == [{"targets": ["api:8000"]}]
    assert services["api"]["command"][-2:] == ["--allowed-host", "api"]
    assert api["authorization"]["credentials_file"] == f"/run/secrets/{services['prometheus']['secrets'][0]}"
