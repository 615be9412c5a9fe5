"""The door towards other sites' pages, forms, proxies, and whoever is on the same machine."""

from importlib.resources import files

import httpx2 as httpx
import pytest

from onestory.newsroom.server.app import create_app
from onestory.newsroom.server.server import listen_on, serve_in_thread
from onestory.store.database import Store
from tests.newsroom.conftest import Served
from tests.newsroom.locked import Locked, asked, doors
from tests.readings import fresh_registry


def test_a_preflight_needs_no_key_and_no_other_site_gets_a_cookie_along(small: Locked) -> None:
    origin = {"Origin": "https://friend.example"}
    wish = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "Authorization"}
    preflight = small.client.options("/v1/stories", headers=wish)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://friend.example"
    assert "access-control-allow-credentials" not in preflight.headers
    refused = small.client.get("/v1/stories", headers=origin)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://friend.example"
    stranger = {**wish, "Origin": "https://evil.example"}
    assert "access-control-allow-origin" not in small.client.options("/v1/stories", headers=stranger).headers


def test_a_program_may_send_its_key_from_a_page_of_a_site_on_the_list(small: Locked) -> None:
    headers = {**small.bearer("edit"), "Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"}
    assert small.client.post("/v1/watches", json={"phrases": ["harbour bridge"]}, headers=headers).status_code == 201


def test_every_post_by_cookie_takes_the_token_of_the_form_and_our_own_page(small: Locked) -> None:
    """Each of both is asked for: none of these does anything."""
    with small.signed_in("admin") as client:
        page = client.get("/settings").text
        token = page.partition('name="form_token" value="')[2].partition('"')[0]
        assert len(token) == 64
        unsafe = [one for one in doors(small) if one[0] != "GET" and one[1].scope is not None]
        assert len(unsafe) > 20
        for method, need in unsafe:
            forms = [({}, {}), ({"form_token": "0" * 64}, {}), ({"form_token": token}, {"Sec-Fetch-Site": "same-site"})]
            forms += [({"form_token": token}, {"Origin": "https://evil.example"}), ({"form_token": "é"}, {})]
            for data, headers in forms:
                answer = client.request(method, asked(need), data=data, headers=headers)
                assert answer.status_code == 403, (method, need.path, data)
        assert client.get("/settings").status_code == 200
        assert client.post(
            "/v1/watches", json={"phrases": ["harbour bridge"]}, headers={"X-Form-Token": token}
        ).is_success
        assert client.post("/sources/987/try", data={"form_token": token}).status_code == 404


def test_every_form_of_our_pages_carries_the_token() -> None:
    for template in (files("onestory.newsroom") / "templates").iterdir():
        for form in template.read_text().split("<form ")[1:]:
            head = form.partition("</form>")[0]
            if 'method="post"' in head and "/sign-in" not in head:
                assert "{{ signed }}" in head, (template.name, head[:80])


def test_on_loopback_everybody_may_everything_except_what_other_sites_ask(served: Served) -> None:
    assert served.client.get("/v1/keys").status_code == 200
    assert served.client.get("/settings").status_code == 200
    for path, body in (("/v1/keys", {"name": "x", "scope": "read"}), ("/v1/webhooks", {"url": "https://a.example"})):
        theirs = {"Sec-Fetch-Site": "cross-site"}
        assert served.client.post(path, json=body, headers=theirs).status_code == 403
        assert served.client.post(path, json=body, headers={"Origin": "null"}).status_code == 403
        assert served.client.post(path, json=body).status_code == 201


@pytest.mark.parametrize("path", ["/compare?a=1&b=1", "/", "/v1/stories", "/v1/search?q=ferry", "/search?q=ferry"])
def test_what_other_sites_embed_is_refused_before_any_work(served: Served, path: str) -> None:
    kinds = (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe"))
    for site in ("cross-site", "same-site"):
        for mode, kind in kinds:
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": kind}
            answer = served.client.get(path, headers=headers)
            assert (answer.status_code, "other_site" in answer.text or "other sites" in answer.text) == (403, True)
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert served.client.get(path, headers=followed).status_code != 403
    for site in ("same-origin", "none"):
        assert served.client.get(path, headers={"Sec-Fetch-Site": site}).status_code != 403


def test_a_site_on_the_list_reads_the_api_where_no_key_is_asked_for(
    sqlite_store_url: str, redis_url: str, prefix: str
) -> None:
    store = Store.open(sqlite_store_url)
    index_client = fresh_registry(store, redis_url, prefix)
    app = create_app(store, index_client, cors_origins=("https://friend.example",))
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(app, listening) as url:
        for origin, status in (("https://friend.example", 200), ("https://evil.example", 403)):
            headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
            assert httpx.get(f"{url}/v1/stories", headers=headers, trust_env=False).status_code == status
    index_client.index.redis.close()
    store.close()


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via", "CF-Connecting-IP"]
)
def test_what_a_proxy_passes_on_takes_a_key_on_loopback_too(client: httpx.Client, header: str) -> None:
    assert client.get("/v1/stories", headers={header: "203.0.113.9"}).status_code == 401
    assert client.get("/v1/stories").status_code == 200


@pytest.mark.parametrize(
    "options", [{"host": "0.0.0.0"}, {"public_url": "https://desk.example"}, {"require_keys": True}]
)
def test_off_loopback_and_where_it_is_wanted_keys_are_asked_for(
    sqlite_store_url: str, redis_url: str, prefix: str, options: dict[str, object]
) -> None:
    store = Store.open(sqlite_store_url)
    index_client = fresh_registry(store, redis_url, prefix)
    app = create_app(store, index_client, **options)  # type: ignore[arg-type]
    with listen_on("127.0.0.1", 0) as listening, serve_in_thread(app, listening) as url:
        assert httpx.get(f"{url}/v1/stories", trust_env=False).status_code == 401
        assert httpx.get(f"{url}/livez", trust_env=False).status_code == 200
    index_client.index.redis.close()
    store.close()
