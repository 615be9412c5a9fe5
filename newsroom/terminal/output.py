"""Records as lines for a terminal."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from onestory.store.stories.records import StoryRecord
from onestory.text import printable

__all__ = ["bracket_spans", "print_stories"]

output_console = Console(highlight=False)


def print_stories(records: Sequence[StoryRecord]) -> None:
    for record in records:
        spread = f"{plural(record.copies, 'copy', 'copies')} in {plural(record.outlets, 'outlet', 'outlets')}"
        first = f"first {format_time(record.first_seen)} at {printable(record.first_outlet)}"
        print_line(f"{record.id}  {spread:<24}  {first}")
        print_line(f"  {printable(record.title) or '(no headline)'}", style="bold")


def bracket_spans(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with its spans in square brackets, on one line."""
    parts, at = [], 0
    for start, end in spans:
        parts += [_piece(text[at:start]), "[", printable(text[start:end]), "]"]
        at = end
    return " ".join("".join([*parts, _piece(text[at:])]).split())


def _piece(text: str) -> str:
    """Apart from its neighbours where it was."""
    return f"{' ' * text[:1].isspace()}{printable(text)}{' ' * text[-1:].isspace()}"


def print_line(line: str, *, style: str = "") -> None:
    """A line that the terminal may wrap; piped, it stays one line."""
    output_console.print(Text(line, style=style), soft_wrap=True)


def format_time(time: datetime | None) -> str:
    return "" if time is None else time.strftime("%Y-%m-%d %H:%M")


def plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
