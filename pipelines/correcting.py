"""New versions beside the ones they follow: how much of the text they changed."""

from collections.abc import Sequence

from sqlalchemy import Connection

from pipelines.changes import changes_of
from store.articles import Saved
from store.history import Told, headlines_and_texts, note_changes

__all__ = ["compared", "tell_corrections"]


def tell_corrections(connection: Connection, saved: Sequence[Saved]) -> None:
    """Keeps with every version that follows another what it changed, in the transaction that stored it."""
    pairs = {one.number: one.replaces for one in saved if one.number is not None and one.replaces is not None}
    if not pairs:
        return
    told = headlines_and_texts(connection, {*pairs, *pairs.values()})
    changes = {
        number: compared(told[before], told[number], of=before)
        for number, before in pairs.items()
        if before in told and number in told
    }
    note_changes(connection, changes)


def compared(before: tuple[str | None, str], after: tuple[str | None, str], *, of: int) -> Told:
    """What the later headline and text changed of the earlier, which is version `of`."""
    changes = changes_of(before[1], after[1])
    return Told(of, before[0] != after[0], changes.kept, changes.added, changes.removed, changes.moved)
