"""Corrections: how much of the text each new version changed."""

from collections.abc import Sequence

from sqlalchemy import Connection

from onestory.pipelines.versions.word_diff import word_diff
from onestory.store.articles.history import VersionDiff, save_version_diffs, titles_and_texts
from onestory.store.articles.save import SaveResult
from onestory.store.articles.unrelated import is_unrelated

__all__ = ["record_corrections", "version_diff"]


def record_corrections(connection: Connection, saved: Sequence[SaveResult]) -> None:
    """Record what each new version changed, in the transaction that stores it.

    Nothing is recorded beside a text that is no longer kept.
    """
    pairs = {one.number: one.replaces for one in saved if one.number is not None and one.replaces is not None}
    if not pairs:
        return
    told = titles_and_texts(connection, {*pairs, *pairs.values()})
    changes = {
        number: version_diff(told[before], told[number], of=before)
        for number, before in pairs.items()
        if before in told and number in told and told[before][1] and told[number][1]
    }
    save_version_diffs(connection, changes)


def version_diff(before: tuple[str | None, str], after: tuple[str | None, str], *, of: int) -> VersionDiff:
    """The difference between an earlier headline and text, version `of`, and the later ones."""
    changes = word_diff(before[1], after[1])
    return VersionDiff(
        of,
        title_changed=before[0] != after[0],
        kept=changes.kept,
        added=changes.added,
        removed=changes.removed,
        moved=changes.moved,
        is_unrelated=is_unrelated(before, after),
    )
