"""The API of Onestory 0.2.0, generated from its OpenAPI document by clients/generate.py."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, cast

__all__ = ["Client", "OnestoryError"]


class OnestoryError(Exception):
    """An answer that is a problem (RFC 9457): `reason` is a stable word, `detail` a sentence."""

    def __init__(self, status: int, reason: str, detail: str) -> None:
        super().__init__(f"{status} {reason}: {detail}")
        self.status, self.reason, self.detail = status, reason, detail



class AddedWatch(TypedDict):
    """A record of the kind AddedWatch."""

    watch: "Watch"
    gathered: int
    first: int
    searches: int
    unused: list[str]


class AgencyCount(TypedDict):
    """Articles that credit an agency or outlet."""

    credit: str
    articles: int


class Article(TypedDict):
    """An article with its current text."""

    id: str
    story_id: str
    relation: str
    url: str
    host: str
    outlet: str
    owner: "str | None"
    title: "str | None"
    language: str
    credit: "str | None"
    published: "str | None"
    first_seen: str
    is_observed: bool
    updated: str
    words: int
    withdrawn: "str | None"
    withdrawn_reason: "str | None"
    source: str
    number: int
    text: str
    facts: dict[str, Any]
    observed: str
    content_digest: str
    extractor: str


class ArticleList(TypedDict):
    """A record of the kind ArticleList."""

    articles: list["Article | Copy"]
    next: "str | None"


class Change(TypedDict):
    """The latest change of a story."""

    kind: Literal['story', 'absorbed', 'removed']
    at: str
    key: str
    into: NotRequired["str | None"]
    story: NotRequired["Story | None"]
    articles: NotRequired["list[Article] | None"]


class ChangeList(TypedDict):
    """A record of the kind ChangeList."""

    changes: list["Change"]
    next: str
    more: bool


class ClientMonthList(TypedDict):
    """A record of the kind ClientMonthList."""

    clients: list["ClientMonthRow"]


class ClientMonthRow(TypedDict):
    """What an outlet made of a provider's dispatches in a month."""

    month: str
    outlet: str
    provider: str
    dispatches: int
    uses: int
    verbatim: int
    edited: int
    excerpt: int
    credited: int
    uncredited: int
    corrected: int
    old_text: int


class ComparedVersion(TypedDict):
    """One of the two texts."""

    number: int
    article_id: str
    story_id: str
    outlet: str
    language: str
    observed: str
    title: "str | None"
    text: str
    is_current: bool
    boilerplate: list[str]
    furniture: list[str]


class Comparison(TypedDict):
    """A record of the kind Comparison."""

    a: "ComparedVersion"
    b: "ComparedVersion"
    kept: int
    removed: int
    added: int
    moved: int
    stretches: list["DiffSpan"]


class Copy(TypedDict):
    """An article as a copy of its story."""

    id: str
    story_id: str
    relation: str
    url: str
    host: str
    outlet: str
    owner: "str | None"
    title: "str | None"
    language: str
    credit: "str | None"
    published: "str | None"
    first_seen: str
    is_observed: bool
    updated: str
    words: int
    withdrawn: "str | None"
    withdrawn_reason: "str | None"


class CopyAfterDecision(TypedDict):
    """A record of the kind CopyAfterDecision."""

    article_id: str
    outlet: str
    title: "str | None"
    story_before: str


class CopyEvidence(TypedDict):
    """What the current texts of two copies have in common. `evidence` holds measures such as `jaccard` and"""

    a: int
    b: int
    a_article: str
    b_article: str
    kind: str
    evidence: dict[str, Any]


class CopyFreshness(TypedDict):
    """A record of the kind CopyFreshness."""

    article_id: str
    outlet: str
    url: str
    ours: bool
    standing: Literal['old', 'new', 'unconcerned']


class Count(TypedDict):
    """The coverage of one day, outlet, owner, country, language or agency."""

    value: "str | None"
    articles: int
    stories: int
    credited: int


class CountList(TypedDict):
    """A record of the kind CountList."""

    counts: list["Count"]
    by: Literal['day', 'outlet', 'owner', 'country', 'language', 'agency']
    articles: int
    stories: int
    credited: int
    is_complete: bool


class Decision(TypedDict):
    """An editorial decision. It holds in every evaluation until it is undone."""

    id: int
    kind: str
    who: str
    why: str
    decided: str
    undone: "str | None"
    undone_by: "str | None"
    articles: list[str]
    against: list[str]


class DecisionEffect(TypedDict):
    """Every story that the decision touches, before and after it."""

    before: list["StoryBeforeDecision"]
    after: list["StoryAfterDecision"]


class DecisionList(TypedDict):
    """A record of the kind DecisionList."""

    decisions: list["Decision"]


class DecisionOutcome(TypedDict):
    """A record of the kind DecisionOutcome."""

    number: "int | None"
    stories: list[str]
    effect: "DecisionEffect"


class DeskCounts(TypedDict):
    """Counts of stories, and of sources that bring nothing they should now."""

    widespread: int
    corrected: int
    withdrawn: int
    silent: int
    blocked: int
    failing: int
    sources: int
    most_sources_fail: bool
    wide: int


class DeskSummary(TypedDict):
    """A record of the kind DeskSummary."""

    since: str
    happened: "DeskCounts"
    actions: list["StoryActionItem"]
    acts: list["StoryActionItem"]


class DiffSpan(TypedDict):
    """Spans in Unicode characters (from, up to), null where a text does not contain the passage."""

    kind: Literal['kept', 'added', 'removed', 'moved']
    before: "list[int] | None"
    after: "list[int] | None"


class DispatchReceipt(TypedDict):
    """What became of a dispatch."""

    uri: str
    provider: str
    version: "str | None"
    article: str
    result: Literal['stored', 'known', 'withdrawn', 'taken_down']


class EarlierVersion(TypedDict):
    """The version of the original that a copy runs word by word, although the original was changed since."""

    version: int
    versions: int
    number: int


class Event(TypedDict):
    """An event. `data` depends on the kind; for stories it includes copies, outlets and owners at that tim"""

    id: int
    kind: str
    at: str
    story_id: "str | None"
    source_id: "int | None"
    watch_id: "int | None"
    data: dict[str, Any]


class EventList(TypedDict):
    """A record of the kind EventList."""

    events: list["Event"]
    next: int
    reset: NotRequired[bool]


