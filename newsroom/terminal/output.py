"""Printing of records on a terminal."""

from datetime import datetime

from rich.console import Console
from rich.text import Text

from onestory.text import plural

__all__ = ["format_time", "output_console", "plural", "print_line"]

output_console = Console(highlight=False)


def print_line(line: str, *, style: str = "") -> None:
    """Print a line. A terminal may wrap it; in a pipe it stays one line."""
    output_console.print(Text(line, style=style), soft_wrap=True)


def format_time(time: datetime | None) -> str:
    return "" if time is None else time.strftime("%Y-%m-%d %H:%M")
