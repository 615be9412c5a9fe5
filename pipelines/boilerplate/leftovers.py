"""Lines that are not part of the text: values left by templates, and contact blocks of press releases."""

import re

__all__ = ["is_below_release", "is_counter", "is_reading_time", "is_stamp", "is_value"]

MAX_LINE_CHARS = 300
MAX_COUNTER_CHARS, MAX_TIME_CHARS = 60, 40
_READING_TIME = re.compile(
    r"(?i)\W*(?:reading time\W+|lesezeit\W+|temps de lecture\W+)?\d{1,3}[ -]?min(?:ut\w{0,2})?s?\.?"
    r"(?:\s(?:de\s|di\s)?(?:read(?:ing time)?|lesezeit|lecture|lectura|leitura|lettura|leestijd|lezen|lästid))?\W*"
)
_ADDRESS_OF_PICTURE = r"https?://\S+\.(?:jpe?g|png|gif|webp|svg|avif)(?:\?\S*)?"
_STAMP = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
# `— Port Traffic (@pe_traffic) January 5, 2026` below an embedded post.
_SIGNED_POST = r"[—–-]\s?[^()]{1,60}\(@[\w.]{1,30}\)(?:\s[^()]{4,30}\d)?"
_VALUE = re.compile(rf"{_ADDRESS_OF_PICTURE}|pic\.twitter\.com/\w+|{_STAMP}|{_SIGNED_POST}")
_COUNTER = re.compile(
    r"\W*\d[\d.,]*\s?[kKmM]?\s(?:shares?|comments?|likes?|views?|reactions?|retweets?|tweets?|reads|claps|votes?|"
    r"kommentare?|mal geteilt|aufrufe|commentaires?|partages?|vues|comentarios?|compartidos|visitas|commenti|"
    r"condivisioni|reacties|comentários?|visualizações|komentarzy?|komentarze|комментари\w+|просмотр\w*|yorum)\W*",
    re.IGNORECASE,
)
_RELEASE_END = re.compile(
    r"(?:SOURCE:?\s+(?=[A-Z])|(?i:(?:media|press|investor|company|public|sales|pr)\s(?:relations\s)?(?:contacts?|"
    r"enquiries|inquiries)\s*:|(?:for (?:further|more|additional) information[^.]{0,60}(?:contact|visit)\b)|"
    r"view original content|view source version on|pressekontakt|contacts? (?:presse|médias)|contacto de prensa))"
)
# `CONTACT: Jane Doe, press@works.example, +1 555 0100`
_REACHED = re.compile(r"(?i)(?:contacts?|kontakt|contacto|contatti)\s*[:,–-][^.]{0,200}(?:@|\d{3}[\s-]?\d{2})")

_AGO = re.compile(
    r"(?i)\W*(?:(?:last )?(?:updated|modified|published|posted|aktualisiert|publié|mis à jour|actualizado)\W+)?"
    r"(?:(?:\d{1,3}|an?|one) ?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?|months?) ago|"
    r"(?:vor|hace|há|il y a) (?:\d{1,3}|einer|einem|una?|un|uma?) \w{1,10}\.?|"
    r"\d{1,3} \w{1,10} (?:fa|geleden|sedan|siden|temu|назад|тому|önce|lalu|sitten)|"
    r"\d{1,3} ?(?:分钟前|小时前|天前|分鐘前|小時前|分前|時間前|日前|분 전|시간 전|일 전))\W*"
)
_STAMP_LABEL = re.compile(
    r"(?i)\W*(?:(?:last|latest|first) )?(?:updated?|modified|edited|published|posted|aktualisiert|zuletzt aktualisiert|"
    r"letzte aktualisierung|stand|veröffentlicht|erstellt|mis à jour|dernière mise à jour|publié|actualizado|"
    r"última actualización|publicado|atualizado|aggiornato|ultimo aggiornamento|pubblicato|bijgewerkt|"
    r"laatst bijgewerkt|uppdaterad|publicerad|oppdatert|opdateret|päivitetty|julkaistu|aktualizacja|opublikowano|"
    r"aktualizováno|обновлено|опубликовано|оновлено|güncelleme|yayınlanma|son güncelleme|diperbarui|"
    r"更新[日于]?|최종수정|입력|수정)\b"
)
_LONG_WORD = re.compile(r"[^\W\d_]{3,}")
MAX_STAMP_CHARS, MAX_STAMP_WORDS = 90, 5


def is_stamp(line: str) -> bool:
    """When a page was published or changed, and nothing else: `Updated: 5 January 2026, 09:00`, `5 minutes ago`."""
    if len(line) > MAX_STAMP_CHARS:
        return False
    if _AGO.fullmatch(line):
        return True
    has_label = _STAMP_LABEL.match(line) is not None and any(map(str.isdigit, line))
    return has_label and len(_LONG_WORD.findall(line)) <= MAX_STAMP_WORDS


def is_value(line: str) -> bool:
    """A time, or the address of a picture."""
    return len(line) <= MAX_LINE_CHARS and _VALUE.fullmatch(line) is not None


def is_counter(line: str) -> bool:
    """A count of shares, comments or views."""
    return len(line) <= MAX_COUNTER_CHARS and _COUNTER.fullmatch(line) is not None


def is_reading_time(line: str) -> bool:
    """`3 min read`."""
    return len(line) <= MAX_TIME_CHARS and _READING_TIME.fullmatch(line) is not None


def is_below_release(line: str) -> bool:
    """Whether a line names the contact or the sender of a press release."""
    return len(line) <= MAX_LINE_CHARS and (_RELEASE_END.match(line) or _REACHED.match(line)) is not None
