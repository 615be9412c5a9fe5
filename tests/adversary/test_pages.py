"""Pages made to cost much: each names the bound it hits, or is read as any other."""

import gc
import time
from datetime import UTC, datetime

import pytest

from benchmarks.page_shapes import SHAPES, page
from onestory.errors import Dropped
from onestory.pipelines.boilerplate import clean
from onestory.pipelines.extract import body as bodies
from onestory.pipelines.extract import html
from onestory.pipelines.extract.preparation import prepare_tree
from onestory.pipelines.runtime.read_capture import read_captures_in_worker
from onestory.pipelines.runtime.workers import Workers
from onestory.store.articles.captures import Capture, ProcessedCapture


def end_of(body: bytes) -> ProcessedCapture | Dropped:
    [end] = read_captures_in_worker([Capture("https://x.example/n/1", datetime(2026, 11, 1, tzinfo=UTC), body=body)])
    return end


def why(body: bytes) -> str:
    end = end_of(body)
    assert isinstance(end, Dropped)
    return f"{end.reason}: {end.detail}"


@pytest.mark.parametrize("name", ["900k attributes on a tag", "20k attributes on a tag"])
def test_a_tag_of_very_many_attributes_is_dropped_before_it_is_parsed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "_parsed", None)
    assert "attributes, at most 500" in why(SHAPES[name](1))


def test_a_quoted_bracket_does_not_hide_attributes() -> None:
    hidden = " ".join(f'a{number}=">"' for number in range(70_000))
    assert "a tag of 70000 attributes" in why(page(f"<p {hidden}>x</p>"))


def test_a_script_with_many_comparisons_is_no_tag() -> None:
    script = "if (a<b " + "&& c=d " * 70_000 + ") x()"
    assert isinstance(end_of(page(f"<script>{script}</script>")), ProcessedCapture)


def test_many_tags_with_many_attributes_are_dropped() -> None:
    assert "attributes, at most 200000" in why(SHAPES["tags with 45 attributes"](1))


@pytest.mark.parametrize("name", ["long Thai text", "mixed scripts", "entity runs", "dots"])
def test_a_text_longer_than_any_book_is_dropped(name: str) -> None:
    assert "characters of text, at most 1000000" in why(SHAPES[name](4))


@pytest.mark.parametrize("name", ["same-key lines", "headline-like lines", "many classes", "time elements with dates"])
def test_a_page_of_too_many_elements_is_dropped(name: str) -> None:
    assert "elements, at most 20000" in why(SHAPES[name](4))


def test_dropping_twice_as_many_footnote_signs_takes_twice_as_long() -> None:
    def seconds(notes: int) -> float:
        tree = html.parse(page("<p>" + "word<sup>1</sup> " * notes + "</p>"), url="https://x.example/n/1")
        start = time.process_time()
        prepare_tree(tree)
        return time.process_time() - start

    few, many = (min(seconds(notes) for _ in range(3)) for notes in (4_000, 16_000))
    assert many < 8 * few  # four times when linear, sixteen when each one reads the text before it again


def test_notes_that_are_dropped_together_leave_the_text_around_them() -> None:
    tree = html.parse(page("<p>It said<sup>1</sup> so.<sup>[a]</sup></p>"), url="https://x.example/n/1")
    prepare_tree(tree)
    assert "It said so." in [one.text_content() for one in tree.iter("p")]


def test_the_models_of_a_worker_are_left_out_of_its_garbage_collections() -> None:
    with Workers(1) as workers:
        assert workers._pool.schedule(gc.get_freeze_count, (), seconds=60).result() > 50_000


def test_a_long_run_of_signs_is_never_asked_for_being_a_contact(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Pattern:
        def fullmatch(self, line: str) -> None:
            asked.append(len(line))

    monkeypatch.setattr(clean, "_CONTACT", Pattern())
    assert isinstance(end_of(SHAPES["exclamation marks"](1)), ProcessedCapture)
    assert asked
    assert max(asked) <= clean.MAX_CONTACT_CHARS


@pytest.mark.parametrize(("paragraphs", "is_fast"), [(100, False), (3_000, True)])
def test_a_page_of_very_many_blocks_gets_no_second_opinion(
    paragraphs: int, is_fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    real = bodies.bare_extraction

    def watched(*args: object, **options: object) -> object:
        asked.append(options["fast"])
        return real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(bodies, "bare_extraction", watched)
    assert isinstance(end_of(page("<p>A short line.</p>" * paragraphs)), ProcessedCapture)
    assert asked == [is_fast]