class ImportedDispatches(TypedDict):
    """The result of an import."""

    dispatches: list["DispatchReceipt"]
    faults: list[str]
    left_out: int


class ImportedSources(TypedDict):
    """The result of an import."""

    added: int
    known: int
    left_out: list["LeftOutOutline"]


class KeptSearch(TypedDict):
    """A saved search."""

    id: int
    name: str
    query: str
    created: str


class KeptSearchList(TypedDict):
    """A record of the kind KeptSearchList."""

    searches: list["KeptSearch"]


class Key(TypedDict):
    """A key without its secret."""

    id: int
    name: str
    scope: Literal['read', 'edit', 'admin']
    prefix: str
    from_environment: bool
    created: str
    last_used: "str | None"
    revoked: "str | None"
    begins: str
    is_given: bool


class KeyList(TypedDict):
    """A record of the kind KeyList."""

    keys: list["Key"]


class KeyRequest(TypedDict):
    """A record of the kind KeyRequest."""

    name: str
    scope: Literal['read', 'edit', 'admin']


class LabelRequest(TypedDict):
    """A record of the kind LabelRequest."""

    story: str
    who: str
    why: str


class Lead(TypedDict):
    """The form of a dispatch that a copy runs, where its agency filed several."""

    number: int
    count: int
    behind: int
    since: str


class LeftOutOutline(TypedDict):
    """An outline that is not a source."""

    name: str
    why: str


class Link(TypedDict):
    """A different story that shares words with this one. Both stories have the link."""

    kind: str
    story_id: str
    title: "str | None"
    first_seen: str
    first_outlet: str
    copies: int
    article_id: str
    other_article_id: str
    share: float
    share_of_other: float


class LookupFetchRequest(TypedDict):
    """The article to fetch."""

    url: str


class LookupMatch(TypedDict):
    """A story that ran the text or a part of it."""

    story_id: str
    article_id: str
    relation: str
    share: float
    spans: list[list[int]]
    title: "str | None"
    first_seen: str
    first_outlet: str
    copies: int


class LookupResponse(TypedDict):
    """A record of the kind LookupResponse."""

    found: list["LookupMatch"]
    index: Literal['ready', 'rebuilding']
    words: int
    passage_words: NotRequired["int | None"]
    window_is_full: NotRequired[bool]
    waiting: NotRequired[int]
    is_complete: NotRequired[bool]
    search: NotRequired["str | None"]


class MatchedCopy(TypedDict):
    """The matching copy, and its matching passages as plain text."""

    article_id: str
    outlet: str
    title: "str | None"
    title_spans: list[list[int]]
    excerpt: str
    excerpt_spans: list[list[int]]


class MergeEventsRequest(TypedDict):
    """A record of the kind MergeEventsRequest."""

    other: str
    who: str
    why: str


class MergeRequest(TypedDict):
    """A record of the kind MergeRequest."""

    other: str
    who: str
    why: str


class MergedOutlet(TypedDict):
    """The result of a merge."""

    outlet: str
    articles: int


class MoveStoryRequest(TypedDict):
    """A record of the kind MoveStoryRequest."""

    story: str
    who: str
    why: str


class NewKey(TypedDict):
    """A record of the kind NewKey."""

    id: int
    name: str
    scope: Literal['read', 'edit', 'admin']
    prefix: str
    from_environment: bool
    created: str
    last_used: "str | None"
    revoked: "str | None"
    key: str
    begins: str
    is_given: bool


class NewRecipient(TypedDict):
    """Who gets mails of a watch."""

    address: str


class NewSavedSearch(TypedDict):
    """A search to keep."""

    name: str
    query: str


class NewSourceRequest(TypedDict):
    """An address to poll."""

    url: str
    section: NotRequired[bool]
    outlet: NotRequired["str | None"]
    language: NotRequired["str | None"]


class NewWatchRequest(TypedDict):
    """What to follow: phrases, URLs to begin with, a news event, or several of them."""

    phrases: NotRequired[list[str]]
    urls: NotRequired[list[str]]
    news_event: NotRequired["str | None"]
    name: NotRequired["str | None"]
    until: NotRequired["str | None"]
    search: NotRequired[bool]


class NewWebhook(TypedDict):
    """A record of the kind NewWebhook."""

    id: int
    url: str
    form: str
    kinds: list[str]
    watch_id: "int | None"
    outlet: "str | None"
    language: "str | None"
    created: str
    last_success: "str | None"
    failing_since: "str | None"
    why: "str | None"
    disabled: "str | None"
    secret: str


class NewsEvent(TypedDict):
    """One happening: the stories that report it, each with its copies folded."""

    id: str
    label: "str | None"
    label_story: str
    is_label_pinned: bool
    language: str
    languages: list[str]
    first_seen: str
    last_seen: str
    stories: int
    copies: int
    outlets: int
    owners: int
    updated: str


class NewsEventDecisionList(TypedDict):
    """A record of the kind NewsEventDecisionList."""

    decisions: list["NewsEventDecisionRecord"]


class NewsEventDecisionOutcome(TypedDict):
    """A record of the kind NewsEventDecisionOutcome."""

    number: int
    events: list[str]


class NewsEventDecisionRecord(TypedDict):
    """A decision about news events. It holds in every grouping until it is undone."""

    id: int
    kind: str
    who: str
    why: str
    decided: str
    undone: "str | None"
    undone_by: "str | None"
    stories: list[str]
    against: list[str]


class NewsEventList(TypedDict):
    """A record of the kind NewsEventList."""

    news_events: list["NewsEvent"]
    next: "str | None"


class NewsEventWithStories(TypedDict):
    """A record of the kind NewsEventWithStories."""

    id: str
    label: "str | None"
    label_story: str
    is_label_pinned: bool
    language: str
    languages: list[str]
    first_seen: str
    last_seen: str
    stories: int
    copies: int
    outlets: int
    owners: int
    updated: str
    is_ended: bool
    members: list["Story"]


class OutdatedStory(TypedDict):
    """A story of which the outlet runs the old text."""

    id: str
    title: "str | None"


class Outlet(TypedDict):
    """Who publishes."""

    name: str
    host: "str | None"
    owner: "str | None"
    homepage: "str | None"
    country: "str | None"
    language: "str | None"
    ours: bool


