"""Keys by the command, by the API and on the page of settings; and that a server begins with one."""

import json
from pathlib import Path

import httpx2 as httpx
import pytest

from onestory.newsroom.events.schemas import WebhookRequest
from onestory.newsroom.keys.first_key import requires_keys
from onestory.store.access.api_keys import find_key, list_keys
from onestory.store.database import Store
from onestory.store.webhooks.webhooks import list_webhooks
from tests.cli import onestory
from tests.newsroom.conftest import Served
from tests.newsroom.locked import Locked

GIVEN = "0123456789abcdef0123456789abcdef"


def test_a_key_by_the_command_from_its_making_to_its_end(home: Path) -> None:
    made = json.loads(onestory("keys", "add", "news desk", "--scope", "edit", "--json", home=home).stdout)
    assert (made["id"], made["name"], made["scope"], made["revoked"]) == (1, "news desk", "edit", None)
    assert made["key"].startswith(f"{made['prefix']}_")
    told = onestory("keys", "add", "boss", "--scope", "admin", home=home).stdout
    assert told.startswith("key 2 with scope admin, shown only this once: onestory_")
    listed = onestory("keys", "list", home=home).stdout
    assert "news desk" in listed
    assert made["prefix"] in listed
    # The former names, for one release.
    assert (made["begins"], made["is_given"]) == (made["prefix"], made["from_environment"])
    assert made["key"] not in listed
    assert onestory("keys", "revoke", "1", home=home).stdout == "key 1 is revoked\n"
    rows = [json.loads(line) for line in onestory("keys", "list", "--json", home=home).stdout.splitlines()]
    assert [row["revoked"] is not None for row in rows] == [True, False]
    last = onestory("keys", "revoke", "2", "--json", home=home)
    assert json.loads(last.stdout)["id"] == 2
    assert "no admin key left" in last.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("keys", "add", "x"), "--scope"),
        (("keys", "add", "x", "--scope", "king"), "choose from read, edit, admin"),
        (("keys", "add", "a\x1b[31m", "--scope", "read"), "printable characters"),
        (("keys", "revoke", "7"), "there is no key 7"),
        (("serve", "--host", "0.0.0.0", "--port", "0"), "onestory keys add NAME --scope admin"),
        (("run", "--host", "0.0.0.0", "--port", "0"), "ONESTORY_ADMIN_KEY_FILE"),
    ],
)
def test_a_command_that_cannot_be_done_says_why(home: Path, arguments: tuple[str, ...], said: str) -> None:
    done = onestory(*arguments, home=home)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_on_loopback_behind_a_proxy_a_key_is_asked_for_at_the_start(home: Path) -> None:
    for settings in ({"ONESTORY_REQUIRE_KEYS": "1"}, {"ONESTORY_PUBLIC_URL": "https://desk.example"}):
        done = onestory("serve", "--port", "0", home=home, env=settings)
        assert done.returncode == 2
        assert "there is no admin key" in done.stderr


@pytest.mark.parametrize(
    ("host", "options", "asks"),
    [
        ("127.0.0.1", {}, False),
        ("::1", {}, False),
        ("localhost", {}, False),
        ("0.0.0.0", {}, True),
        ("::", {}, True),
        ("10.0.0.7", {}, True),
        ("", {}, True),
        ("127.0.0.1", {"require_keys": True}, True),
        ("127.0.0.1", {"public_url": "http://localhost:8000"}, False),
        ("127.0.0.1", {"public_url": "https://desk.example"}, True),
    ],
)
def test_where_keys_are_asked_for(host: str, options: dict[str, object], asks: bool) -> None:
    assert requires_keys(host, **options) == asks  # type: ignore[arg-type]


def test_migrate_makes_the_first_admin_key_only_where_it_is_asked_to(home: Path) -> None:
    assert "onestory_" not in onestory("migrate", home=home).stdout
    made = onestory("migrate", "--with-admin-key", home=home).stdout
    secret = made.rpartition(" ")[2].strip()
    assert "shown only this once" in made
    assert "onestory_" not in onestory("migrate", "--with-admin-key", home=home).stdout
    store = Store.open(f"sqlite:///{home / 'onestory.db'}")
    with store.read() as connection:
        found = find_key(connection, secret)
    store.close()
    assert found is not None
    assert (found.scope, found.name) == ("admin", "first admin")


