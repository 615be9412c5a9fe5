"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["HomeOption", "JsonOption"]

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="The data folder; ONESTORY_HOME, else ./onestory-data.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one line a row.")]
