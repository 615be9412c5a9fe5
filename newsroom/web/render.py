"""Templates to responses. Everything printed passes through `shown`, and is escaped."""

import hashlib
from datetime import datetime
from importlib.resources import files
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from newsroom.api.callers import caller_of
from newsroom.api.desk import desk_of
from newsroom.api.forgery import FIELD, form_token
from newsroom.api.problems import Problem
from newsroom.web import display
from newsroom.web.languages import language_name
from newsroom.web.ways_back import back_to
from pipelines.original import REASONS

__all__ = ["STATIC", "page", "problem_page"]

# Every form that posts begins with it: see newsroom.api.forgery.
SIGNED = Markup('<input type="hidden" name="{}" value="{}">')
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def _static() -> dict[str, tuple[bytes, str]]:
    folder = files("newsroom.web") / "static"
    return {entry.name: (entry.read_bytes(), MEDIA_TYPES[entry.name.rpartition(".")[2]]) for entry in folder.iterdir()}


# Name to bytes and media type: a handful of small files, read once.
STATIC = _static()


def _address(name: str) -> str:
    """With a digest of the content, so that a browser may keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256(STATIC[name][0]).hexdigest()[:12]}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("newsroom.web"),
        autoescape=True,
        finalize=display.shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        absolute=display.absolute,
        count=display.count,
        iso=display.iso,
        language_name=language_name,
        language_tag=display.language_tag,
        safe_link=display.safe_link,
        original_reason=lambda reason: REASONS.get(reason, reason),
        share=display.share,
        span_of_time=display.span_of_time,
    )
    environment.globals.update(static={name: _address(name) for name in STATIC})
    return environment


ENVIRONMENT = _environment()


def page(request: Request, template: str, *, status: int = 200, now: datetime | None = None, **shown: Any) -> Response:
    """The template with what it shows; times are told as seen from `now`."""
    moment = now or desk_of(request).clock()
    caller = caller_of(request)
    told = ENVIRONMENT.get_template(template).render(
        me=caller,  # macros have a `caller` of their own
        signed=Markup() if caller.session is None else SIGNED.format(FIELD, form_token(caller.session)),
        ago=lambda then: display.ago(then, moment),
        ahead=lambda then: display.ahead(then, moment),
        version=request.app.version,
        **shown,
    )
    return HTMLResponse(told, status, {"Cache-Control": "private, no-cache"})


def problem_page(request: Request, problem: Problem) -> Response:
    """An error for a person; who is not known yet may sign in, and go on."""
    if problem.status == 401:
        answer = page(request, "sign_in.html", status=401, here=None, back=back_to(request), refusal=None)
    else:
        answer = page(request, "problem.html", status=problem.status, here=None, problem=problem)
    answer.headers.update({"Cache-Control": "no-store", **problem.headers})
    return answer
