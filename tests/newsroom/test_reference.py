"""The reference of the API at /docs."""

import httpx2 as httpx

from onestory.newsroom.pages.reference import operations_by_tag
from tests.newsroom.test_pages import read, words


def test_it_has_every_operation_with_its_scope_and_an_example(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    page = read(client.get("/docs"))
    listed = {one.get("id") for one in page.xpath("//details[@class='operation']")}
    assert listed == {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    assert {tag for tag, _, _ in operations_by_tag(document)} == {tag["name"] for tag in document["tags"]}
    lookup = words(page, "//details[@id='lookUpText']")
    assert "POST /v1/lookup" in lookup
    assert "Scope: read." in lookup
    assert '"passage_words"' in lookup
    assert not page.xpath("//@src[starts-with(., 'http')] | //link[starts-with(@href, 'http')]")