class OutletChange(TypedDict):
    """The fields to change. Fields that are left out stay as they are; an empty text clears."""

    owner: NotRequired["str | None"]
    country: NotRequired["str | None"]
    ours: NotRequired["bool | None"]


class OutletList(TypedDict):
    """A record of the kind OutletList."""

    outlets: list["Outlet"]


class OutletMerge(TypedDict):
    """The outlet that the name stands for."""

    into: str


class OutletWithReport(TypedDict):
    """A record of the kind OutletWithReport."""

    name: str
    host: "str | None"
    owner: "str | None"
    homepage: "str | None"
    country: "str | None"
    language: "str | None"
    ours: bool
    since: str
    articles: int
    credited: int
    copied: int
    agencies: list["AgencyCount"]
    corrected: int
    median_delay_seconds: "int | None"
    outdated: list["OutdatedStory"]


class Paragraph(TypedDict):
    """A paragraph of the original."""

    number: int
    start: str
    kept_by: int


class ParagraphsOfCopy(TypedDict):
    """What a copy keeps."""

    article: str
    outlet: str
    kept: list[float]


class PartialRecord(TypedDict):
    """The members requested in `fields`, and the id."""

    id: str


class PartialStoryList(TypedDict):
    """The list with only the members requested in `fields`."""

    stories: list["PartialRecord"]
    next: "str | None"


class PinRequest(TypedDict):
    """A record of the kind PinRequest."""

    article: str
    who: str
    why: str


class ProblemDetails(TypedDict):
    """RFC 9457. `reason` is a stable word for programs, `detail` a sentence for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    reason: str


class Provider(TypedDict):
    """Who files dispatches."""

    provider: str
    dispatches: int
    latest: "str | None"


class ProviderList(TypedDict):
    """A record of the kind ProviderList."""

    providers: list["Provider"]


class Readiness(TypedDict):
    """A record of the kind Readiness."""

    status: Literal['ready']
    database: Literal['ok']
    redis: Literal['ok']
    index: Literal['ready', 'rebuilding']


class Recipient(TypedDict):
    """Who gets mails of a watch."""

    id: int
    address: str
    why: "str | None"


class RecipientList(TypedDict):
    """A record of the kind RecipientList."""

    recipients: list["Recipient"]


class ReplayRequest(TypedDict):
    """Exactly one of the two fields."""

    message_id: NotRequired["str | None"]
    since: NotRequired["str | None"]


class ReplayResult(TypedDict):
    """A record of the kind ReplayResult."""

    messages: int


class RequestedPoll(TypedDict):
    """A requested poll."""

    source_id: int
    not_before: str


class RequestedSource(TypedDict):
    """A requested source. A crawler finds out what is at the address."""

    id: int
    url: str
    state: str
    created: str
    finished: "str | None"
    source_id: "int | None"
    why: "str | None"


class RetentionSettings(TypedDict):
    """Days for which data besides articles and stories is kept."""

    events_days: int
    removed_lines_days: int
    earlier_texts_days: NotRequired["int | None"]
    warcs_days: NotRequired["int | None"]
    pages_days: NotRequired[int]


class SearchHit(TypedDict):
    """A record of the kind SearchHit."""

    story: "Story"
    where: "MatchedCopy | None"


class SearchResponse(TypedDict):
    """A record of the kind SearchResponse."""

    found: list["SearchHit"]
    next: "str | None"
    waiting: int


class ServerStatus(TypedDict):
    """What `onestory status` says. Sizes are in bytes."""

    version: str
    db_schema: str
    rows: dict[str, int]
    size: dict[str, int]
    articles_a_day: float
    disks: list["StatusDisk"]
    index: Literal['ready', 'rebuilding', 'unreachable']
    semantic: bool
    waiting: dict[str, int]
    last_backup: "str | None"
    last_audit: "StatusAudit | None"
    todo: list["StatusTask"]


class Source(TypedDict):
    """A feed, sitemap or section page that is polled."""

    id: int
    url: str
    outlet: str
    kind: str
    host: str
    language: "str | None"
    enabled: bool
    interval_seconds: int
    status: str
    status_since: "str | None"
    why: "str | None"
    last_poll: "str | None"
    last_success: "str | None"
    next_poll: "str | None"
    failures: int
    entries: int
    pages_found: int
    last_new: "str | None"
    alarmed: "str | None"
    watched_only: bool
    wire: "str | None"


class SourceChangeRequest(TypedDict):
    """The fields to change. Fields that are left out stay as they are."""

    enabled: NotRequired["bool | None"]
    interval_seconds: NotRequired["int | None"]
    min_seconds: NotRequired["int | None"]
    max_seconds: NotRequired["int | None"]
    cron: NotRequired["str | None"]
    timezone: NotRequired["str | None"]
    daily_pages: NotRequired["int | None"]
    watched_only: NotRequired["bool | None"]


class SourceDay(TypedDict):
    """The yield of a source on one day."""

    day: str
    polls: int
    failed: int
    pages_found: int


class SourceGap(TypedDict):
    """A gap, in which a source was not seen. Entries listed and removed meanwhile are unknown."""

    began: str
    ended: "str | None"
    status: str
    why: "str | None"
    polls: int


class SourceList(TypedDict):
    """A record of the kind SourceList."""

    sources: list["Source"]


class SourceWithHealth(TypedDict):
    """A record of the kind SourceWithHealth."""

    id: int
    url: str
    outlet: str
    kind: str
    host: str
    language: "str | None"
    enabled: bool
    interval_seconds: int
    status: str
    status_since: "str | None"
    why: "str | None"
    last_poll: "str | None"
    last_success: "str | None"
    next_poll: "str | None"
    failures: int
    entries: int
    pages_found: int
    last_new: "str | None"
    alarmed: "str | None"
    watched_only: bool
    wire: "str | None"
    days: list["SourceDay"]
    gaps: list["SourceGap"]


class SplitEventRequest(TypedDict):
    """A record of the kind SplitEventRequest."""

    stories: list[str]
    who: str
    why: str


class SplitRequest(TypedDict):
    """A record of the kind SplitRequest."""

    articles: list[str]
    who: str
    why: str


class StatusAudit(TypedDict):
    """The latest `onestory audit`: what it compared, and how many groups of stories a batch makes otherwis"""

    time: str
    articles: int
    stories: int
    differences: int


class StatusDisk(TypedDict):
    """A record of the kind StatusDisk."""

    folder: str
    free: int
    growth: float
    full: "str | None"
    is_full: bool


class StatusTask(TypedDict):
    """A record of the kind StatusTask."""

    cause: Literal['disk', 'index', 'backlog', 'backup', 'network', 'overdue', 'sources', 'audit']
    what: str


class Story(TypedDict):
    """A story without its copies."""

    id: str
    title: "str | None"
    language: "str | None"
    credit: "str | None"
    original: str
    original_outlet: str
    original_reason: str
    first_seen: str
    last_seen: str
    published: "str | None"
    first_outlet: str
    copies: int
    outlets: int
    owners: int
    updated: str


class StoryActionItem(TypedDict):
    """A record of the kind StoryActionItem."""

    story: "Story"
    at: str
    reason: Literal['changed', 'withdrawn']
    old_outlets: int
    old_ours: int


class StoryAfterDecision(TypedDict):
    """A record of the kind StoryAfterDecision."""

    id: str
    title: "str | None"
    original: str
    copies: list["CopyAfterDecision"]


class StoryBeforeDecision(TypedDict):
    """A record of the kind StoryBeforeDecision."""

    id: str
    title: "str | None"
    original: str
    copies: int


class StoryCopy(TypedDict):
    """A copy in its story."""

    id: str
    story_id: str
    relation: str
    url: str
    host: str
    outlet: str
    owner: "str | None"
    title: "str | None"
    language: str
    credit: "str | None"
    published: "str | None"
    first_seen: str
    is_observed: bool
    updated: str
    words: int
    withdrawn: "str | None"
    withdrawn_reason: "str | None"
    runs_earlier: "EarlierVersion | None"
    lead: "Lead | None"


class StoryFreshness(TypedDict):
    """A record of the kind StoryFreshness."""

    reason: "Literal['changed', 'withdrawn'] | None"
    outlets: int
    old_outlets: int
    old_ours: int
    copies: list["CopyFreshness"]


class StoryList(TypedDict):
    """A record of the kind StoryList."""

    stories: list["Story"]
    next: "str | None"


class StoryParagraphs(TypedDict):
    """The paragraphs of the original by copy."""

    original: str
    paragraphs: list["Paragraph"]
    left_out: int
    copies: list["ParagraphsOfCopy"]
    next: "str | None"


class StoryWithCopies(TypedDict):
    """A record of the kind StoryWithCopies."""

    id: str
    title: "str | None"
    language: "str | None"
    credit: "str | None"
    original: str
    original_outlet: str
    original_reason: str
    first_seen: str
    last_seen: str
    published: "str | None"
    first_outlet: str
    copies: int
    outlets: int
    owners: int
    updated: str
    articles: list["StoryCopy"]
    evidence: list["CopyEvidence"]
    links: list["Link"]
    next: "str | None"


class UndoRequest(TypedDict):
    """A record of the kind UndoRequest."""

    who: str


class UseList(TypedDict):
    """A record of the kind UseList."""

    uses: list["UseRow"]
    next: "str | None"


class UseRow(TypedDict):
    """A copy as the use of a dispatch."""

    first_seen: str
    outlet: str
    owner: "str | None"
    title: "str | None"
    url: str
    article: str
    story: str
    provider: str
    dispatch: str
    dispatch_article: str
    dispatch_title: "str | None"
    relation: str
    share: "float | None"
    version: "int | None"
    versions: int
    lead: int
    leads: int
    credited: bool
    credit: "str | None"
    credit_words: "str | None"
    standing: Literal['unchanged', 'corrected', 'old_text', 'unaffected', 'still_online', 'taken_down']


class Version(TypedDict):
    """A version of an article's text."""

    number: int
    observed: str
    title: "str | None"
    words: int
    content_digest: str
    changes: "VersionChanges | None"
    is_current: bool
    text_dropped: NotRequired["str | None"]


