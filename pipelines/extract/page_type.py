"""Pages that are no articles: recognised, and dropped with a reason that says what they are."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from onestory.errors import Dropped
from onestory.pipelines.extract.body import ArticleBody
from onestory.pipelines.extract.soft_404 import soft_404
from onestory.pipelines.literals import Literals, folded_case
from onestory.pipelines.markup.structured_data import Markup, article_body, types

__all__ = ["article_type", "non_article_type", "require_article"]

_SHORT_WORDS = 100
# The first paragraphs that a publisher shows of an article for subscribers; longer texts are mostly whole.
_TEASER_WORDS = 160
_LIVE = re.compile(
    r"(?:^|[/_\W-])(?:live[- ]?blogs?|live[- ]?ticker|live[- ]?updates?|"
    r"en-direct|minuto-a-minuto|liveverslag|direkte-?ticker)(?:$|[/_\W-])|"
    r"/live/|^\W*live\s*[:|–-]|[:|–-]\s*live$|\bas it happened\W*$",
    re.IGNORECASE,
)
_STUB_WORDS = 45
# A gallery consists mostly of captions. An article with as many pictures has more text.
_CAPTIONS_WORDS, _CAPTIONS_SHARE = 400, 0.6
_ERROR = re.compile(
    r"^\W*(?:error |http |fehler |erreur )?(?:404|403|410|50[0234])\b|\berror (?:404|403|410|50[0234])\b|"
    r"(?:page|site|article|file) (?:not found|can(?:no|')t be found|does not exist)|^not found$|^access denied|"
    r"^forbidden$|"
    r"^just a moment|^attention required|are you a robot|verify (?:that )?you are (?:a )?human|checking your browser|"
    r"enable javascript and cookies|too many requests|bad gateway|service unavailable|page introuvable|"
    r"seite (?:wurde )?nicht gefunden|página no encontrada|pagina non trovata|página não encontrada|"
    r"pagina niet gevonden|"
    r"sidan (?:kunde inte )?hitta|siden (?:blev|ble) ikke funnet|sivua ei löyt|nie znaleziono strony|sayfa bulunamadı|"
    r"страница не найдена|сторінку не знайдено|stránka nenalezena|页面不存在|找不到(?:页面|網頁|网页)|"
    r"ページが見つかりません|페이지를 찾을 수 없|الصفحة غير موجودة",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"\bcookies?\b|\bconsent\w*|\beinwillig\w*|\bzustimm\w*|\bdatenschutz\w*|\btracking\b|\bpersonali[sz]\w+ a\w+|"
    r"\bpartners?\b|\bpartnern\b|\bprivacy\b|\bconsentement\b|\bpartenaires\b|\bconsentimiento\b|\bsocios\b|"
    r"\bconsenso\b|\bconsentimento\b|\bparceiros\b|\btoestemming\b|\bsamtycke\b|\bsamtykke\w*|\bzgod[aęy]\b|"
    r"\bplik\w* cookie|\bçerez\w*|\bсогласи\w+|\bфайл\w* cookie|\bgdpr\b|\bdsgvo\b|\brgpd\b|\biab\b|"
    r"クッキー|쿠키|ملفات تعريف الارتباط",
    re.IGNORECASE,
)
# Every alternative of `_CONSENT` has one of them.
_CONSENT_STEMS = Literals(
    [
        *("cookie", "consen", "einwillig", "zustimm", "datenschutz", "tracking", "personali", "partner", "privacy"),
        *("partenaires", "socios", "parceiros", "toestemming", "samtyck", "samtykke", "zgod", "çerez", "согласи"),
        *("gdpr", "dsgvo", "rgpd", "iab", "クッキー", "쿠키", "ملفات تعريف الارتباط"),
    ]
)
_CONSENT_HITS = 4
_FRONT_PATH = re.compile(r"/?(?:index\.\w{3,5}|home/?|[a-z]{2}/?|[a-z]{2}[-_][a-z]{2}/?)?", re.IGNORECASE)

# One or two short names: articles have longer ones, or a number.
_SECTION_PATH = re.compile(r"(?:/[a-z]+(?:-[a-z]+){0,2}){1,2}/?", re.IGNORECASE)


def require_article(markup: Markup, *, title: str | None, text: str, body: ArticleBody) -> None:
    """Raises Dropped with the type of page if it is not an article."""
    reason = non_article_type(markup, title=title, text=text, body=body)
    if reason:
        raise Dropped(markup.url, reason, f"{title or 'untitled'}: {len(text.split())} words")


def non_article_type(markup: Markup, *, title: str | None, text: str, body: ArticleBody) -> str | None:
    """What the page is instead of an article; None for an article.

    removal_notice, not_found, error_page, consent_wall, section_front, video_stub or gallery.
    """
    words = _words(text)
    gone = soft_404(title or markup.title, text)
    if gone == "removal_notice" or (gone and not markup.article):
        return gone
    if not text.strip():
        return "empty"
    if words < _SHORT_WORDS and _ERROR.search((title or markup.title or text)[:120]):
        return "error_page" if not markup.article else None
    if _is_consent_wall(text, words):
        return "consent_wall"
    if _is_front(markup, body, text):
        return "section_front"
    return _stub(markup, words)


def _is_consent_wall(text: str, words: int) -> bool:
    """A page of nothing but a question about cookies: a dozen such words in a hundred."""
    if words >= 600 or _CONSENT_STEMS.count_in(folded_case(text)) < _CONSENT_HITS:
        return False
    hits = _CONSENT.findall(text)
    return len(hits) >= _CONSENT_HITS and len({hit.lower()[:6] for hit in hits}) >= 3 and len(hits) * 25 >= words


def _is_front(markup: Markup, body: ArticleBody, text: str) -> bool:
    if markup.article and "article" in " ".join(types(markup.article)):
        return False
    parts = urlsplit(markup.url)
    at_front = bool(_FRONT_PATH.fullmatch(parts.path)) and not parts.query
    article_like = (markup.first("og:type") or "").lower() == "article" or markup.first("article:published_time")
    if article_like:
        return False
    linked_share = body.linked_share
    is_list = linked_share >= 0.4 and _SECTION_PATH.fullmatch(parts.path) is not None and not parts.query
    prose = _paragraphs(text) if at_front or linked_share > 0.6 else 0
    return (at_front and prose < 5) or (linked_share > 0.6 and prose < 3) or is_list or body.is_of_teasers


def _paragraphs(text: str) -> int:
    return sum(len(line.split()) >= 25 for line in text.split("\n"))


@lru_cache(maxsize=1)
def _words(text: str) -> int:
    """The words of a text, of scripts without spaces by its characters; of one page, which several rules ask for."""
    return max(len(text.split()), len(text) // 6)


def _stub(markup: Markup, words: int) -> str | None:
    if words >= _STUB_WORDS:
        return None
    kinds = types(markup.article) | {kind for node in markup.nodes[:5] for kind in types(node)}
    page_type = (markup.first("og:type") or "").lower()
    if "articlebody" in {name.lower() for name in markup.article}:
        return None
    if page_type.startswith("video") or ("videoobject" in kinds and not any("article" in kind for kind in kinds)):
        return "video_stub"
    return "gallery" if kinds & {"imagegallery", "mediagallery"} else None


def article_type(markup: Markup, *, title: str | None, text: str, body: ArticleBody) -> str:
    """What is kept, by its markup, address and headline: article, live_blog, paywall_stub, gallery or video."""
    kinds = types(markup.article)
    words = _words(text)
    if "liveblogposting" in kinds or _LIVE.search(urlsplit(markup.url).path) or _LIVE.search(title or ""):
        return "live_blog"
    if words < _TEASER_WORDS and _is_walled(markup, words):
        return "paywall_stub"
    is_captions = words < _CAPTIONS_WORDS and body.captioned_share(text) >= _CAPTIONS_SHARE
    if kinds & {"imagegallery", "mediagallery"} or is_captions:
        return "gallery"
    page_type = (markup.first("og:type") or "").lower()
    if words < _SHORT_WORDS and (page_type.startswith("video") or "videoobject" in kinds):
        return "video"
    return "article"


def _is_walled(markup: Markup, words: int) -> bool:
    """The page says that it is not for everybody, and shows less than the whole that it names."""
    value = markup.article.get("isAccessibleForFree")
    closed = str(value).strip().lower().rsplit("/", 1)[-1] == "false" if value is not None else False
    tier = (markup.first("article:content_tier") or "").lower() in ("locked", "metered")
    whole = article_body(markup)
    return (closed or tier) and not (whole and len(whole.split()) <= words * 1.2)
