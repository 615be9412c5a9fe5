"""Cookies within one fetch: what a server sets on the way is sent back to it, and forgotten at the end."""

from http.cookies import CookieError, SimpleCookie

from onestory.crawler.fetching.fetcher import FetchResponse

__all__ = ["FetchCookies"]

MAX_COOKIES = 20
MAX_CHARS = 4_096


class FetchCookies:
    """The cookies of one host; paths and times are not looked at, as a fetch lasts for seconds."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def take(self, response: FetchResponse) -> None:
        """Remember what the response sets."""
        for name, value in response.headers:
            if name.lower() == "set-cookie":
                self._set(value)

    def headers(self, more: dict[str, str] | None = None) -> dict[str, str] | None:
        """The headers of the next request, with `more`; None where there are none."""
        said = "; ".join(f"{name}={value}" for name, value in self._values.items())
        return {**(more or {}), **({"Cookie": said} if said else {})} or None

    def _set(self, value: str) -> None:
        try:
            cookies = SimpleCookie(value)
        except CookieError:
            return
        for name, morsel in cookies.items():
            if len(self._values) < MAX_COOKIES and len(morsel.coded_value) <= MAX_CHARS and value.isascii():
                self._values[name] = morsel.coded_value