class VersionChanges(TypedDict):
    """The changes from the version before, in words."""

    of: int
    title_changed: bool
    kept: int
    added: int
    removed: int
    moved: int


class VersionList(TypedDict):
    """A record of the kind VersionList."""

    versions: list["Version"]
    withdrawals: list["Withdrawal"]


class Watch(TypedDict):
    """A story or topic to follow."""

    id: int
    name: str
    phrases: list[str]
    created: str
    until: "str | None"
    ended: "str | None"
    news_event: "str | None"


class WatchList(TypedDict):
    """A record of the kind WatchList."""

    watches: list["Watch"]


class WatchSearchFeed(TypedDict):
    """A record of the kind WatchSearchFeed."""

    source_id: int
    name: str
    url: str
    status: str
    why: "str | None"
    last_poll: "str | None"
    pages_found: int


class WatchSeed(TypedDict):
    """A record of the kind WatchSeed."""

    url: str
    state: str
    reason: "str | None"
    article_id: "str | None"


class WatchWithStories(TypedDict):
    """A record of the kind WatchWithStories."""

    id: int
    name: str
    phrases: list[str]
    created: str
    until: "str | None"
    ended: "str | None"
    news_event: "str | None"
    story_count: int
    copy_count: int
    waiting: int
    found: dict[str, int]
    seeds: list["WatchSeed"]
    searches: list["WatchSearchFeed"]
    stories: list["WatchedStory"]


class WatchedCopy(TypedDict):
    """A record of the kind WatchedCopy."""

    id: str
    story_id: str
    relation: str
    url: str
    host: str
    outlet: str
    owner: "str | None"
    title: "str | None"
    language: str
    credit: "str | None"
    published: "str | None"
    first_seen: str
    is_observed: bool
    updated: str
    words: int
    withdrawn: "str | None"
    withdrawn_reason: "str | None"
    how: str


class WatchedStory(TypedDict):
    """A record of the kind WatchedStory."""

    id: str
    title: "str | None"
    language: "str | None"
    credit: "str | None"
    original: str
    original_outlet: str
    original_reason: str
    first_seen: str
    last_seen: str
    published: "str | None"
    first_outlet: str
    copies: int
    outlets: int
    owners: int
    updated: str
    articles: list["WatchedCopy"]


class Webhook(TypedDict):
    """A webhook. It is disabled after five days without success, and by a 410 response."""

    id: int
    url: str
    form: str
    kinds: list[str]
    watch_id: "int | None"
    outlet: "str | None"
    language: "str | None"
    created: str
    last_success: "str | None"
    failing_since: "str | None"
    why: "str | None"
    disabled: "str | None"


