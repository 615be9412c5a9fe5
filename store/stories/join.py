"""The fast path into a story: reads and writes whose cost does not grow with the story."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, tuple_

from onestory.store.queries import chunks, columns_of, rows_in
from onestory.store.schema import articles, decision_articles, matches, outlets, stories, versions
from onestory.store.stories.components import MemberRow, is_telling
from onestory.store.stories.write import assign_articles, update_stories

__all__ = [
    "JoinedArticle",
    "StoryRow",
    "canonical_claims",
    "credits_of",
    "existing_outlets",
    "existing_owners",
    "heads_of_crowds",
    "matched_articles",
    "matched_versions",
    "stories_with_decisions",
    "story_rows",
    "texts_at_hosts",
    "write_joined_articles",
]


@dataclass(frozen=True, slots=True)
class StoryRow:
    """The fields of a story's record that a new copy may change. `solitary`: the representative is a round-up or a
    repeated page.
    """

    id: str
    title: str | None
    language: str
    credit: str | None
    representative: str
    original: str
    original_reason: str
    first_seen: datetime
    last_seen: datetime
    published: datetime | None
    first_outlet: str
    copies: int
    outlets: int
    owners: int
    solitary: bool

    def with_copy(self, copy: MemberRow, *, reason: str, new_outlet: bool, new_owner: bool) -> "StoryRow":
        """The record with one more copy, which is not the original and not the first."""
        return replace(
            self,
            original_reason=reason,
            first_seen=min(self.first_seen, copy.first_seen),
            last_seen=max(self.last_seen, copy.first_seen),
            first_outlet=copy.outlet if copy.first_seen < self.first_seen else self.first_outlet,
            copies=self.copies + 1,
            outlets=self.outlets + new_outlet,
            owners=self.owners + new_owner,
        )


@dataclass(frozen=True, slots=True)
class JoinedArticle:
    """A new copy with its story and its relation to the original."""

    article_id: str
    story_id: str
    relation: str


def story_rows(connection: Connection, story_ids: Collection[str]) -> dict[str, StoryRow]:
    columns = columns_of(stories, StoryRow)
    return {row.id: StoryRow(*row) for row in rows_in(connection, select(*columns), stories.c.id, story_ids)}


def heads_of_crowds(connection: Connection, article_ids: Collection[str]) -> dict[str, set[int]]:
    """For each of these articles that has copies, the current versions of its story's representative and original."""
    head, original = articles.alias(), articles.alias()
    query = (
        select(articles.c.id, head.c.version, original.c.version)
        .join(stories, stories.c.id == articles.c.story_id)
        .join(head, head.c.id == stories.c.representative)
        .join(original, original.c.id == stories.c.original)
        .where(stories.c.copies > 1)
    )
    return {one: {*versions} for one, *versions in rows_in(connection, query, articles.c.id, article_ids)}


def matched_versions(connection: Connection, article_ids: Collection[str]) -> dict[str, set[tuple[int, int]]]:
    """The pairs of versions with stored matches, by article. Kind "none" is included."""
    found: dict[str, set[tuple[int, int]]] = {}
    for part in chunks(article_ids):
        for end in (matches.c.a_article, matches.c.b_article):
            for article, a, b in connection.execute(select(end, matches.c.a, matches.c.b).where(end.in_(part))):
                found.setdefault(article, set()).add((a, b))
    return found


def matched_articles(connection: Connection, article_ids: Collection[str]) -> dict[str, set[str]]:
    """The articles that each article matches, where the match may change a story."""
    found: dict[str, set[str]] = {}
    for part in chunks(article_ids):
        for here, there in ((matches.c.a_article, matches.c.b_article), (matches.c.b_article, matches.c.a_article)):
            query = select(here, there).where(here.in_(part), is_telling())
            for article, other in connection.execute(query):
                found.setdefault(article, set()).add(other)
    return found


