"""The Link header of a list (RFC 8288)."""

from urllib.parse import urlencode

from fastapi import Request

from newsroom.api.filters import StoryQuery

__all__ = ["further_link", "next_link", "next_path"]


def next_path(path: str, query: StoryQuery, cursor: str) -> str:
    """The address of the next page: the same path and filters, with the cursor."""
    told = query.model_dump(exclude_defaults=True, exclude={"cursor"}, mode="json") | {"cursor": cursor}
    return f"{path}?{urlencode(told)}"


def next_link(request: Request, query: StoryQuery, cursor: str | None) -> dict[str, str]:
    """No header at the end of the list."""
    return {} if cursor is None else {"Link": f'<{next_path(request.url.path, query, cursor)}>; rel="next"'}


def further_link(request: Request, cursor: str | None) -> dict[str, str]:
    """The same for what is no list of stories: the address that was asked for, with another cursor."""
    told = {**request.query_params, "cursor": cursor}
    return {} if cursor is None else {"Link": f'<{request.url.path}?{urlencode(told)}>; rel="next"'}