def test_migrate_takes_up_the_key_of_a_file_and_prints_none(home: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{GIVEN}\n")
    done = onestory("migrate", "--with-admin-key", home=home, env={"ONESTORY_ADMIN_KEY_FILE": str(tmp_path / "key")})
    assert done.stdout.count("\n") == 1
    [row] = [json.loads(line) for line in onestory("keys", "list", "--json", home=home).stdout.splitlines()]
    assert (row["scope"], row["from_environment"], row["prefix"]) == ("admin", True, "")
    weak = onestory("migrate", home=home, env={"ONESTORY_ADMIN_KEY": "letmein"})
    assert (weak.returncode, "letmein" in weak.stderr) == (2, False)
    assert "openssl rand -hex 24" in weak.stderr


def test_an_empty_file_is_no_key(home: Path) -> None:
    done = onestory("migrate", "--with-admin-key", home=home, env={"ONESTORY_ADMIN_KEY_FILE": "/dev/null"})
    assert "the first admin key, shown only this once" in done.stdout


def test_a_key_by_the_api_from_its_making_to_its_end(served: Served) -> None:
    made = served.client.post("/v1/keys", json={"name": "wire", "scope": "admin"})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    [listed] = served.client.get("/v1/keys").json()["keys"]
    assert listed == {name: value for name, value in made.json().items() if name != "key"}
    again = served.client.post("/v1/keys", json={"name": "wire", "scope": "read"})
    assert (again.status_code, again.json()["reason"]) == (422, "bad_input")
    last = served.client.delete("/v1/keys/1")
    assert (last.status_code, "the last admin key" in last.json()["detail"]) == (422, True)
    served.client.post("/v1/keys", json={"name": "other", "scope": "admin"})
    assert served.client.delete("/v1/keys/1").status_code == 204
    assert served.client.delete("/v1/keys/9").status_code == 404


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"name": "x"},
        {"name": "", "scope": "read"},
        {"name": "x", "scope": "king"},
        {"name": "\x00", "scope": "read"},
        {"name": "x" * 101, "scope": "read"},
        {"name": "x", "scope": "read", "key": "mine"},
    ],
)
def test_what_cannot_be_a_key_is_refused(client: httpx.Client, question: dict[str, str]) -> None:
    assert client.post("/v1/keys", json=question).status_code == 422
    assert client.get("/v1/keys").json() == {"keys": []}


def token_of(client: httpx.Client) -> dict[str, str]:
    page = client.get("/settings").text
    return {"form_token": page.partition('name="form_token" value="')[2].partition('"')[0]}


def secret_in(page: str) -> str:
    return page.partition('class="secret" translate="no">')[2].partition("<")[0]


def test_a_key_made_on_the_page_is_shown_once_and_a_reload_makes_no_second(locked: Locked) -> None:
    with locked.signed_in("admin") as client:
        form = {"name": "Ada <Quill>", "scope": "edit", **token_of(client)}
        made = client.post("/settings/keys", data=form)
        secret = secret_in(made.text)
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        assert locked.client.get("/v1/stories", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
        again = client.post("/settings/keys", data=form)
        assert again.status_code == 422
        assert "there is already a key named" in again.text.lower()
        page = client.get("/settings")
        assert page.headers["cache-control"] == "no-store"
        assert secret not in again.text + page.text
        assert "Ada &lt;Quill&gt;" in page.text
        with locked.store.read() as connection:
            number = list_keys(connection)[-1].id
        assert client.post(f"/settings/keys/{number}/revoke", data=token_of(client)).status_code == 303
        assert locked.client.get("/v1/stories", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
        own = client.post(f"/settings/keys/{locked.keys['admin'].record.id}/revoke", data=token_of(client))
        assert (own.status_code, "the last admin key" in own.text) == (422, True)
        assert client.post("/settings/keys/99/revoke", data=token_of(client)).status_code == 404


def test_a_webhook_made_on_the_page_from_its_making_to_its_end(locked: Locked) -> None:
    with locked.signed_in("admin") as client:
        form = {"url": "https://hooks.example/in?key=1", "form": "slack", "kind": ["story.corrected"], "language": "en"}
        made = client.post("/settings/webhooks", data={**form, **token_of(client)})
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        secret = secret_in(made.text)
        assert secret.startswith("whsec_")
        again = client.post("/settings/webhooks", data={**form, **token_of(client)})
        assert (again.status_code, "already" in again.text) == (422, True)
        assert secret not in again.text + client.get("/settings").text
        with locked.store.read() as connection:
            [hook] = list_webhooks(connection)
        assert (hook.form, hook.kinds, hook.language, hook.outlet) == ("slack", ("story.corrected",), "en", None)
        tested = client.post("/settings/webhooks/1/test", data=token_of(client))
        assert tested.headers["location"] == "/settings?tested=1#webhooks"
        assert client.post("/settings/webhooks/1/enable", data=token_of(client)).status_code == 303
        assert client.post("/settings/webhooks/1/remove", data=token_of(client)).status_code == 303
        assert client.post("/settings/webhooks/1/remove", data=token_of(client)).status_code == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "URL"),
        ({"url": "nonsense"}, "nonsense"),
        ({"url": "ftp://a.example/"}, "ftp"),
        ({"url": "http://127.0.0.1/", "form": "fax"}, "Form: "),
        ({"url": "https://a.example", "kind": "story.exploded"}, "Kinds: "),
        ({"url": "https://a.example", "watch": "many"}, "Watch"),
        ({"url": "https://a.example", "language": "English"}, "Language: "),
        ({"url": "https://a.example/" + "x" * 3000}, "Url: "),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_and_what_was_typed_stays(
    served: Served, form: dict[str, str], said: str
) -> None:
    answer = served.client.post("/settings/webhooks", data={"outlet": "Bay <News>", **form})
    assert answer.status_code == 422
    assert "The webhook was not added" in answer.text
    assert said in answer.text
    assert 'value="Bay &lt;News&gt;"' in answer.text
    assert WebhookRequest.model_fields.keys() == {"url", "form", "kinds", "watch_id", "outlet", "language"}
