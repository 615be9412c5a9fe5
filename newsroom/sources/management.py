"""What administrators do with sources: request, import, change and remove them. Pages and API call these."""

from dataclasses import dataclass

from onestory.crawler.sources.source_changes import ScheduleChange, change_source
from onestory.errors import BadInput
from onestory.languages import language_code
from onestory.ssrf import checked_url
from onestory.store.articles.captures import MAX_OUTLET_CHARS
from onestory.store.database import Store
from onestory.store.frontier.hosts import database_time
from onestory.store.sources.requests import SourceRequest, add_source_request
from onestory.store.sources.source_records import SourceRecord, load_source
from onestory.store.watches.watch_pages import set_watched_only

__all__ = ["MAX_SOURCE_URL", "SourceChange", "SourceWish", "edit_source", "request_source"]

MAX_SOURCE_URL = 2_048


@dataclass(frozen=True, slots=True)
class SourceWish:
    """An address to poll: a feed, a sitemap, a homepage that names one, or with `is_section` the page itself."""

    url: str
    is_section: bool = False
    outlet: str | None = None
    language: str | None = None


def request_source(store: Store, wish: SourceWish) -> SourceRequest:
    """Ask a crawler to find out what is at the address and to add it. Raises BadInput or BlockedAddress."""
    url = checked_url(wish.url if "//" in wish.url else f"https://{wish.url}")
    if len(url) > MAX_SOURCE_URL:
        raise BadInput(f"the address is longer than {MAX_SOURCE_URL} characters")
    outlet = (wish.outlet or "").strip() or None
    if outlet is not None and len(outlet) > MAX_OUTLET_CHARS:
        raise BadInput(f"the name of an outlet has at most {MAX_OUTLET_CHARS} characters")
    language = _language(wish.language)
    with store.write() as connection:
        return add_source_request(
            connection,
            url,
            is_section=wish.is_section,
            outlet=outlet,
            language=language,
            now=database_time(connection),
        )


def _language(typed: str | None) -> str | None:
    try:
        return language_code(typed) if typed else None
    except ValueError as error:
        raise BadInput(str(error)) from error


@dataclass(frozen=True, slots=True)
class SourceChange:
    """Changes to a source; None leaves a field as it is."""

    schedule: ScheduleChange
    watched_only: bool | None = None


def edit_source(store: Store, source_id: int, change: SourceChange) -> SourceRecord:
    """Change a source, and return it. Raises NotFound, or BadInput for a schedule that cannot be."""
    try:
        change_source(store, source_id, change.schedule)
    except BadInput as error:
        raise BadInput(str(error).replace("set --min or --max, too", "change the bounds, too")) from error
    if change.watched_only is not None:
        with store.write() as connection:
            set_watched_only(connection, [source_id], only=change.watched_only)
    with store.read() as connection:
        return load_source(connection, source_id)