class WebhookList(TypedDict):
    """A record of the kind WebhookList."""

    webhooks: list["Webhook"]


class WebhookMessage(TypedDict):
    """A message. It is retried until delivered, and given up after eight attempts in 29 hours."""

    message_id: str
    story_id: "str | None"
    created: str
    due: "str | None"
    attempts: int
    delivered: "str | None"
    http_status: "int | None"
    why: "str | None"


class WebhookMessageList(TypedDict):
    """A record of the kind WebhookMessageList."""

    messages: list["WebhookMessage"]


class WebhookRequest(TypedDict):
    """The settings of a webhook. No kinds means all kinds; every other filter must match."""

    url: str
    form: NotRequired[Literal['standard', 'slack', 'email']]
    kinds: NotRequired[list[Literal['story.created', 'story.grew', 'story.corrected', 'story.withdrawn', 'story.merged', 'story.split', 'coverage.started', 'coverage.grew', 'coverage.crossed_language', 'watch.matched', 'source.blocked', 'source.silent', 'source.failed', 'sources.failing', 'webhook.disabled']]]
    watch_id: NotRequired["int | None"]
    outlet: NotRequired["str | None"]
    language: NotRequired["str | None"]


class Withdrawal(TypedDict):
    """A period in which the article was unavailable."""

    withdrawn: str
    confirmed: str
    reason: str
    http_status: "int | None"
    location: "str | None"
    returned: "str | None"


