"""The door: nothing without a key, nothing above its scope, nothing by another site's page."""

import base64
import socket
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from onestory.newsroom.access.authentication import KEY_FAILURES_PER_MINUTE, SESSION_FAILURES_PER_MINUTE
from onestory.store.access.api_keys import list_keys, revoke_key
from onestory.store.database import Store
from tests.newsroom.locked import Locked, asked, doors, locked_desk
from tests.newsroom.news import NOON
from tests.waiting import LONGEST_WAIT, wait_until

OPEN = {"/livez", "/readyz", "/static/{name}", "/favicon.ico", "/sign-in"}
EDITS = {
    "/v1/watches", "/v1/watches/{watch_id}", "/v1/watches/{watch_id}/end", "/v1/sources/{source_id}/try",
    "/watches", "/watches/{watch_id}/end", "/sources/{source_id}/try",
    "/stories/{story_id}/merge", "/stories/{story_id}/split", "/stories/{story_id}/pin",
    "/stories/{story_id}/undo/{number}",
    "/v1/stories/{story_id}/merge", "/v1/stories/{story_id}/split", "/v1/stories/{story_id}/pin",
    "/v1/decisions/{number}/undo", "/v1/lookup/fetch", "/lookup/fetch", "/v1/dispatches",
    "/v1/news-events/{event_id}/merge", "/v1/news-events/{event_id}/split", "/v1/news-events/{event_id}/move",
    "/v1/news-events/{event_id}/label", "/v1/news-event-decisions/{number}/undo",
    "/news-events/{event_id}/merge", "/news-events/{event_id}/split", "/news-events/{event_id}/label",
    "/news-events/{event_id}/undo/{number}", "/news-events/{event_id}/follow",
}  # fmt: skip
READ_BY_POST = {"/mcp", "/lookup", "/v1/lookup", "/sign-out"}


def test_every_route_but_those_on_the_list_answers_401_without_a_key(small: Locked) -> None:
    for method, need in doors(small):
        answer = small.client.request(method, asked(need))
        if need.path in OPEN:
            assert answer.status_code != 401 or need.path == "/sign-in", need
            continue
        assert answer.status_code == 401, (method, need.path)
        assert answer.headers["www-authenticate"].startswith("Bearer "), need.path
        assert answer.headers["cache-control"] == "no-store"


FOR_ADMINISTRATORS = ("/v1/webhooks", "/v1/keys", "/v1/settings", "/v1/status", "/settings")
FOR_EDITORS = ("/searches", "/v1/searches", "/watches/{watch_id}/recipients", "/v1/watches/{watch_id}/recipients")


def _is_management(method: str, path: str) -> bool:
    """Sources and outlets are read by all, checked by editors, and changed by administrators."""
    is_managed = path.startswith(("/sources", "/v1/sources", "/outlet", "/v1/outlet"))
    return method != "GET" and is_managed and not path.endswith("/try")


def test_every_route_says_what_it_takes(small: Locked) -> None:
    """A new one that is not on a list here needs a thought, and takes an admin key until somebody had it."""
    for method, need in doors(small):
        if need.path in OPEN:
            expected = None
        elif need.path.startswith(FOR_ADMINISTRATORS) or _is_management(method, need.path):
            expected = "admin"
        elif need.path.startswith(FOR_EDITORS):
            expected = "read" if need.path == "/v1/searches" and method == "GET" else "edit"
        elif method == "GET" or need.path in READ_BY_POST:
            expected = "read"
        else:
            assert need.path in EDITS, (method, need.path)
            expected = "edit"
        assert need.scope == expected, (method, need.path)


def test_a_route_that_says_nothing_takes_an_admin_key(store: Store, redis_url: str, prefix: str) -> None:
    with locked_desk(store, redis_url, prefix) as desk:

        @desk.app.get("/v1/forgotten")
        def forgotten() -> str:
            return "secret"

        desk.app.mount("/apart", Starlette(routes=[Route("/deep/er", lambda _: PlainTextResponse("secret"))]))
        for path in ("/v1/forgotten", "/apart/deep/er"):
            for scope, status in (("read", 403), ("edit", 403), ("admin", 200)):
                assert desk.client.get(path, headers=desk.bearer(scope)).status_code == status
            assert desk.client.get(path).status_code == 401


def test_each_scope_may_what_it_says_and_what_those_before_it_may(small: Locked) -> None:
    for method, need in doors(small):
        if need.path.endswith("/stream"):
            continue
        for number, scope in enumerate(("read", "edit", "admin")):
            may = need.scope is None or number >= ("read", "edit", "admin").index(need.scope)
            answer = small.client.request(method, asked(need), headers=small.bearer(scope))
            is_refused = answer.status_code == 403
            assert is_refused != may or need.path == "/sign-in", (method, need.path, scope)
            if is_refused:
                assert f'scope="{need.scope}"' in answer.headers["www-authenticate"]


