"""Pages that want a browser or a person to prove itself, told from pages."""

import time

import pytest

from onestory.crawler.fetching.challenge import detect_challenge

HEAD = '<!DOCTYPE html><html lang="en-US"><head><title>{title}</title></head><body>{body}</body></html>'
JUST_A_MOMENT = HEAD.format(
    title="Just a moment...", body="<noscript>Enable JavaScript and cookies to continue</noscript>"
)
PUZZLE = HEAD.format(
    title="north.example", body='<script src="https://geo.captcha-delivery.com/captcha/x.js"></script>'
)
GERMAN = HEAD.format(title="Einen Moment…", body="<p>Bitte warten Sie, wir prüfen Ihre Verbindung.</p>")
JAPANESE = HEAD.format(title="確認", body="<p>あなたが人間であることを確認してください。</p>")
STORY = "<p>" + "The council voted on Tuesday to keep the ferry, and nobody was surprised. " * 30 + "</p>"
JAPANESE_STORY = "<p>" + "市議会は火曜日にフェリーの存続を決め、驚いた者はいなかった。" * 40 + "</p>"
FORM = '<script src="https://www.google.com/recaptcha/api.js"></script>'
FEED = "<rss><channel><item><title>Just a moment... are you a robot?</title></item></channel></rss>"


@pytest.mark.parametrize("page", [JUST_A_MOMENT, PUZZLE, GERMAN, JAPANESE])
def test_a_page_that_only_asks_for_proof_is_a_challenge(page: str):
    assert "prove itself" in str(detect_challenge((), page.encode()))


@pytest.mark.parametrize(
    ("name", "value"),
    [("cf-mitigated", "challenge"), ("CF-Mitigated", " Challenge "), ("x-amzn-waf-action", "captcha")],
)
def test_a_header_that_says_so_is_enough(name: str, value: str):
    assert name.lower() in str(detect_challenge([("Server", "x"), (name, value)], b""))


@pytest.mark.parametrize(
    "page",
    [
        "",
        FEED,
        HEAD.format(title="Ferry stays", body=STORY + FORM),
        HEAD.format(title="渡し船は続く", body=JAPANESE_STORY + FORM),
        HEAD.format(title="Are you a robot? Test yourself", body=STORY),
        HEAD.format(title="Gone", body="<p>There is nothing here.</p>"),
        HEAD.format(title="Forbidden", body="<h1>403</h1>"),
    ],
)
def test_a_page_that_has_something_to_say_is_none(page: str):
    assert detect_challenge([("Content-Type", "text/html")], page.encode()) is None


@pytest.mark.parametrize("part", ["<", "<a ", "<script>", "<!--", "<script></scrip", "<svg", "überprüf", "&"])
def test_no_page_takes_long_to_judge(part: str):
    page = ("<!doctype html>" + part * 200_000).encode()[:131_000]
    began = time.perf_counter()
    detect_challenge((), page)
    assert time.perf_counter() - began < 1.0
