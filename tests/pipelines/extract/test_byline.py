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
        ("By Ada Quill and Ben Marsh", ["Ada Quill", "Ben Marsh"]),
        ("Ada Quill, Chief Political Correspondent, and Ben Marsh", ["Ada Quill", "Ben Marsh"]),
        ("Ada Quill - Harbour Post Staff", ["Ada Quill", "Harbour Post Staff"]),
        ("Ada Quill for the Harbour Post", ["Ada Quill"]),
        ("Ada Quill in Brussels and Ben Marsh in London", ["Ada Quill", "Ben Marsh"]),
        ("Sophie in 't Veld", ["Sophie in 't Veld"]),
        ("Ada Quill, Special to the Harbour Post", ["Ada Quill"]),
        ("Analysis by Ada Quill", ["Ada Quill"]),
        ("By Ada Quill, New York", ["Ada Quill"]),
        ("By Ada Quill, Hong Kong, and Ben Marsh, Washington, D.C.", ["Ada Quill", "Ben Marsh"]),
        ("Von Anna Meier, Frankfurt am Main", ["Anna Meier"]),
        ("Par Luc Moreau, envoyé spécial à Kiev", ["Luc Moreau"]),
        ("Ada Quill, Sri Mulyani, Jack London", ["Ada Quill", "Sri Mulyani", "Jack London"]),
        ("ada quill, ben marsh", ["ada quill", "ben marsh"]),
        ("Ada Quill, as told to Ben Marsh", ["Ada Quill", "Ben Marsh"]),
        ("Ada Quill and", ["Ada Quill"]),
        ("Deur Jan van der Merwe", ["Jan van der Merwe"]),
        ("Napsala Jana Nováková", ["Jana Nováková"]),
        ("文・山田太郎", ["山田太郎"]),
        ("""['Ada Quill', "Seán O'Mara"]""", ["Ada Quill", "Seán O'Mara"]),
        ("Words by Ada Quill; Photographs by Cora Lind", ["Ada Quill"]),
        ("Text: Ada Quill, Fotos: Cora Lind", ["Ada Quill"]),
        ("Senior Political Reporter Ada Quill", ["Ada Quill"]),
        ("Ada Quill on January 5, 2026", ["Ada Quill"]),
        ("ada@harbourpost.example (Ada Quill)", ["Ada Quill"]),
        ("(Image: Harbour Pictures/Quayside)", []),
        ("Ada Quill, ADA QUILL", ["Ada Quill"]),
        ("记者：王小明 李小红", ["王小明", "李小红"]),
        ("홍길동 기자", ["홍길동"]),
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
    for told in ({"@id": "#p"}, "#p", [{"@id": "#p"}]):
        for holder in (person, {"@type": "WebPage", "author": person}):
            graph = {"@graph": [{"@type": "NewsArticle", "author": told}, holder]}
            script = f'<script type="application/ld+json">{orjson.dumps(graph).decode()}</script>'
            assert byline(script) == ["Ada Quill"]


@pytest.mark.parametrize(
    "author",
    [
        [[{"name": "Ada Quill"}], ["Ben Marsh"]],
        {"@list": [{"name": "Ada Quill"}, {"name": "Ben Marsh"}]},
        [{"name": "", "givenName": "Ada", "familyName": "Quill"}, {"alternateName": "Ben Marsh"}],
        [{"name": "undefined"}, {"name": "Ada Quill and Ben Marsh"}, {"name": "ADA QUILL"}],
    ],
)
def test_the_less_usual_forms_of_json_ld(author: object) -> None:
    assert byline(json_ld(author)) == ["Ada Quill", "Ben Marsh"]


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


@pytest.mark.parametrize(
    "shown",
    [
        "<p>By Ada Quill and Ben Marsh</p>",
        "<div>By <b>Ada Quill</b> and <b>Ben Marsh</b> | January 5, 2026</div>",
        "<p class='articleAuthor'>Ada Quill, Ben Marsh</p>",
        "<span id='byline'>By Ada Quill and Ben Marsh</span>",
        "<h5 data-testid='byline'>By Ada Quill and Ben Marsh</h5>",
        "<div class='author'>Ada Quill</div><div class='author'>Ben Marsh</div>",
        "<p property='schema:author'>Ada Quill</p><p property='schema:author'>Ben Marsh</p>",
        "<i itemprop='author'><meta itemprop='name' content='Ada Quill'></i><i itemprop='author'>Ben Marsh</i>",
        "<a rel='author' href='/a'>More by Ada Quill</a><a rel='author' href='/b'>View all posts by Ben Marsh</a>",
    ],
)
def test_a_page_shows_who_wrote_it_in_many_ways(shown: str) -> None:
    assert byline(before=shown) == ["Ada Quill", "Ben Marsh"]


def test_lines_that_begin_alike_name_nobody() -> None:
    assert byline(before="<p>By Friday the mayor wants an answer.</p>") == []
    assert byline(after="<div class='author-bio'>Ada Quill is a reporter who covers ports.</div>") == []


def test_a_page_made_with_wordpress_names_the_writer_for_cards() -> None:
    labels = "<meta name='twitter:label1' content='Written by'><meta name='twitter:data1' content='Ada Quill'>"
    assert byline("<meta name='author' content='a.quill@harbourpost.example'>" + labels) == ["Ada Quill"]
    outlet = "<meta name='author' content='harbourpost.com'>"
    assert byline(outlet, "<p class='author'>Ada Quill</p>") == ["Ada Quill"]


def test_who_comments_is_no_author() -> None:
    comment = "<div class='comments'><span class='author'>Sea Gull</span><p>They should have closed it.</p></div>"
    assert byline(after=comment) == []
