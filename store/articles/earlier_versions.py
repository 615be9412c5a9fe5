"""Copies that run an earlier version of their story's original, word by word or nearly so."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, select

from onestory.store.queries import rows_in
from onestory.store.schema import articles, matches, versions

__all__ = ["EarlierVersion", "changed_articles", "copies_of_earlier_versions"]


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """The version of the original that a copy runs: the `version`th of `versions`, and its `number`."""

    version: int
    versions: int
    number: int


def changed_articles(connection: Connection) -> set[str]:
    """All articles with more than one version."""
    query = select(versions.c.article_id).group_by(versions.c.article_id).having(func.count() > 1)
    return set(connection.execute(query).scalars())


def copies_of_earlier_versions(
    connection: Connection, original: str, article_ids: Collection[str]
) -> dict[str, EarlierVersion]:
    """Those of these articles that are verbatim copies of an earlier version of the original, and closer to it than to
    the current one.
    """
    history = select(versions.c.number, versions.c.text_digest, versions.c.number == articles.c.version)
    history = history.join(articles, articles.c.id == versions.c.article_id).where(articles.c.id == original)
    known = connection.execute(history.order_by(versions.c.observed, versions.c.content_digest)).all()
    if len(known) < 2:
        return {}
    current = next(row for row in known if row[2])
    places = {row.number: EarlierVersion(place, len(known), row.number) for place, row in enumerate(known, 1)}
    # Of equal texts the latest counts.
    by_digest = {row.text_digest: row.number for row in known} | {current.text_digest: current.number}
    same = _same_words(connection, [one for one in article_ids if one != original], by_digest)
    rest = [one for one in article_ids if one != original and one not in same]
    found = same | _verbatim(connection, original, rest, current.number)
    return {one: places[number] for one, number in found.items() if number in places and number != current.number}


def _same_words(connection: Connection, article_ids: Collection[str], by_digest: Mapping[bytes, int]) -> dict[str, int]:
    """By article, the version that has its very words."""
    query = select(articles.c.id, versions.c.text_digest).join(versions, versions.c.number == articles.c.version)
    rows = rows_in(connection, query, articles.c.id, article_ids)
    return {identity: by_digest[digest] for identity, digest in rows if digest in by_digest}


def _verbatim(connection: Connection, original: str, article_ids: Collection[str], current: int) -> dict[str, int]:
    """By article, the version of the original that its current text matches best, of those that it has verbatim."""
    best: dict[str, tuple[float, bool, int]] = {}
    for here, there, version in (
        (matches.c.a_article, matches.c.b_article, matches.c.b),
        (matches.c.b_article, matches.c.a_article, matches.c.a),
    ):
        own = matches.c.a if version is matches.c.b else matches.c.b
        query = select(here, version, matches.c.evidence)
        query = query.join(articles, and_(articles.c.id == here, articles.c.version == own))
        query = query.where(there == original, matches.c.kind != "none")
        for article, number, evidence in rows_in(connection, query, here, article_ids):
            held = (float(evidence.get("jaccard") or 0), number == current, number)
            if evidence.get("a_is") == "verbatim":
                best[article] = max(best.get(article, held), held)
    return {article: number for article, (_, _, number) in best.items()}
