"""Pages that stand where an article was."""

import pytest

from onestory.pipelines.extract.soft_404 import soft_404

ARTICLE = "The council has removed the benches from the market square, a spokesman said. " * 6


@pytest.mark.parametrize(
    "text",
    [
        "This article has been removed. We apologise.",
        "Harbour to be dredged\nThis story is no longer available.",
        "Dieser Artikel wurde entfernt.",
        "Cet article n’est plus disponible.",
        "Este artículo ya no está disponible.",
        "Questo articolo è stato rimosso.",
        "Artikeln har tagits bort.",
        "Материал удалён по просьбе редакции.",
        "该文章已被删除。",
        "この記事は削除されました。",
        "삭제된 기사입니다.",
        "تم حذف هذا المقال.",
    ],
)
def test_an_outlets_word_that_it_took_an_article_away_is_a_removal_notice(text: str) -> None:
    assert soft_404("Harbour to be dredged in May", text) == "removal_notice"


@pytest.mark.parametrize("title", ["Page not found", "404 - Page not found", "Seite nicht gefunden", "页面不存在"])
def test_a_page_that_finds_nothing_is_not_found(title: str) -> None:
    assert soft_404(title, "Try the search.") == "not_found"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("This article has been removed: how outlets unpublish", ARTICLE),
        ("Just a moment...", "Checking your browser"),
        ("Access denied", "You do not have permission."),
        ("404 dead in flood", "Rescuers counted 404 dead."),
        ("Sign in to read on", "This article is for subscribers."),
        ("Minister removed", "The article of the constitution was removed by parliament on Monday."),
        (None, ""),
    ],
)
def test_whatever_else_a_short_page_says_it_says_nothing_of_the_article(title: str | None, text: str) -> None:
    assert soft_404(title, text) is None
