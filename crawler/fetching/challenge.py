"""Challenge pages (CAPTCHA, browser checks), which are refusals with any status.

Two services declare them in a header: Cloudflare with `cf-mitigated: challenge`, AWS WAF with `x-amzn-waf-action`.
Others are recognised by their content: a script that tests the browser, and almost no text.
"""

import re
from collections.abc import Sequence

__all__ = ["detect_challenge"]

HEADERS = {"cf-mitigated": ("challenge",), "x-amzn-waf-action": ("challenge", "captcha")}
# A page with more text than this, in bytes, is a page, whatever scripts it loads.
MOST_READ_BYTES = 1_500
READ_BYTES = 131_072
# Elements of CAPTCHA services; one is enough on a page with no other text.
PARTS = re.compile(
    rb"(?i)cdn-cgi/challenge-platform|_cf_chl_opt|challenges\.cloudflare\.com|captcha|_Incapsula_Resource"
    rb"|\.awswaf\.com|ddos-guard/js-challenge|/_sec/cp_challenge|validate\.perfdrive\.com|\.within\.website/x/cmd/anubis"
)
# The texts of such pages, in the most common languages of these services.
WORDS = re.compile(
    "(?i)just a moment\\.\\.\\.|checking your browser|checking if the site connection is secure"
    "|verify(ing)? (that )?you are (a )?human|enable javascript and cookies to continue|pardon our interruption"
    "|are you a robot|attention required! \\| cloudflare|un instant…|un momento…|einen moment…"
    "|vérifi(er|cation) que vous êtes humain|überprüfen, (ob|dass) sie ein mensch|verifica que eres (un )?humano"
    "|verifique (se|que) você é humano|(не робот|вы человек)|人間であること|您是(否)?(是)?(人类|真人)"
)
UNREAD = re.compile(rb"(?is)<(script|style|svg|template)\b.*?(</\1\s*>|\Z)|<!--.*?(-->|\Z)|<[^<>]{0,4096}>")
IS_HTML = re.compile(rb"(?i)<!doctype html|<html\b|<head\b|<body\b")


def detect_challenge(headers: Sequence[tuple[str, str]], body: bytes) -> str | None:
    """Why this response is a challenge, in plain words; None if it is not."""
    for name, value in headers:
        if value.strip().lower() in HEADERS.get(name.lower(), ()):
            return f"the server wants a browser to prove itself ({name.lower()}: {value.strip().lower()})"
    if not IS_HTML.search(body[:4_096]) or len(body) > READ_BYTES:
        return None
    read = b" ".join(UNREAD.sub(b" ", body).split())
    if len(read) > MOST_READ_BYTES or not (PARTS.search(body) or WORDS.search(read.decode("utf-8", "replace"))):
        return None
    return "the server answers with a page that wants a browser, or a person, to prove itself"
