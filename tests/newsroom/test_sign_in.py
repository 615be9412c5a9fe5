"""Signing in by key: the session's cookie, where it leads, how it ends, and what it may be mistaken for."""

import re
from datetime import timedelta
from http.cookies import SimpleCookie

import anyio
import httpx2 as httpx
import pytest

from onestory.newsroom.access.key_cache import KeyCache
from onestory.newsroom.pages.redirects import safe_return_path
from onestory.store.access.api_keys import revoke_key
from onestory.store.access.sessions import SESSION_LIFETIME
from onestory.store.database import Store
from tests.newsroom.locked import Locked, locked_desk
from tests.newsroom.news import BRIDGE, NOON, put, story_of
from tests.readings import fresh_registry
from tests.waiting import wait_until


def sign_in(desk: Locked, *, back: str = "/", scope: str = "edit", **headers: str) -> httpx.Response:
    data = {"key": f" {desk.keys[scope].secret}\n", "back": back}
    return desk.client.post("/sign-in", data=data, headers=headers)


def morsel(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    [set_cookie] = answer.headers.get_list("set-cookie")
    [(name, told)] = SimpleCookie(set_cookie).items()
    return name, {**{key: str(value) for key, value in told.items() if value}, "value": told.value}


def test_who_signs_in_is_led_back_and_let_in_by_a_cookie_that_scripts_cannot_read(locked: Locked) -> None:
    answer = sign_in(locked, back="/sources?asked=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sources?asked=1")
    assert answer.headers["cache-control"] == "no-store"
    name, cookie = morsel(answer)
    assert name == "onestory_session"
    assert cookie["samesite"] == "lax"
    assert cookie["httponly"] == "True"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == str(int(SESSION_LIFETIME.total_seconds()))
    assert "domain" not in cookie
    assert locked.keys["edit"].secret not in cookie["value"]
    assert "Signed in as" in locked.client.get("/").text
    assert locked.client.get("/v1/stories").status_code == 200


def test_behind_tls_the_cookie_is_secure_and_no_other_host_can_plant_one(
    sqlite_store_url: str, redis_url: str, prefix: str
) -> None:
    store = Store.open(sqlite_store_url)
    with locked_desk(store, redis_url, prefix, public_url="https://desk.example") as desk:
        name, cookie = morsel(sign_in(desk, Host="desk.example"))
        assert name == "__Host-onestory_session"
        assert cookie["secure"] == "True"
        good = {"Host": "desk.example", "Cookie": f"{name}={cookie['value']}"}
        planted = {"Host": "desk.example", "Cookie": f"onestory_session={cookie['value']}"}
        assert desk.client.get("/v1/stories", headers=good).status_code == 200
        assert desk.client.get("/v1/stories", headers=planted).status_code == 401
        feed = desk.client.get("/v1/stories.json-feed", headers=good)
        assert feed.json()["home_page_url"] == "https://desk.example/"
        assert desk.client.get("/livez", headers={"Host": "other.example"}).status_code == 421
    store.close()


@pytest.mark.parametrize(
    "way",
    [
        "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "evil",
        "javascript:alert(1)", "/\t/evil.example", "/a\r\nSet-Cookie: x=y", "/é", "/ a", "", "/x" * 2000,
        "/sign-in", "/sign-in?back=/", "/sign-out", "/a\\b",
    ],
)  # fmt: skip
def test_nobody_is_led_elsewhere(locked: Locked, way: str) -> None:
    assert safe_return_path(way) == "/"
    answer = sign_in(locked, back=way)
    location = answer.headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "evil" not in location
    assert answer.headers.get("set-cookie", "").count("=") < 9
    assert "evil" not in locked.client.get("/sign-in", params={"back": way}).text


def test_what_was_wanted_is_shown_after_signing_in(locked: Locked) -> None:
    asked = "/?q=%22harbour+bridge%22&language=en"
    form = locked.client.get(asked).text
    assert 'name="back" value="/?q=%22harbour+bridge%22&amp;language=en"' in form
    assert 'name="back" value="/"' in locked.client.post("/watches", data={}).text
    assert sign_in(locked, back=asked).headers["location"] == asked


@pytest.mark.parametrize("key", ["", "wrong", "onestory_00000000_" + "0" * 48, "\x00", "a" * 100_000])
def test_a_wrong_key_signs_nobody_in_and_is_not_shown_again(locked: Locked, key: str) -> None:
    answer = locked.client.post("/sign-in", data={"key": key, "back": "/sources"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "Key not recognised or revoked" in answer.text
    assert 'value="/sources"' in answer.text
    assert len(key) < 2 or key not in answer.text


def test_a_revoked_key_and_one_that_never_was_are_told_alike(locked: Locked) -> None:
    with locked.store.write() as connection:
        revoke_key(connection, locked.keys["read"].record.id, now=NOON)
    revoked = sign_in(locked, scope="read")
    unknown = locked.client.post("/sign-in", data={"key": "onestory_00000000_" + "0" * 48})
    assert (revoked.status_code, revoked.text) == (unknown.status_code, unknown.text)


def test_another_site_signs_nobody_in(locked: Locked) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = locked.client.post("/sign-in", data={"key": locked.keys["edit"].secret}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_a_session_that_somebody_planted_is_not_the_one_that_begins(locked: Locked) -> None:
    locked.client.cookies.set("onestory_session", "planted", domain="127.0.0.1")
    planted = sign_in(locked)
    assert morsel(planted)[1]["value"] != "planted"
    first = morsel(planted)[1]["value"]
    locked.client.cookies.clear()
    headers = {"Cookie": f"onestory_session={first}"}
    second = morsel(sign_in(locked, **headers))[1]["value"]
    assert second != first
    wait_until(lambda: locked.client.get("/v1/stories", headers=headers).status_code == 401)


def token_of(client: httpx.Client) -> str:
    return client.get("/sources").text.partition('name="form_token" value="')[2].partition('"')[0]


def test_who_signs_out_is_out_at_once(locked: Locked) -> None:
    with locked.signed_in("read") as client:
        kept = client.cookies["onestory_session"]
        answer = client.post("/sign-out", data={"form_token": token_of(client)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert morsel(answer)[1].get("max-age", "0") == "0"
        client.cookies.clear()
        assert client.get("/v1/stories", headers={"Cookie": f"onestory_session={kept}"}).status_code == 401


def test_a_session_ends_with_the_revocation_of_its_key(locked: Locked) -> None:
    with locked.signed_in("edit") as client:
        assert client.get("/sources").status_code == 200
        number = locked.keys["edit"].record.id
        assert locked.client.delete(f"/v1/keys/{number}", headers=locked.bearer("admin")).status_code == 204
        assert client.get("/sources").status_code == 401


def test_a_session_ends_after_its_time(sqlite_store_url: str, redis_url: str, prefix: str) -> None:
    store = Store.open(sqlite_store_url)
    with locked_desk(store, redis_url, prefix) as desk, desk.signed_in("edit") as client:
        token = client.cookies["onestory_session"]
    keyring = KeyCache(store, clock=lambda: 0.0)
    began = NOON + timedelta(hours=2)

    async def asked() -> list[bool]:
        times = (began, began + SESSION_LIFETIME - timedelta(seconds=1), began + SESSION_LIFETIME)
        return [await keyring.session_of(token, now=now) is not None for now in times]

    assert anyio.run(asked) == [True, True, False]
    store.close()


@pytest.mark.parametrize("value", ["x", "", '"', "a" * 5000, "%00"])
def test_what_is_no_session_is_none(locked: Locked, value: str) -> None:
    assert locked.client.get("/v1/stories", headers={"Cookie": f"onestory_session={value}"}).status_code == 401


def test_a_key_is_in_no_address_and_in_no_log(locked: Locked, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    answer = sign_in(locked)
    locked.client.get("/v1/stories", headers=locked.bearer("read"))
    locked.client.get("/v1/stories", headers={"Authorization": "Bearer wrong-one"})
    secrets = [locked.keys["edit"].secret, locked.keys["read"].secret, "wrong-one", morsel(answer)[1]["value"]]
    # The client of this test logs what it sends; the server must not.
    said = " ".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    assert not any(secret in said for secret in secrets)
    assert locked.client.get(f"/sign-in?key={locked.keys['edit'].secret}").text.count("onestory_") == 0
    locked.client.cookies.clear()
    assert locked.client.get(f"/v1/stories?key={locked.keys['edit'].secret}").status_code == 401


def decide(editor: httpx.Client, path: str, form: dict[str, str]) -> httpx.Response:
    """See the effect of a decision, and confirm it."""
    shown = editor.post(path, data=form)
    assert shown.status_code == 200
    [digest] = re.findall(r'name="expected" value="(\w+)"', shown.text)
    return editor.post(path, data={**form, "expected": digest})


def test_what_a_reader_sees_and_what_an_editor_signs(locked: Locked, redis_url: str, prefix: str) -> None:
    index_client = fresh_registry(locked.store, redis_url, prefix)
    put(locked.store, index_client, story_of(BRIDGE, copies=3, name="bridge", title="Bridge to close"))
    index_client.index.redis.close()
    story = locked.client.get("/v1/stories", headers=locked.bearer("read")).json()["stories"][0]["id"]
    with locked.signed_in("read") as reader:
        page = reader.get(f"/stories/{story}").text
        assert "Decide:" not in page
        assert "checkbox" not in page
        assert "Add a watch" not in reader.get("/watches").text
        assert "Settings" not in page
        assert reader.get("/settings").status_code == 403
        token = token_of(reader)
        assert reader.post("/watches", data={"phrases": "a b", "form_token": token}).status_code == 403
        assert reader.post("/lookup", data={"text": BRIDGE, "form_token": token}).status_code == 200
    with locked.signed_in("edit") as editor:
        editor.cookies.set("onestory_who", "Somebody%20Else", domain="127.0.0.1")
        page = editor.get(f"/stories/{story}").text
        assert 'name="who" required maxlength="100" autocomplete="name" value="editer"' in page
        form = {"who": "editer", "why": "it had it first", "article": story, "form_token": token_of(editor)}
        assert decide(editor, f"/stories/{story}/pin", form).status_code == 303
        assert "by <bdi" in editor.get(f"/stories/{story}").text


def test_where_no_key_is_asked_for_the_page_says_so(client: httpx.Client) -> None:
    assert "No key is needed here" in client.get("/sign-in").text
    assert client.post("/sign-in", data={"key": "x", "back": "//evil.example"}).headers["location"] == "/"


def test_whoever_decides_under_another_name_signs_with_their_key_as_well(
    locked: Locked, redis_url: str, prefix: str
) -> None:
    index_client = fresh_registry(locked.store, redis_url, prefix)
    put(locked.store, index_client, story_of(BRIDGE, copies=1, name="bridge", title="Bridge to close"))
    index_client.index.redis.close()
    story = locked.client.get("/v1/stories", headers=locked.bearer("read")).json()["stories"][0]["id"]
    with locked.signed_in("edit") as editor:
        form = {"who": "Ada", "why": "it had it first", "article": story, "form_token": token_of(editor)}
        assert decide(editor, f"/stories/{story}/pin", form).status_code == 303
    order = {"who": "Ben", "why": "so it is", "article": story}
    answer = locked.client.post(f"/v1/stories/{story}/pin", json=order, headers=locked.bearer("edit"))
    assert answer.status_code == 200
    assert locked.client.post(f"/v1/stories/{story}/pin", json=order, headers=locked.bearer("read")).status_code == 403
    told = locked.client.get("/v1/decisions", headers=locked.bearer("read")).json()["decisions"]
    assert {one["who"] for one in told} == {"Ada (key editer)", "Ben (key editer)"}
