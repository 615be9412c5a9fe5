"""A crawl whose databases are killed in its middle, and still ends with all articles."""

import time

from deploy.compose_check.news_site import ARTICLES, STORIES
from deploy.compose_check.stack import CheckError, Stack, wait_until

__all__ = ["crawls_all_articles_through_kills", "rows"]

KILLS = {
    "redis": (ARTICLES // 6, 'kill -9 "$(pidof redis-server)"'),
    "postgres": (ARTICLES // 2, 'kill -9 "$(head -n 1 "$PGDATA/postmaster.pid")"'),
}


def rows(stack: Stack) -> dict[str, int]:
    """The numbers of stories and articles, and of articles that wait for their stories."""
    counts, status = stack.get("/v1/counts"), stack.get("/v1/status")
    return {"stories": counts["stories"], "articles": counts["articles"], "waiting": status["waiting"]["articles"]}


def crawls_all_articles_through_kills(stack: Stack) -> str:
    started = time.monotonic()
    said = []
    for service, (articles, kill) in KILLS.items():
        wait_until(lambda: rows(stack)["articles"] >= articles, what=f"{articles} articles")  # noqa: B023
        before = rows(stack)["articles"]
        if before >= ARTICLES:
            raise CheckError(f"the crawl ended before {service} was killed")
        stack.inside(service, "sh", "-c", kill)
        seconds = wait_until(lambda: _restarts(stack, service) > 0, what=f"{service} is started again")  # noqa: B023
        seconds += stack.wait_healthy(service) + stack.wait_ready()
        said.append(f"{service} killed at {before}, ready again after {seconds:.0f} s")
    whole = {"stories": STORIES, "articles": ARTICLES, "waiting": 0}
    wait_until(lambda: rows(stack) == whole, what=f"{whole}, but {rows(stack)}", seconds=300)
    return f"{ARTICLES} articles in {STORIES} stories after {time.monotonic() - started:.0f} s; {'; '.join(said)}"


def _restarts(stack: Stack, service: str) -> int:
    container = next(one["Name"] for one in stack.containers() if one["Service"] == service)
    return int(stack.inspected(container)["RestartCount"])