def test_what_is_nowhere_is_told_only_to_who_may_read(small: Locked) -> None:
    for path in ("/v1/nothing", "/nothing", "/V1/keys", "/v1//keys", "/v1/keys/", "/./settings", "/%73ettings/"):
        assert small.client.get(path).status_code == 401
        assert small.client.get(path, headers=small.bearer("read")).status_code in (403, 404)
    for method in ("PUT", "TRACE", "OPTIONS", "PROPFIND"):
        assert small.client.request(method, "/v1/keys").status_code == 401


@pytest.mark.parametrize(
    "target", ["/v1/%6beys", "/%76%31/keys", "/v1/x/../keys", "/v1/keys?x=/livez", "/livez/../v1/keys", "//v1/keys"]
)
def test_no_spelling_of_a_path_goes_around_the_door(small: Locked, target: str) -> None:
    """As a raw request, which no client library tidies up."""
    place = urlsplit(str(small.client.base_url))
    for authorization, statuses in (("", (b"401",)), (small.bearer("read")["Authorization"], (b"403", b"404"))):
        with socket.create_connection((place.hostname, place.port)) as opened:
            line = f"Authorization: {authorization}\r\n" if authorization else ""
            opened.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{line}Connection: close\r\n\r\n".encode())
            assert opened.recv(4096).split(b" ")[1] in statuses


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer x", "Bearer \xff", "Basic", "Basic !!", "Basic eA==", "Digest a=b", "x" * 5000, ""],
)
def test_what_is_no_key_is_no_key(small: Locked, value: str) -> None:
    headers = [(b"authorization", value.encode("latin-1"))]
    assert small.client.get("/v1/stories", headers=headers).status_code == 401


def test_two_keys_are_none(small: Locked) -> None:
    good = small.bearer("admin")["Authorization"].encode()
    headers = [(b"authorization", good), (b"authorization", good)]
    assert small.client.get("/v1/stories", headers=headers).status_code == 401


def test_the_scheme_is_written_in_any_case(small: Locked) -> None:
    value = small.bearer("read")["Authorization"].replace("Bearer", "bEARER")
    assert small.client.get("/v1/stories", headers={"Authorization": value}).status_code == 200


def test_a_refusal_is_a_problem_for_programs_and_a_page_for_people(small: Locked) -> None:
    api, page = small.client.get("/v1/stories"), small.client.get("/stories?x=1&y=%22")
    assert api.headers["content-type"] == "application/problem+json"
    assert (api.json()["reason"], api.json()["status"]) == ("unauthorized", 401)
    assert "text/html" in page.headers["content-type"]
    assert 'value="/stories?x=1&amp;y=%22"' in page.text
    assert "Main" not in page.text
    refused = small.client.get("/v1/keys", headers=small.bearer("read")).json()
    assert (refused["reason"], refused["scope"]) == ("insufficient_scope", "admin")


def test_head_is_as_get_is(small: Locked) -> None:
    assert small.client.head("/v1/stories").status_code == 401
    assert small.client.head("/v1/keys", headers=small.bearer("read")).status_code == 403
    assert small.client.head("/v1/stories", headers=small.bearer("read")).status_code == 200


def basic(secret: str, user: str = "reader") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}


def test_a_feed_reader_sends_its_key_as_a_password_and_may_read_by_it(small: Locked) -> None:
    asks = small.client.get("/v1/stories.atom").headers["www-authenticate"]
    assert "Bearer" in asks
    assert 'Basic realm="Onestory"' in asks
    assert "Basic" not in small.client.get("/").headers["www-authenticate"]
    headers = basic(small.keys["admin"].secret)
    for path in ("/v1/stories.atom", "/v1/stories.json-feed"):
        assert small.client.get(path, headers=headers).status_code == 200
    assert small.client.get("/v1/stories", headers=headers).status_code == 401
    assert small.app.state.strangers.keys.left("127.0.0.1") == KEY_FAILURES_PER_MINUTE
    assert small.client.post("/v1/watches", headers=headers, json={"phrases": ["a b"]}).status_code == 401


def test_a_revoked_key_is_refused_within_seconds(locked: Locked) -> None:
    headers = locked.bearer("edit")
    assert locked.client.get("/v1/stories", headers=headers).status_code == 200
    with locked.store.write() as connection:
        revoke_key(connection, locked.keys["edit"].record.id, now=NOON)
    wait_until(lambda: locked.client.get("/v1/stories", headers=headers).status_code == 401)


def test_a_key_that_is_revoked_here_is_refused_at_once(locked: Locked) -> None:
    headers = locked.bearer("edit")
    assert locked.client.get("/v1/stories", headers=headers).status_code == 200
    number = locked.keys["edit"].record.id
    assert locked.client.delete(f"/v1/keys/{number}", headers=locked.bearer("admin")).status_code == 204
    assert locked.client.get("/v1/stories", headers=headers).status_code == 401


