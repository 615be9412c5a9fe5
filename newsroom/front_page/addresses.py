"""Addresses on the front page: feeds of the list, its table, and where new stories are asked for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

__all__ = ["feed_addresses", "live_address", "without_order"]


def without_order(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name not in ("order", "sort")}


def live_address(chosen: Mapping[str, str]) -> str:
    """The URL that the page polls for new stories. The page adds the time."""
    return f"/v1/stories?{urlencode({**without_order(chosen), 'fields': 'id', 'limit': 50})}"


def feed_addresses(chosen: Mapping[str, str]) -> dict[str, str]:
    """The feeds of the same list, and the list as a table."""
    filters = without_order(chosen)
    if (sort := chosen.get("sort")) not in (None, "relevance"):
        filters["sort"] = sort
    query = f"?{urlencode(filters)}" if filters else ""
    table = urlencode({**filters, "format": "csv", "limit": 200})
    return {
        "atom": f"/v1/stories.atom{query}",
        "json": f"/v1/stories.json-feed{query}",
        "csv": f"/v1/stories?{table}",
        "xlsx": f"/v1/stories?{table.replace('format=csv', 'format=xlsx')}",
    }
