"""Bodies that stand only in the state of a page's script, however frameworks write it down."""

import json

import pytest
from lxml.html import document_fromstring

from onestory.pipelines.markup.page_state import body_in_state

LINES = [
    "Engineers closed the harbour bridge on Tuesday after a crack was found in one of its main piers, officials said.",
    'Traffic was sent through the "old" tunnel, where queues of up to two hours built up before noon on both banks.',
    "The city expects repairs to last three weeks. A second inspection is planned for Friday, the office said.",
    "Shop owners on the north bank said that they had lost half of their customers within a day of the closure.",
]
BODY = "".join(f"<p>{line}</p>" for line in LINES)
SPANS = [{"_type": "block", "children": [{"text": line[:40]}, {"text": line[40:], "bold": True}]} for line in LINES]
LINKED = [
    {"type": "paragraph", "children": [{"text": line[:20]}, {"type": "link", "children": [{"text": line[20:]}]}]}
    for line in LINES
]


def read(script: str, kind: str = "") -> list[str]:
    found = body_in_state(document_fromstring(f"<html><body><script{kind}>{script}</script></body></html>"))
    return (found or "").split("\n")


@pytest.mark.parametrize(
    "state",
    [
        {"article": {"body": BODY}},
        {"article": {"paragraphs": LINES}},
        {"data": {"content_elements": [{"type": "text", "content": line} for line in LINES]}},
        {"blocks": [{"text": line} for line in LINES]},
        {"body": SPANS},
        {"nodes": LINKED},
        [{"data": 1}, {"body": 2}, BODY],
    ],
)
def test_json_in_any_shape(state: object) -> None:
    text = json.dumps(state).replace("</", "<\\/")
    assert read(text, " type='application/json' id='__NEXT_DATA__'") == LINES
    assert read(f"var a = 1; window.__INITIAL_STATE__ = {text}; window.b = 2;") == LINES
    assert read(f"window['__PRELOADED_STATE__']={text}") == LINES
    assert read(f"Fusion.contentCache={{}};Fusion.globalContent={text};Fusion.x=1") == LINES
    assert read(f"window.__DATA__=JSON.parse({json.dumps(text)});") == LINES


def test_the_expression_of_nuxt() -> None:
    body = json.dumps(BODY).replace("</", "<\\u002F")
    assert read(f"window.__NUXT__=(function(a,b){{return {{data:[{{article:{{body:{body}}}}}]}}}}(1,void 0));") == LINES
    single = BODY.replace("'", "\\'").replace("</", "<\\x2F")
    assert read(f"window.__NUXT__={{data:[{{article:{{body:'{single}'}}}}]}}") == LINES


def test_what_next_pushes_piece_by_piece() -> None:
    rows = f'1:["$","div",null,{{"children":"x"}}]\n2:T{len(BODY.encode()):x},{BODY}3:["$L1"]\n'
    pushed = "".join(f"self.__next_f.push([1,{json.dumps(rows[at : at + 90])}]);" for at in range(0, len(rows), 90))
    assert read(pushed.replace("</", "<\\/")) == LINES
    tree = "".join(f'{n}:["$","p",null,{{"children":{json.dumps(line)}}}]\n' for n, line in enumerate(LINES))
    assert read(f"self.__next_f.push([1,{json.dumps(tree)}])") == LINES


def test_a_page_without_a_state_has_no_body_in_it() -> None:
    assert read("var __x = 'nothing';") == [""]
    assert read('window.__STATE__ = {"a": "' + "b" * 900 + '"};') == [""]