class Client:
    """A client of one Onestory. `key` is needed where keys are required."""

    def __init__(self, url: str = "http://127.0.0.1:8000", key: str | None = None, *, timeout: float = 60.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is not an http(s) address")
        self._url, self._key, self._timeout = url.rstrip("/"), key, timeout

    def _call(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None, media: str | None = None
    ) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        plain = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
        tail = f"?{urllib.parse.urlencode(plain, doseq=True)}" if plain else ""
        headers = {"Accept": "application/json", "User-Agent": "onestory-client"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None
        if media is not None:
            headers["Content-Type"] = media
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self._url}{path}{tail}", data, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=self._timeout) as answer:
                content = answer.read()
                kind = answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            raise _problem(error) from None
        return json.loads(content) if kind == "application/json" else content or None

    def fetch_url(self, body: "LookupFetchRequest") -> "LookupResponse":
        """Look up an article, fetching it if necessary."""
        return cast("LookupResponse", self._call("POST", "/v1/lookup/fetch", None, body, "application/json"))

    def merge_stories(self, story_id: str, body: "MergeRequest", *, preview: "bool | None" = None) -> "DecisionOutcome":
        """Merge two stories."""
        return cast("DecisionOutcome", self._call("POST", f"/v1/stories/{urllib.parse.quote(str(story_id), safe='')}/merge", {"preview": preview}, body, "application/json"))

    def split_story(self, story_id: str, body: "SplitRequest", *, preview: "bool | None" = None) -> "DecisionOutcome":
        """Split copies off a story."""
        return cast("DecisionOutcome", self._call("POST", f"/v1/stories/{urllib.parse.quote(str(story_id), safe='')}/split", {"preview": preview}, body, "application/json"))

    def pin_original(self, story_id: str, body: "PinRequest", *, preview: "bool | None" = None) -> "DecisionOutcome":
        """Mark a copy as the original."""
        return cast("DecisionOutcome", self._call("POST", f"/v1/stories/{urllib.parse.quote(str(story_id), safe='')}/pin", {"preview": preview}, body, "application/json"))

    def undo_decision(self, number: int, body: "UndoRequest", *, preview: "bool | None" = None) -> "DecisionOutcome":
        """Undo a decision."""
        return cast("DecisionOutcome", self._call("POST", f"/v1/decisions/{urllib.parse.quote(str(number), safe='')}/undo", {"preview": preview}, body, "application/json"))

    def list_decisions(self, *, story: "str | None" = None, limit: "int | None" = None) -> "DecisionList":
        """List decisions."""
        return cast("DecisionList", self._call("GET", "/v1/decisions", {"story": story, "limit": limit}))

    def list_versions(self, article_id: str) -> "VersionList":
        """List the versions of an article."""
        return cast("VersionList", self._call("GET", f"/v1/articles/{urllib.parse.quote(str(article_id), safe='')}/versions", None))

    def compare_versions(self, *, a: int, b: int) -> "Comparison":
        """Compare two texts word by word."""
        return cast("Comparison", self._call("GET", "/v1/compare", {"a": a, "b": b}))

    def get_standing(self, story_id: str) -> "StoryFreshness":
        """List copies that run an outdated text."""
        return cast("StoryFreshness", self._call("GET", f"/v1/stories/{urllib.parse.quote(str(story_id), safe='')}/standing", None))

    def get_desk(self, *, since: "str | None" = None) -> "DeskSummary":
        """Summarize activity, and list stories that need action."""
        return cast("DeskSummary", self._call("GET", "/v1/desk", {"since": since}))

    def list_events(self, *, after: "int | None" = None, limit: "int | None" = None, kind: "list[Literal['story.created', 'story.grew', 'story.corrected', 'story.withdrawn', 'story.merged', 'story.split', 'coverage.started', 'coverage.grew', 'coverage.crossed_language', 'watch.matched', 'source.blocked', 'source.silent', 'source.failed', 'sources.failing', 'webhook.disabled']] | None" = None, story: "str | None" = None) -> "EventList":
        """List events."""
        return cast("EventList", self._call("GET", "/v1/events", {"after": after, "limit": limit, "kind": kind, "story": story}))

    def list_webhooks(self) -> "WebhookList":
        """List webhooks."""
        return cast("WebhookList", self._call("GET", "/v1/webhooks", None))

    def add_webhook(self, body: "WebhookRequest") -> "NewWebhook":
        """Add a webhook."""
        return cast("NewWebhook", self._call("POST", "/v1/webhooks", None, body, "application/json"))

    def get_webhook(self, number: int) -> "Webhook":
        """Get a webhook."""
        return cast("Webhook", self._call("GET", f"/v1/webhooks/{urllib.parse.quote(str(number), safe='')}", None))

    def remove_webhook(self, number: int) -> None:
        """Remove a webhook."""
        self._call("DELETE", f"/v1/webhooks/{urllib.parse.quote(str(number), safe='')}", None)

    def enable_webhook(self, number: int) -> "Webhook":
        """Enable a webhook."""
        return cast("Webhook", self._call("POST", f"/v1/webhooks/{urllib.parse.quote(str(number), safe='')}/enable", None))

    def test_webhook(self, number: int) -> "WebhookMessage":
        """Send a test message."""
        return cast("WebhookMessage", self._call("POST", f"/v1/webhooks/{urllib.parse.quote(str(number), safe='')}/test", None))

    def list_webhook_messages(self, number: int, *, limit: "int | None" = None) -> "WebhookMessageList":
        """List messages of a webhook."""
        return cast("WebhookMessageList", self._call("GET", f"/v1/webhooks/{urllib.parse.quote(str(number), safe='')}/messages", {"limit": limit}))

    def replay_webhook(self, number: int, body: "ReplayRequest") -> "ReplayResult":
        """Send messages again."""
        return cast("ReplayResult", self._call("POST", f"/v1/webhooks/{urllib.parse.quote(str(number), safe='')}/replay", None, body, "application/json"))

    def list_keys(self) -> "KeyList":
        """List keys."""
        return cast("KeyList", self._call("GET", "/v1/keys", None))

    def add_key(self, body: "KeyRequest") -> "NewKey":
        """Add a key."""
        return cast("NewKey", self._call("POST", "/v1/keys", None, body, "application/json"))

    def revoke_key(self, number: int) -> None:
        """Revoke a key."""
        self._call("DELETE", f"/v1/keys/{urllib.parse.quote(str(number), safe='')}", None)

    def list_watches(self) -> "WatchList":
        """List watches."""
        return cast("WatchList", self._call("GET", "/v1/watches", None))

    def add_watch(self, body: "NewWatchRequest") -> "AddedWatch":
        """Add a watch."""
        return cast("AddedWatch", self._call("POST", "/v1/watches", None, body, "application/json"))

    def get_watch(self, watch_id: int, *, limit: "int | None" = None) -> "WatchWithStories":
        """Get a watch and its stories."""
        return cast("WatchWithStories", self._call("GET", f"/v1/watches/{urllib.parse.quote(str(watch_id), safe='')}", {"limit": limit}))

    def remove_watch(self, watch_id: int) -> None:
        """Remove a watch."""
        self._call("DELETE", f"/v1/watches/{urllib.parse.quote(str(watch_id), safe='')}", None)

    def end_watch(self, watch_id: int) -> "Watch":
        """End a watch."""
        return cast("Watch", self._call("POST", f"/v1/watches/{urllib.parse.quote(str(watch_id), safe='')}/end", None))

    def list_stories(self, *, since: "str | None" = None, until: "str | None" = None, published_since: "str | None" = None, updated_since: "str | None" = None, min_copies: "int | None" = None, min_outlets: "int | None" = None, min_owners: "int | None" = None, outlet: "str | None" = None, owner: "str | None" = None, credit: "str | None" = None, language: "str | None" = None, ours: "bool | None" = None, watch: "int | None" = None, q: "str | None" = None, query: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None, sort: "Literal['newest', 'outlets', 'owners', 'copies', 'growth'] | None" = None, fields: "str | None" = None) -> "StoryList | PartialStoryList":
        """List stories."""
        return cast("StoryList | PartialStoryList", self._call("GET", "/v1/stories", {"since": since, "until": until, "published_since": published_since, "updated_since": updated_since, "min_copies": min_copies, "min_outlets": min_outlets, "min_owners": min_owners, "outlet": outlet, "owner": owner, "credit": credit, "language": language, "ours": ours, "watch": watch, "q": q, "query": query, "limit": limit, "cursor": cursor, "sort": sort, "fields": fields}))

    def follow_stories(self, *, since: "str | None" = None, until: "str | None" = None, published_since: "str | None" = None, updated_since: "str | None" = None, min_copies: "int | None" = None, min_outlets: "int | None" = None, min_owners: "int | None" = None, outlet: "str | None" = None, owner: "str | None" = None, credit: "str | None" = None, language: "str | None" = None, ours: "bool | None" = None, watch: "int | None" = None, q: "str | None" = None, query: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None, sort: "Literal['newest', 'outlets', 'owners', 'copies', 'growth'] | None" = None) -> bytes:
        """List stories as an Atom feed."""
        return cast('bytes', self._call("GET", "/v1/stories.atom", {"since": since, "until": until, "published_since": published_since, "updated_since": updated_since, "min_copies": min_copies, "min_outlets": min_outlets, "min_owners": min_owners, "outlet": outlet, "owner": owner, "credit": credit, "language": language, "ours": ours, "watch": watch, "q": q, "query": query, "limit": limit, "cursor": cursor, "sort": sort}))

    def follow_stories_as_json(self, *, since: "str | None" = None, until: "str | None" = None, published_since: "str | None" = None, updated_since: "str | None" = None, min_copies: "int | None" = None, min_outlets: "int | None" = None, min_owners: "int | None" = None, outlet: "str | None" = None, owner: "str | None" = None, credit: "str | None" = None, language: "str | None" = None, ours: "bool | None" = None, watch: "int | None" = None, q: "str | None" = None, query: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None, sort: "Literal['newest', 'outlets', 'owners', 'copies', 'growth'] | None" = None) -> bytes:
        """List stories as a JSON Feed."""
        return cast('bytes', self._call("GET", "/v1/stories.json-feed", {"since": since, "until": until, "published_since": published_since, "updated_since": updated_since, "min_copies": min_copies, "min_outlets": min_outlets, "min_owners": min_owners, "outlet": outlet, "owner": owner, "credit": credit, "language": language, "ours": ours, "watch": watch, "q": q, "query": query, "limit": limit, "cursor": cursor, "sort": sort}))

    def get_story(self, story_id: str, *, fields: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None) -> "StoryWithCopies | PartialRecord":
        """Get a story with its copies."""
        return cast("StoryWithCopies | PartialRecord", self._call("GET", f"/v1/stories/{urllib.parse.quote(str(story_id), safe='')}", {"fields": fields, "limit": limit, "cursor": cursor}))

    def get_article(self, article_id: str, *, fields: "str | None" = None) -> "Article | PartialRecord":
        """Get an article with its text."""
        return cast("Article | PartialRecord", self._call("GET", f"/v1/articles/{urllib.parse.quote(str(article_id), safe='')}", {"fields": fields}))

    def get_story_paragraphs(self, story_id: str, *, limit: "int | None" = None, cursor: "str | None" = None) -> "StoryParagraphs":
        """Get the paragraphs that each copy keeps."""
        return cast("StoryParagraphs", self._call("GET", f"/v1/stories/{urllib.parse.quote(str(story_id), safe='')}/paragraphs", {"limit": limit, "cursor": cursor}))

    def list_articles(self, *, since: "str | None" = None, outlet: "str | None" = None, language: "str | None" = None, story: "str | None" = None, include: "Literal['text'] | None | None" = None, limit: "int | None" = None, cursor: "str | None" = None) -> "ArticleList":
        """List articles."""
        return cast("ArticleList", self._call("GET", "/v1/articles", {"since": since, "outlet": outlet, "language": language, "story": story, "include": include, "limit": limit, "cursor": cursor}))

    def search_stories(self, *, since: "str | None" = None, until: "str | None" = None, published_since: "str | None" = None, updated_since: "str | None" = None, min_copies: "int | None" = None, min_outlets: "int | None" = None, min_owners: "int | None" = None, outlet: "str | None" = None, owner: "str | None" = None, credit: "str | None" = None, language: "str | None" = None, ours: "bool | None" = None, watch: "int | None" = None, q: str, query: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None, order: "Literal['relevance', 'time'] | None" = None) -> "SearchResponse":
        """Search stories by words."""
        return cast("SearchResponse", self._call("GET", "/v1/search", {"since": since, "until": until, "published_since": published_since, "updated_since": updated_since, "min_copies": min_copies, "min_outlets": min_outlets, "min_owners": min_owners, "outlet": outlet, "owner": owner, "credit": credit, "language": language, "ours": ours, "watch": watch, "q": q, "query": query, "limit": limit, "cursor": cursor, "order": order}))

    def list_changes(self, *, updated_since: "str | None" = None, cursor: "str | None" = None, limit: "int | None" = None, include: "Literal['articles'] | None | None" = None) -> "ChangeList":
        """List changes."""
        return cast("ChangeList", self._call("GET", "/v1/changes", {"updated_since": updated_since, "cursor": cursor, "limit": limit, "include": include}))

    def look_up_url(self, *, url: str) -> "LookupResponse":
        """Look up an article by its URL."""
        return cast("LookupResponse", self._call("GET", "/v1/lookup", {"url": url}))

    def look_up_text(self, body: dict[str, Any]) -> "LookupResponse":
        """Look up a text."""
        return cast("LookupResponse", self._call("POST", "/v1/lookup", None, body, "application/json"))

    def list_outlets(self) -> "OutletList":
        """List outlets."""
        return cast("OutletList", self._call("GET", "/v1/outlets", None))

    def get_outlet(self, *, name: str) -> "OutletWithReport":
        """Get an outlet with its report."""
        return cast("OutletWithReport", self._call("GET", "/v1/outlet", {"name": name}))

    def change_outlet(self, body: "OutletChange", *, name: str) -> "Outlet":
        """Change an outlet."""
        return cast("Outlet", self._call("PATCH", "/v1/outlet", {"name": name}, body, "application/json"))

    def merge_outlet(self, body: "OutletMerge", *, name: str) -> "MergedOutlet":
        """Merge an outlet into another one."""
        return cast("MergedOutlet", self._call("POST", "/v1/outlet/merge", {"name": name}, body, "application/json"))

    def import_dispatches(self, body: dict[str, Any], *, provider: "str | None" = None) -> "ImportedDispatches":
        """Import dispatches."""
        return cast("ImportedDispatches", self._call("POST", "/v1/dispatches", {"provider": provider}, body, "application/json"))

    def list_providers(self) -> "ProviderList":
        """List providers."""
        return cast("ProviderList", self._call("GET", "/v1/providers", None))

    def list_uses(self, *, provider: "str | None" = None, outlet: "str | None" = None, month: "str | None" = None, since: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None) -> "UseList":
        """List the uses of dispatches."""
        return cast("UseList", self._call("GET", "/v1/uses", {"provider": provider, "outlet": outlet, "month": month, "since": since, "limit": limit, "cursor": cursor}))

    def count_uses_by_client(self, *, provider: "str | None" = None, outlet: "str | None" = None, month: "str | None" = None, since: "str | None" = None) -> "ClientMonthList":
        """Count the uses of dispatches by client and month."""
        return cast("ClientMonthList", self._call("GET", "/v1/uses/clients", {"provider": provider, "outlet": outlet, "month": month, "since": since}))

    def list_news_events(self, *, since: "str | None" = None, until: "str | None" = None, min_stories: "int | None" = None, min_outlets: "int | None" = None, language: "str | None" = None, sort: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None) -> "NewsEventList":
        """List news events."""
        return cast("NewsEventList", self._call("GET", "/v1/news-events", {"since": since, "until": until, "min_stories": min_stories, "min_outlets": min_outlets, "language": language, "sort": sort, "limit": limit, "cursor": cursor}))

    def get_news_event(self, event_id: str) -> "NewsEventWithStories":
        """Get a news event with its stories."""
        return cast("NewsEventWithStories", self._call("GET", f"/v1/news-events/{urllib.parse.quote(str(event_id), safe='')}", None))

    def merge_news_events(self, event_id: str, body: "MergeEventsRequest") -> "NewsEventDecisionOutcome":
        """Merge two news events."""
        return cast("NewsEventDecisionOutcome", self._call("POST", f"/v1/news-events/{urllib.parse.quote(str(event_id), safe='')}/merge", None, body, "application/json"))

    def split_news_event(self, event_id: str, body: "SplitEventRequest") -> "NewsEventDecisionOutcome":
        """Split stories off a news event."""
        return cast("NewsEventDecisionOutcome", self._call("POST", f"/v1/news-events/{urllib.parse.quote(str(event_id), safe='')}/split", None, body, "application/json"))

    def move_to_news_event(self, event_id: str, body: "MoveStoryRequest") -> "NewsEventDecisionOutcome":
        """Move a story to this news event."""
        return cast("NewsEventDecisionOutcome", self._call("POST", f"/v1/news-events/{urllib.parse.quote(str(event_id), safe='')}/move", None, body, "application/json"))

    def label_news_event(self, event_id: str, body: "LabelRequest") -> "NewsEventDecisionOutcome":
        """Choose the headline of a news event."""
        return cast("NewsEventDecisionOutcome", self._call("POST", f"/v1/news-events/{urllib.parse.quote(str(event_id), safe='')}/label", None, body, "application/json"))

    def undo_news_event_decision(self, number: int, body: "UndoRequest") -> "NewsEventDecisionOutcome":
        """Undo a decision about news events."""
        return cast("NewsEventDecisionOutcome", self._call("POST", f"/v1/news-event-decisions/{urllib.parse.quote(str(number), safe='')}/undo", None, body, "application/json"))

    def list_news_event_decisions(self, *, news_event: "str | None" = None, limit: "int | None" = None) -> "NewsEventDecisionList":
        """List decisions about news events."""
        return cast("NewsEventDecisionList", self._call("GET", "/v1/news-event-decisions", {"news_event": news_event, "limit": limit}))

    def count_coverage(self, *, since: "str | None" = None, until: "str | None" = None, published_since: "str | None" = None, updated_since: "str | None" = None, min_copies: "int | None" = None, min_outlets: "int | None" = None, min_owners: "int | None" = None, outlet: "str | None" = None, owner: "str | None" = None, credit: "str | None" = None, language: "str | None" = None, ours: "bool | None" = None, watch: "int | None" = None, q: "str | None" = None, query: "str | None" = None, limit: "int | None" = None, cursor: "str | None" = None, by: "Literal['day', 'outlet', 'owner', 'country', 'language', 'agency'] | None" = None, news_event: "str | None" = None) -> "CountList":
        """Count coverage."""
        return cast("CountList", self._call("GET", "/v1/counts", {"since": since, "until": until, "published_since": published_since, "updated_since": updated_since, "min_copies": min_copies, "min_outlets": min_outlets, "min_owners": min_owners, "outlet": outlet, "owner": owner, "credit": credit, "language": language, "ours": ours, "watch": watch, "q": q, "query": query, "limit": limit, "cursor": cursor, "by": by, "news_event": news_event}))

    def list_saved_searches(self) -> "KeptSearchList":
        """List saved searches."""
        return cast("KeptSearchList", self._call("GET", "/v1/searches", None))

    def add_saved_search(self, body: "NewSavedSearch") -> "KeptSearch":
        """Save a search."""
        return cast("KeptSearch", self._call("POST", "/v1/searches", None, body, "application/json"))

    def remove_saved_search(self, search_id: int) -> None:
        """Remove a saved search."""
        self._call("DELETE", f"/v1/searches/{urllib.parse.quote(str(search_id), safe='')}", None)

    def get_retention(self) -> "RetentionSettings":
        """Get the retention."""
        return cast("RetentionSettings", self._call("GET", "/v1/settings/retention", None))

    def set_retention(self, body: "RetentionSettings") -> "RetentionSettings":
        """Set the retention."""
        return cast("RetentionSettings", self._call("PUT", "/v1/settings/retention", None, body, "application/json"))

    def get_status(self) -> "ServerStatus":
        """Get sizes, growth, queues, and what to do first."""
        return cast("ServerStatus", self._call("GET", "/v1/status", None))

    def list_recipients(self, watch_id: int) -> "RecipientList":
        """List who gets mails of a watch."""
        return cast("RecipientList", self._call("GET", f"/v1/watches/{urllib.parse.quote(str(watch_id), safe='')}/recipients", None))

    def add_recipient(self, watch_id: int, body: "NewRecipient") -> "Recipient":
        """Send mails of a watch."""
        return cast("Recipient", self._call("POST", f"/v1/watches/{urllib.parse.quote(str(watch_id), safe='')}/recipients", None, body, "application/json"))

    def remove_recipient(self, watch_id: int, number: int) -> None:
        """End mails of a watch."""
        self._call("DELETE", f"/v1/watches/{urllib.parse.quote(str(watch_id), safe='')}/recipients/{urllib.parse.quote(str(number), safe='')}", None)

    def add_source(self, body: "NewSourceRequest") -> "RequestedSource":
        """Request a source."""
        return cast("RequestedSource", self._call("POST", "/v1/sources", None, body, "application/json"))

    def list_sources(self) -> "SourceList":
        """List sources."""
        return cast("SourceList", self._call("GET", "/v1/sources", None))

    def get_source_request(self, request_id: int) -> "RequestedSource":
        """Get a requested source."""
        return cast("RequestedSource", self._call("GET", f"/v1/source-requests/{urllib.parse.quote(str(request_id), safe='')}", None))

    def import_sources(self, body: bytes) -> "ImportedSources":
        """Import sources."""
        return cast("ImportedSources", self._call("POST", "/v1/sources/import", None, body, "text/x-opml"))

    def export_sources(self) -> bytes:
        """Export sources."""
        return cast('bytes', self._call("GET", "/v1/sources.opml", None))

    def change_source(self, source_id: int, body: "SourceChangeRequest") -> "Source":
        """Change a source."""
        return cast("Source", self._call("PATCH", f"/v1/sources/{urllib.parse.quote(str(source_id), safe='')}", None, body, "application/json"))

    def remove_source(self, source_id: int) -> None:
        """Remove a source."""
        self._call("DELETE", f"/v1/sources/{urllib.parse.quote(str(source_id), safe='')}", None)

    def get_source(self, source_id: int) -> "SourceWithHealth":
        """Get a source."""
        return cast("SourceWithHealth", self._call("GET", f"/v1/sources/{urllib.parse.quote(str(source_id), safe='')}", None))

    def try_source(self, source_id: int) -> "RequestedPoll":
        """Request a poll."""
        return cast("RequestedPoll", self._call("POST", f"/v1/sources/{urllib.parse.quote(str(source_id), safe='')}/try", None))

    def is_alive(self) -> bytes:
        """Check that the process responds."""
        return cast('bytes', self._call("GET", "/livez", None))

    def is_ready(self) -> "Readiness":
        """Check that database and index respond."""
        return cast("Readiness", self._call("GET", "/readyz", None))


def _problem(error: urllib.error.HTTPError) -> OnestoryError:
    try:
        told = json.loads(error.read())
        return OnestoryError(error.code, str(told["reason"]), str(told["detail"]))
    except (ValueError, KeyError, TypeError):
        return OnestoryError(error.code, "unknown", error.reason)
