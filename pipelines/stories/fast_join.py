"""The short way into a story: an article that joins a representative and changes nothing else.

What it costs does not grow with the story. It must agree with the whole evaluation (see `onestory.dedupe.partition`);
whatever might not is left to that.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from onestory.pipelines.stories.original import Choice, choose_original, reconsider_original, story_credit
from onestory.pipelines.stories.round_up_check import possible_round_ups
from onestory.store.events.story_events import note_reassignments
from onestory.store.stories.components import MatchRow, MemberRow, load_members
from onestory.store.stories.join import (
    JoinedArticle,
    StoryRow,
    canonical_claims,
    credits_of,
    existing_outlets,
    existing_owners,
    matched_articles,
    matched_versions,
    stories_with_decisions,
    story_rows,
    texts_at_hosts,
    write_joined_articles,
)

__all__ = ["join_fast"]

MOST_TAKEN_OVER = 16


def join_fast(
    connection: Connection, newcomers: Mapping[str, int], rows: Sequence[MatchRow], *, now: datetime
) -> set[str]:
    """Settles the newcomers (article id: version) that need no evaluation; the others are returned.

    `rows` are all matches that verification found now, and not in the store yet. The caller holds the locks of the
    stories of all articles named here.
    """
    room = _JoinState.of(connection, newcomers, rows)
    joined: dict[str, JoinedArticle] = {}
    changed: dict[str, StoryRow] = {}
    slow: set[str] = set()
    waiting = room.waiting
    for article in sorted(newcomers, key=lambda one: newcomers[one]):
        waiting.discard(article)
        # What matches one that is still to come is settled when that one comes.
        matched = {other: row for other, row in room.matches.get(article, {}).items() if other not in waiting}
        moved = None
        if room.is_new(article, newcomers[article]) and slow.isdisjoint(matched):
            moved = room.place(article, matched)
        if moved is None:
            slow.add(article)
            continue
        joined |= {one.article_id: one for one in moved}
        changed |= {one.story_id: room.stories[one.story_id] for one in moved}
    write_joined_articles(connection, joined.values(), changed, now=now)
    note_reassignments(connection, {one: (one, joined[one].story_id) for one in newcomers if one in joined})
    return slow


@dataclass(slots=True)
class _JoinState:
    """The newcomers' surroundings as they change: members by article, records by story, and what stories have."""

    members: dict[str, MemberRow]
    home: dict[str, str]
    stories: dict[str, StoryRow]
    matches: dict[str, dict[str, MatchRow]]
    closed: Collection[str]  # articles that were matched by somebody else
    decided: Collection[str]
    named: set[tuple[str, str]]
    waiting: set[str]  # newcomers that are still to come
    suspects: Collection[str]  # newcomers that may be round-ups, or make others round-ups
    hosts: set[tuple[str, str, bytes]] = field(default_factory=set)
    outlets: set[tuple[str, str]] = field(default_factory=set)
    owners: set[tuple[str, str]] = field(default_factory=set)
    credits: dict[str, set[str]] = field(default_factory=dict)
    ties: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, newcomers: Mapping[str, int], rows: Sequence[MatchRow]) -> "_JoinState":
        matches = _by_article(row for row in rows if not row.is_inert)
        found = {member.id: member for member in load_members(connection, set(newcomers) | set(matches))}
        records = story_rows(connection, {member.story_id for member in found.values()})
        heads = {one for record in records.values() for one in (record.id, record.representative, record.original)}
        found |= {member.id: member for member in load_members(connection, heads - set(found))}
        ours = {(row.a, row.b) for row in rows}
        known = matched_versions(connection, newcomers)
        room = cls(
            members=found,
            home={one: member.story_id for one, member in found.items()},
            stories=records,
            matches=matches,
            closed={one for one, pairs in known.items() if not pairs <= ours},
            decided=stories_with_decisions(connection, records),
            named=canonical_claims(connection, set(newcomers) | {record.original for record in records.values()}),
            waiting=set(newcomers),
            suspects=possible_round_ups(connection, newcomers, found, rows),
        )
        room._look_around(connection, newcomers)
        return room

    def _look_around(self, connection: Connection, newcomers: Iterable[str]) -> None:
        """What the stories have already of hosts, outlets, owners and credits that newcomers bring."""
        pairs = {
            (self.home[other], self.members[one])
            for one in newcomers
            if one in self.members
            for other, row in self.matches.get(one, {}).items()
            if other in self.home and row.kind == "copy"
        }
        touched = {story for story, _ in pairs}
        self.hosts = texts_at_hosts(connection, {(story, one.host) for story, one in pairs})
        self.outlets = existing_outlets(connection, {(story, one.outlet) for story, one in pairs})
        self.owners = existing_owners(connection, {(story, one.owner) for story, one in pairs})
        self.credits = credits_of(connection, touched)
        small = {story for story, one in pairs if _rank(one) < _rank(self.members[self.stories[story].representative])}
        small = {story for story in small if self.stories[story].copies <= MOST_TAKEN_OVER}
        taken = {one for one, home in self.home.items() if home in small}
        self.ties = {one: set() for one in taken} | matched_articles(connection, taken)

    def is_new(self, article: str, number: int) -> bool:
        """Nobody but us has anything to say of it."""
        member = self.members.get(article)
        return (
            member is not None
            and member.is_untouched
            and member.number == number
            and article not in self.closed
            and article not in self.decided
        )

    def place(self, article: str, matched: Mapping[str, MatchRow]) -> list[JoinedArticle] | None:
        """Who moves where, when the newcomer comes: nobody, if it is alone; None where that might change more."""
        if not all(self._is_current(row) for row in matched.values()):
            return None
        if article in self.suspects or any(self._tells(row) for row in matched.values()):
            return None
        copies = {other: row for other, row in matched.items() if row.kind == "copy"}
        homes = {self.home[other] for other in copies}
        if not homes:
            return []
        story = self.stories[homes.pop()]
        if homes or story.representative not in copies or not self._is_open(story, self.members[article]):
            return None
        if _rank(self.members[story.representative]) < _rank(self.members[article]):
            return self._join(story, self.members[article], copies)
        return self._take_over(story, self.members[article], copies)

    def _join(self, story: StoryRow, one: MemberRow, copies: Mapping[str, MatchRow]) -> list[JoinedArticle] | None:
        """The newcomer under the representative that is there."""
        head, original = self.members[story.representative], self.members[story.original]
        choice = self._reconsidered(story, original, one, fullest=head.words)
        # A credit may be new to the story, or agree with another where one alone was not enough.
        if choice is None or (one.credit is not None and not self._has_credit(story, one.credit)):
            return None
        self._enter(story, one, reason=choice.reason)
        return [JoinedArticle(one.id, story.id, _relation(one, head, original, copies))]

    def _reconsidered(self, story: StoryRow, original: MemberRow, one: MemberRow, *, fullest: int) -> Choice | None:
        if story.copies == 1:
            choice = choose_original([original, one])
            return choice if choice.original == original.id else None
        credited = self.credits.get(story.id, set())
        return reconsider_original(original, one, reason=story.original_reason, credited=credited, fullest=fullest)

    def _take_over(self, story: StoryRow, one: MemberRow, copies: Mapping[str, MatchRow]) -> list[JoinedArticle] | None:
        """The newcomer as the representative of all that are there, when they have nothing to do with others."""
        inside = {*copies, one.id}
        if len(copies) != story.copies or any(self._has_others(other, inside) for other in copies):
            return None
        there = [self.members[other] for other in copies]
        choice = choose_original([*there, one])
        if choice.original != one.id and len(there) > 1:
            return None
        self._enter(story, one, reason=choice.reason)
        original = self.members[choice.original]
        self.stories[story.id] = replace(
            self.stories[story.id],
            representative=one.id,
            original=original.id,
            title=original.title,
            language=original.language,
            credit=story_credit(original.id, [*there, one]),
            published=original.published,
        )
        if one.credit is not None:
            self.credits.setdefault(story.id, set()).add(one.credit)
        rows = {other.id: copies[other.id] for other in there}
        if original is not one:
            return [
                JoinedArticle(original.id, story.id, "original"),
                JoinedArticle(one.id, story.id, _told(rows[original.id], one)),
            ]
        return [JoinedArticle(one.id, story.id, "original")] + [
            JoinedArticle(other.id, story.id, _told(rows[other.id], other)) for other in there
        ]

    def _has_credit(self, story: StoryRow, credit: str) -> bool:
        return credit in self.credits.get(story.id, ()) and story.credit is not None

    def _has_others(self, article: str, inside: set[str]) -> bool:
        """Whether it has a match outside; what is still to come does not count."""
        if article not in self.ties:
            return True
        return not self.ties[article] | (self.matches[article].keys() - self.waiting) <= inside

    def _is_current(self, row: MatchRow) -> bool:
        """Between the current versions of articles that are there."""
        ends = (self.members.get(row.a_article), self.members.get(row.b_article))
        return [end and end.number for end in ends] == [row.a, row.b]

    def _tells(self, row: MatchRow) -> bool:
        """Whether it may make one of the two a round-up, or a frame of something in a story."""
        if row.kind == "frame":
            return any(self.stories[self.home[end]].copies > 1 for end in (row.a_article, row.b_article))
        a, b = self.members[row.a_article], self.members[row.b_article]
        if row.kind == "copy" and a.host == b.host and row.evidence.get("unrelated", False):
            return True
        return bool(row.evidence.get("off_topic", False))

    def _is_open(self, story: StoryRow, one: MemberRow) -> bool:
        """Nothing in the story keeps the newcomer out, and the story's id and first outlet stay clear."""
        first = self.members[story.id]
        ties = one.first_seen == story.first_seen and first.first_seen != story.first_seen
        return (
            not story.solitary
            and story.id not in self.decided
            and first.arrival < one.arrival
            and not ties
            and (story.id, one.host, one.text_digest) not in self.hosts
            and not one.names
            and not any(named == one.id for named, _ in self.named)
        )

    def _enter(self, story: StoryRow, one: MemberRow, *, reason: str) -> None:
        outlet, owner = (story.id, one.outlet), (story.id, one.owner)
        self.stories[story.id] = story.with_copy(
            one, reason=reason, new_outlet=outlet not in self.outlets, new_owner=owner not in self.owners
        )
        self.home[one.id] = story.id
        self.outlets.add(outlet)
        self.owners.add(owner)
        self.hosts.add((story.id, one.host, one.text_digest))


def _by_article(rows: Iterable[MatchRow]) -> dict[str, dict[str, MatchRow]]:
    found: dict[str, dict[str, MatchRow]] = {}
    for row in rows:
        found.setdefault(row.a_article, {})[row.b_article] = row
        found.setdefault(row.b_article, {})[row.a_article] = row
    return found


def _relation(one: MemberRow, head: MemberRow, original: MemberRow, matched: Mapping[str, MatchRow]) -> str:
    """What the newcomer is beside the original; beside the representative where these two were not compared."""
    if one.text_digest == original.text_digest:
        return "verbatim"
    beside = matched.get(original.id)
    if beside is not None:
        return _told(beside, one)
    return "excerpt" if _told(matched[head.id], one) == "excerpt" else "edited"


def _told(row: MatchRow, one: MemberRow) -> str:
    """What it is beside the other; one that has more than the original was added to."""
    relation = str(row.evidence["a_is" if row.a == one.number else "b_is"])
    return "edited" if relation == "fuller" else relation


def _rank(one: MemberRow) -> tuple[int, str]:
    return (-one.words, one.id)
