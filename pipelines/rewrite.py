"""Better texts of the same content into the store and the index. Every step may be done again after a crash."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dedupe.signature import Signature
from pipelines.attach import attach, evaluate
from pipelines.registry import Registry
from store.database import Store
from store.rewriting import Kept, NewText, kept_texts, replace_facts, replace_texts
from store.versions import VersionText, reopen_numbers, texts, unattached

__all__ = ["rewrite", "sweep"]

BATCH = 128


def rewrite(store: Store, registry: Registry, new: Sequence[NewText], *, now: datetime) -> int:
    """Puts the texts in place of those of the same version number, and evaluates the stories anew.

    Returns how many versions changed. Should we die on the way, the next sweep ends it: a version is marked as not
    attached before anything of it is changed, and those that it was compared with are when it is.
    """
    with store.read() as connection:
        before = {kept.number: kept for kept in kept_texts(connection, [text.number for text in new])}
    told = [text for text in new if text.number in before and _is_told_anew(before[text.number], text)]
    changed = [text for text in told if text.content_digest != before[text.number].content_digest]
    _retell(store, [text for text in told if text not in changed], before.values(), now=now)
    if changed:
        old = [(text.number, Signature.from_bytes(before[text.number].signature)) for text in changed]
        with store.write() as connection:
            reopen_numbers(connection, [text.number for text in changed])
        registry.forget(old)
        with store.write() as connection:
            reopened = replace_texts(connection, changed, now=now)
        # Somebody else's sweep may have registered the old ones meanwhile.
        registry.forget(old)
        attach(store, registry, _versions(store, reopened), now=now)
    return len(told)


def sweep(store: Store, registry: Registry, *, now: datetime) -> None:
    """Attaches what is stored and not attached, whoever left it."""
    while True:
        with store.read() as connection:
            versions = unattached(connection, limit=BATCH)
        if not versions:
            return
        attach(store, registry, versions, now=now)


def _is_told_anew(kept: Kept, text: NewText) -> bool:
    return (kept.content_digest, kept.facts, kept.extractor) != (text.content_digest, dict(text.facts), text.extractor)


def _retell(store: Store, same: Sequence[NewText], before: Iterable[Kept], *, now: datetime) -> None:
    if not same:
        return
    numbers = {text.number for text in same}
    with store.write() as connection:
        replace_facts(connection, same, now=now)
    evaluate(store, {kept.article_id for kept in before if kept.number in numbers}, now=now)


def _versions(store: Store, numbers: Sequence[int]) -> list[VersionText]:
    with store.read() as connection:
        return texts(connection, numbers)