def test_the_use_of_a_key_is_noted(locked: Locked) -> None:
    def used() -> bool:
        with locked.store.read() as connection:
            return list_keys(connection)[0].last_used is not None

    assert locked.client.get("/v1/stories", headers=locked.bearer("read")).status_code == 200
    wait_until(used)


def test_a_stream_ends_when_its_key_is_revoked(locked: Locked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onestory.newsroom.events.stream.KEEPALIVE_SECONDS", 0.2)
    with locked.client.stream(
        "GET", "/v1/events/stream", headers=locked.bearer("read"), timeout=LONGEST_WAIT
    ) as stream:
        lines = stream.iter_lines()
        next(line for line in lines if line.startswith(": beat"))
        with locked.store.write() as connection:
            revoke_key(connection, locked.keys["read"].record.id, now=NOON)
        assert list(lines)[-1] == ""


def test_many_wrong_keys_bar_an_address_and_not_those_who_were_let_in_before(small: Locked) -> None:
    assert small.client.get("/v1/stories", headers=small.bearer("read")).status_code == 200
    wrong = {"Authorization": "Bearer onestory_0_0"}
    statuses = [small.client.get("/v1/stories", headers=wrong).status_code for _ in range(KEY_FAILURES_PER_MINUTE + 3)]
    assert statuses[:KEY_FAILURES_PER_MINUTE] == [401] * KEY_FAILURES_PER_MINUTE
    barred = small.client.get("/v1/stories", headers=wrong)
    assert (barred.status_code, barred.json()["reason"]) == (429, "too_many_wrong_keys")
    assert barred.headers["retry-after"] == "60"
    assert small.client.post("/sign-in", data={"key": "onestory_0_0"}).status_code == 429
    assert small.client.get("/v1/stories", headers=small.bearer("read")).status_code == 200
    assert small.client.get("/v1/stories").status_code == 401


def test_many_wrong_keys_of_one_client_do_not_bar_the_keys_of_others_at_its_address(small: Locked) -> None:
    """Not even if they share its public prefix, and it was never used before."""
    prefix = small.keys["read"].record.prefix
    for number in range(2 * KEY_FAILURES_PER_MINUTE):
        wrong = {"Authorization": f"Bearer {prefix if number % 2 else f'onestory_{number:08x}'}_0"}
        expected = 401 if number < KEY_FAILURES_PER_MINUTE else 429
        assert small.client.get("/v1/stories", headers=wrong).status_code == expected
    assert small.client.get("/v1/stories", headers=small.bearer("read")).status_code == 200
    assert small.client.post("/sign-in", data={"key": small.keys["edit"].secret}).status_code == 303


def test_wrong_keys_beyond_the_limit_cost_no_query(small: Locked) -> None:
    keyring = small.app.state.keyring
    asked = []
    ask = keyring._ask
    keyring._ask = lambda *details: asked.append(details) or ask(*details)
    for number in range(3 * KEY_FAILURES_PER_MINUTE):
        small.client.get("/v1/stories", headers={"Authorization": f"Bearer onestory_0_{number}"})
    assert len(asked) == KEY_FAILURES_PER_MINUTE


def test_sessions_that_are_none_bar_an_address_and_not_who_is_signed_in(small: Locked) -> None:
    made_up = [{"Cookie": f"onestory_session=made-up-{number}"} for number in range(SESSION_FAILURES_PER_MINUTE + 3)]
    assert {small.client.get("/v1/stories", headers=headers).status_code for headers in made_up} == {401}
    assert small.app.state.strangers.sessions.left("127.0.0.1") < 1
    with small.signed_in("read") as client:
        assert client.get("/v1/stories").status_code == 200


def test_the_limit_is_each_keys_own(sqlite_store_url: str, redis_url: str, prefix: str) -> None:
    store = Store.open(sqlite_store_url)
    with locked_desk(store, redis_url, prefix, per_minute=2) as desk:
        asks = [desk.client.get("/v1/stories", headers=desk.bearer("read")).status_code for _ in range(3)]
        assert asks == [200, 200, 429]
        assert desk.client.get("/v1/stories", headers=desk.bearer("edit")).status_code == 200
    store.close()


def test_the_document_says_which_scope_each_operation_takes(small: Locked, client: httpx.Client) -> None:
    document = small.client.get("/openapi.json", headers=small.bearer("read")).json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    paths = document["paths"]
    assert paths["/v1/stories"]["get"]["security"] == [{"key": ["read"]}]
    assert paths["/v1/watches"]["post"]["security"] == [{"key": ["edit"]}]
    assert paths["/v1/keys/{number}"]["delete"]["security"] == [{"key": ["admin"]}]
    assert paths["/livez"]["get"]["security"] == []
    assert {"401", "403"} <= set(paths["/v1/stories"]["get"]["responses"])
    assert client.get("/openapi.json").json()["paths"]["/v1/stories"]["get"]["security"] == [{"key": ["read"]}, {}]
