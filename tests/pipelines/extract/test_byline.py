"""Who wrote an article: people, told from organisations, roles and outlets."""

from datetime import UTC, datetime

import orjson
import pytest

from onestory.pipelines.extract.people import people
from onestory.pipelines.extractor import extract
from onestory.store.articles.captures import Capture

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BODY = "".join(
    f"<p>Engineers closed bridge number {n} on Tuesday after a crack was found, officials said.</p>" for n in range(9)
)


def byline(head: str = "", before: str = "", after: str = "") -> list[str]:
    html = (
        f"<html><head><title>Bridge shut</title>{head}</head><body><article><h1>Bridge shut</h1>{before}{BODY}{after}"
    )
    return list(extract(Capture(url="https://www.harbourpost.example/a", observed=NOW, body=html.encode())).byline)


def json_ld(author: object, **more: object) -> str:
    node = {"@type": "NewsArticle", "headline": "Bridge shut", "author": author, **more}
    return f'<script type="application/ld+json">{orjson.dumps(node).decode()}</script>'


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (
            "By Ada Quill, Seán O'Mara, Ben Marsh and Rena Coe, HNN",
            ["Ada Quill", "Seán O'Mara", "Ben Marsh", "Rena Coe"],
        ),
        ("José Ortega y Vela", ["José Ortega y Vela"]),
        ("Karl von und zu Steinach", ["Karl von und zu Steinach"]),
        ("Ana García Ruiz y Luis Pérez Soto", ["Ana García Ruiz", "Luis Pérez Soto"]),
        ("Anna Meier und Karl von Stein", ["Anna Meier", "Karl von Stein"]),
        ("Quill, Ada", ["Ada Quill"]),
        ("Ada Quill, Jr., PhD", ["Ada Quill Jr"]),
        ("Ada Quill (@adaquill); Ben Marsh", ["Ada Quill", "Ben Marsh"]),
        ("Ada Quill | Senior Reporter", ["Ada Quill", "Senior Reporter"]),
        ("Ada Quill, Senior Political Reporter, Harbour Post", ["Ada Quill"]),
        ("von Anna Meier, Berlin", ["Anna Meier"]),
        ("https://www.harbourpost.example/ada", []),
        ("Reuters", ["Reuters"]),
    ],
)
def test_a_field_is_read_into_people(field: str, expected: list[str]) -> None:
    assert people(field, outlet="Harbour Post") == expected


def test_the_forms_of_json_ld() -> None:
    assert byline(json_ld({"@type": "Person", "name": {"@type": "Person", "name": "Ada Quill"}})) == ["Ada Quill"]
    assert byline(json_ld({"@type": "Person", "givenName": "Ada", "familyName": "Quill"})) == ["Ada Quill"]
    assert byline(json_ld(["Ada Quill", "Ben Marsh"])) == ["Ada Quill", "Ben Marsh"]
    person = {"@type": "Person", "@id": "#p", "name": "Ada Quill"}
    graph = {"@graph": [{"@type": "NewsArticle", "author": {"@id": "#p"}}, person]}
    assert byline(f'<script type="application/ld+json">{orjson.dumps(graph).decode()}</script>') == ["Ada Quill"]


def test_a_person_goes_before_an_organisation_wherever_it_stands() -> None:
    outlet = {"@type": "Organization", "name": "Harbour Post"}
    assert byline(json_ld([outlet, {"@type": "Person", "name": "Ada Quill"}])) == ["Ada Quill"]
    assert byline(json_ld(outlet), before="<p class='byline'>By Ada Quill</p>") == ["Ada Quill"]
    assert byline(json_ld(outlet)) == ["Harbour Post"]


def test_what_only_the_page_shows() -> None:
    linked = "<p>By <a rel='author' href='/ada'>Ada Quill</a> and <a rel='author' href='/ben'>Ben Marsh</a></p>"
    assert byline(before=linked) == ["Ada Quill", "Ben Marsh"]
    item = "<div itemprop='author'><span itemprop='name'>Ada Quill</span>, <span>Senior Reporter</span></div>"
    assert byline(before=item) == ["Ada Quill"]
    assert byline(before="<div class='author-name'>Ada Quill</div><span>5 January</span>") == ["Ada Quill"]


def test_who_comments_is_no_author() -> None:
    comment = "<div class='comments'><span class='author'>Sea Gull</span><p>They should have closed it.</p></div>"
    assert byline(after=comment) == []
