"""Rendering of templates. Every value is sanitized and escaped."""

import hashlib
from datetime import datetime
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from onestory.languages import language_name
from onestory.newsroom.access.csrf import CSRF_FIELD_NAME, csrf_token
from onestory.newsroom.http.context import api_context
from onestory.newsroom.http.permissions import caller_of
from onestory.newsroom.http.problems import Problem
from onestory.newsroom.pages import display
from onestory.newsroom.pages.redirects import return_path
from onestory.pipelines.stories.original import REASONS

__all__ = ["STATIC_FILES", "problem_page", "render_page"]

# The hidden field of every form that posts: see onestory.newsroom.access.csrf.
CSRF_FIELD = Markup('<input type="hidden" name="{}" value="{}">')
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def _static() -> dict[str, tuple[bytes, str]]:
    folder = files("onestory.newsroom") / "static"
    return {entry.name: (entry.read_bytes(), MEDIA_TYPES[entry.name.rpartition(".")[2]]) for entry in folder.iterdir()}


# Bytes and media type by name: a few small files, read once.
STATIC_FILES = _static()


def _address(name: str) -> str:
    """The URL of a static file, with a digest of its content so that browsers may cache it indefinitely."""
    return f"/static/{name}?v={hashlib.sha256(STATIC_FILES[name][0]).hexdigest()[:12]}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("onestory.newsroom"),
        autoescape=True,
        finalize=display.sanitize_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        absolute=display.format_absolute,
        day_and_time=display.format_day_and_time,
        count=display.plural_grouped,
        iso=display.iso_seconds,
        language_name=language_name,
        language_tag=display.language_tag,
        safe_link=display.safe_link,
        original_reason=lambda reason: REASONS.get(reason, reason),
        share=display.format_percent,
        span_of_time=display.format_delay,
    )
    environment.globals.update(static={name: _address(name) for name in STATIC_FILES})
    return environment


TEMPLATES = _environment()


def render_page(
    request: Request, template: str, *, status: int = 200, now: datetime | None = None, **shown: Any
) -> Response:
    """Render a template. Relative times are relative to `now`."""
    moment = now or api_context(request).clock()
    caller = caller_of(request)
    html = TEMPLATES.get_template(template).render(
        me=caller,  # `caller` has a meaning in macros
        signed=Markup() if caller.session is None else CSRF_FIELD.format(CSRF_FIELD_NAME, csrf_token(caller.session)),
        ago=lambda then: display.time_ago(then, moment),
        ahead=lambda then: display.time_until(then, moment),
        version=request.app.version,
        **shown,
    )
    return HTMLResponse(html, status, {"Cache-Control": "private, no-cache"})


def problem_page(request: Request, problem: Problem) -> Response:
    """The page for an error. Visitors who are not signed in may do so and continue."""
    if problem.status == 401:
        answer = render_page(request, "sign_in.html", status=401, here=None, back=return_path(request), refusal=None)
    else:
        answer = render_page(request, "problem.html", status=problem.status, here=None, problem=problem)
    answer.headers.update({"Cache-Control": "no-store", **problem.headers})
    return answer
