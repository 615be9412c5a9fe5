"""What a page is written in, whatever it says."""

import pytest

from onestory.pipelines.markup.charset import decode

TEXTS = {
    "cs": "Inženýři v úterý uzavřeli přístavní most poté, co byla při běžné prohlídce nalezena trhlina.",
    "pl": "Inżynierowie zamknęli we wtorek most portowy po tym, jak w jednym z głównych filarów znaleziono pęknięcie.",
    "ru": "Инженеры во вторник закрыли портовый мост после того, как в одной из главных опор нашли трещину.",
    "he": "המהנדסים סגרו ביום שלישי את גשר הנמל לאחר שנמצא סדק באחד העמודים הראשיים במהלך בדיקה שגרתית.",
    "el": "Οι μηχανικοί έκλεισαν την Τρίτη τη γέφυρα του λιμανιού αφού βρέθηκε ρωγμή σε έναν από τους πυλώνες.",
    "ja": "技師らは火曜日、定期点検で主橋脚の一つに亀裂が見つかったため、港の橋を閉鎖した。",
    "zh": "工程师周二在例行检查中发现一座主桥墩有裂缝后关闭了港口大桥。交通改道旧隧道。",
    "ko": "기술자들은 화요일 정기 점검에서 주 교각 하나에 균열이 발견되자 항구 다리를 폐쇄했다.",
    "de": "Die Brücke über die große Förde wurde am Dienstag für Wochen gesperrt, wie die Behörde erklärte.",
    "fr": "Le pont a été fermé mardi après la découverte d’une fissure, a déclaré la préfecture à la presse.",
}


def page(text: str, *, lang: str = "", meta: str = "") -> str:
    head = f"<meta charset='{meta}'>" if meta else ""
    return (
        f"<html{f' lang={lang!r}' if lang else ''}><head>{head}</head><body><p>{text}</p>{'<p>' + text + '</p>'}</body>"
    )


@pytest.mark.parametrize(
    ("language", "charset"),
    [
        ("cs", "iso8859-2"), ("cs", "cp1250"), ("pl", "cp1250"), ("ru", "cp1251"), ("ru", "koi8-r"), ("he", "cp1255"),
        ("el", "cp1253"), ("de", "cp1252"), ("fr", "cp1252"), ("ko", "cp949"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1"])
def test_a_page_without_a_label_or_with_a_false_one(language: str, charset: str, label: str) -> None:
    body = page(TEXTS[language], meta=label).encode(charset)
    assert TEXTS[language] in decode(body)
    assert TEXTS[language] in decode(body, content_type=f"text/html; charset={label}" if label else "text/html")


@pytest.mark.parametrize(
    ("language", "charset"), [("ja", "shift_jis"), ("ja", "euc_jp"), ("zh", "gb18030"), ("ko", "cp949")]
)
def test_east_asian_pages_that_name_their_language(language: str, charset: str) -> None:
    assert TEXTS[language] in decode(page(TEXTS[language], lang=language).encode(charset))


def test_a_stray_byte_leaves_a_page_what_it_is() -> None:
    for text in TEXTS.values():
        body = page(text, meta="utf-8").encode().replace(b"</body>", b"<p>\xa9 Harbour Post</p></body>")
        assert text in decode(body)
        assert "© Harbour Post" in decode(body)
        assert text in decode(body, content_type="text/html; charset=iso-8859-1")
    assert "café" in decode(page("café").encode()[:-3] + b"\xe2\x80")


def test_what_a_page_declares_is_believed_where_the_bytes_do_not_tell() -> None:
    assert "ż" in decode(page("ż", meta="cp1250").encode("cp1250"))
    assert "š" in decode(page("š š š š š š š").encode("cp1257"), content_type="text/html; charset=windows-1257")
    assert "“we are open”" in decode(page("At the café, “we are open”").encode("cp1252"))


def test_text_that_was_encoded_twice_is_repaired_where_that_is_certain() -> None:
    assert "the café’s owner" in decode(page("the cafÃ©â€™s owner").encode())
    for text in ("SÃO PAULO, 3 de março", "Â qui la faute ?", "Đường Â, Ê và Ô"):
        assert text in decode(page(text).encode())


def test_utf_16_without_a_mark() -> None:
    for charset in ("utf-16-le", "utf-16-be"):
        assert TEXTS["ru"] in decode(page(TEXTS["ru"]).encode(charset))


@pytest.mark.parametrize("label", ["utf-8", "iso-8859-1", "iso-2022-jp", ""])
def test_escapes_tell_a_page_in_iso_2022_jp(label: str) -> None:
    assert TEXTS["ja"] in decode(page(TEXTS["ja"], meta=label).encode("iso-2022-jp"))


def test_turkish_letters_stand_where_latin_1_has_icelandic_ones() -> None:
    text = "Mühendisler salı günü liman köprüsünü kapattı; işçiler ağır yağışta çalıştı."
    assert text in decode(page(text, lang="tr").encode("cp1254"), content_type="text/html; charset=iso-8859-1")
    turkish = page(text, meta="windows-1254").encode("cp1254")
    assert text in decode(turkish, content_type="text/html; charset=iso-8859-1")
    icelandic = "Verkfræðingar lokuðu brúnni á þriðjudag eftir að sprunga fannst í einni stoðinni, sögðu yfirvöld."
    assert icelandic in decode(page(icelandic, lang="is", meta="iso-8859-1").encode("cp1252"))


@pytest.mark.parametrize(
    ("text", "charset", "label"),
    [
        ("cs", "cp1250", "iso-8859-2"),
        ("de", "mac-roman", "macintosh"),
        ("zh", "gb18030", "big5"),
        ("tw", "big5hkscs", "gbk"),
    ],
)
def test_a_label_of_a_charset_that_fits_by_accident_is_left(text: str, charset: str, label: str) -> None:
    said = TEXTS.get(text) or "工程師週二在例行檢查中發現一座主橋墩有裂縫後關閉了港口大橋，交通改道舊隧道。"
    assert said in decode(page(said).encode(charset), content_type=f"text/html; charset={label}")
    assert said in decode(page(said).encode(charset), content_type=f"text/html; charset={charset}")
