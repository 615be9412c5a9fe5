"""Replace stored texts by better ones of the same content. Every step may be repeated after a crash."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from onestory.dedupe.signature import Signature
from onestory.pipelines.stories.attach import attach, evaluate
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.text_replacement import (
    ReplacementText,
    VersionRow,
    replace_facts,
    replace_texts,
    version_rows,
)
from onestory.store.articles.versions import VersionText, reopen_versions, unattached_versions, version_texts
from onestory.store.database import Store

__all__ = ["attach_unattached", "rewrite_versions"]

BATCH = 128


def rewrite_versions(store: Store, index_client: IndexClient, new: Sequence[ReplacementText], *, now: datetime) -> int:
    """Replace the texts of these version numbers and evaluate their stories again; return how many changed.

    After a crash the next run completes it: a version is marked as not attached before it is changed, and the versions
    it was compared with are marked with it.
    """
    with store.read() as connection:
        before = {kept.number: kept for kept in version_rows(connection, [text.number for text in new])}
    told = [text for text in new if text.number in before and _is_told_anew(before[text.number], text)]
    changed = [text for text in told if text.content_digest != before[text.number].content_digest]
    _retell(store, [text for text in told if text not in changed], before.values(), now=now)
    if changed:
        old = [(text.number, Signature.from_bytes(before[text.number].signature)) for text in changed]
        with store.write() as connection:
            reopen_versions(connection, [text.number for text in changed])
        index_client.forget(old)
        with store.write() as connection:
            reopened = replace_texts(connection, changed, now=now)
        # Another process may have registered the old ones meanwhile.
        index_client.forget(old)
        attach(store, index_client, _versions(store, reopened), now=now)
    return len(told)


def attach_unattached(store: Store, index_client: IndexClient, *, now: datetime) -> None:
    """Attach what is stored but not attached, whichever process left it."""
    while True:
        with store.read() as connection:
            versions = unattached_versions(connection, limit=BATCH)
        if not versions:
            return
        attach(store, index_client, versions, now=now)


def _is_told_anew(kept: VersionRow, text: ReplacementText) -> bool:
    return (kept.content_digest, kept.facts, kept.extractor) != (text.content_digest, dict(text.facts), text.extractor)


def _retell(store: Store, same: Sequence[ReplacementText], before: Iterable[VersionRow], *, now: datetime) -> None:
    if not same:
        return
    numbers = {text.number for text in same}
    with store.write() as connection:
        replace_facts(connection, same, now=now)
    evaluate(store, {kept.article_id for kept in before if kept.number in numbers}, now=now)


def _versions(store: Store, numbers: Sequence[int]) -> list[VersionText]:
    with store.read() as connection:
        return version_texts(connection, numbers)