def stories_with_decisions(connection: Connection, story_ids: Collection[str]) -> set[str]:
    """Those of the stories with a decision on one of their articles."""
    if connection.execute(select(decision_articles.c.article_id).limit(1)).first() is None:
        return set()
    query = select(articles.c.story_id).join(decision_articles, decision_articles.c.article_id == articles.c.id)
    return {story for (story,) in rows_in(connection, query, articles.c.story_id, story_ids)}


def texts_at_hosts(connection: Connection, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str, bytes]]:
    """(story, host, digest of the words) of the articles at these (story, host) pairs."""
    query = select(articles.c.story_id, articles.c.host, versions.c.text_digest).join(
        versions, versions.c.number == articles.c.version
    )
    return {
        (story, host, digest)
        for part in chunks(pairs)
        for story, host, digest in connection.execute(
            query.where(tuple_(articles.c.story_id, articles.c.host).in_(part))
        )
    }


def credits_of(connection: Connection, story_ids: Iterable[str]) -> dict[str, set[str]]:
    """The credits of each story's copies."""
    found: dict[str, set[str]] = {}
    for part in chunks(set(story_ids)):
        query = select(articles.c.story_id, articles.c.credit).distinct()
        rows = connection.execute(query.where(articles.c.story_id.in_(part), articles.c.credit.is_not(None)))
        for story, credit in rows:
            found.setdefault(story, set()).add(credit)
    return found


def canonical_claims(connection: Connection, article_ids: Collection[str]) -> set[tuple[str, str]]:
    """(article, story) for each of these articles that a page on another site names as canonical, with that page's
    story.
    """
    return {
        (named, story)
        for part in chunks(article_ids)
        for named, story in connection.execute(
            select(articles.c.names, articles.c.story_id).where(articles.c.names.in_(part))
        )
    }


def existing_outlets(connection: Connection, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (story, outlet) pairs that exist."""
    both = tuple_(articles.c.story_id, articles.c.outlet)
    return {
        (story, outlet)
        for part in chunks(pairs)
        for story, outlet in connection.execute(
            select(articles.c.story_id, articles.c.outlet).distinct().where(both.in_(part))
        )
    }


def existing_owners(connection: Connection, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (story, owner) pairs that exist. An outlet without a known owner is its own owner."""
    owned: dict[str, list[str]] = {}
    query = select(outlets.c.owner, outlets.c.name)
    for part in chunks({owner for _, owner in pairs}):
        for owner, name in connection.execute(query.where(outlets.c.owner.in_(part))):
            owned.setdefault(owner, []).append(name)
    # An outlet of the same name may belong to another owner.
    elsewhere = _owned_elsewhere(connection, {owner for _, owner in pairs})
    asked = {
        (story, name, owner)
        for story, owner in pairs
        for name in (owner, *owned.get(owner, ()))
        if name != owner or name not in elsewhere
    }
    there = existing_outlets(connection, {(story, name) for story, name, _ in asked})
    return {(story, owner) for story, name, owner in asked if (story, name) in there}


def _owned_elsewhere(connection: Connection, names: Collection[str]) -> set[str]:
    query = select(outlets.c.name).where(outlets.c.owner.is_not(None), outlets.c.owner != outlets.c.name)
    return {name for (name,) in rows_in(connection, query, outlets.c.name, names)}


def write_joined_articles(
    connection: Connection, joined: Iterable[JoinedArticle], records: Mapping[str, StoryRow], *, now: datetime
) -> None:
    """Move the new copies and write the records. The caller holds the locks of all these stories."""
    newcomers = list(joined)
    assign_articles(connection, [{"key": one.article_id, "to": one.story_id, "as": one.relation} for one in newcomers])
    gone = [one for one in newcomers if one.article_id != one.story_id]
    update_stories(connection, [{"key": one.article_id, "absorbed_into": one.story_id, "updated": now} for one in gone])
    names = [name for name in StoryRow.__slots__ if name != "id"]
    update_stories(
        connection,
        [
            {"key": row.id, "updated": now, **{name: getattr(row, name) for name in names}}
            for row in sorted(records.values(), key=lambda row: row.id)
        ],
    )
