"""Answers of the page: HTML in the reader's language, JSON, and the files that go with it; each with what keeps it safe."""

from functools import lru_cache
from importlib import resources
from typing import Any, Final, cast

import msgspec
from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from gallery_sync.core import links as core_links
from gallery_sync.core.links import Link
from gallery_sync.pages import shown
from gallery_sync.pages.words import LANGUAGES, words

CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'{images}; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SCRIPTED: Final = "; script-src 'self'; connect-src 'self' {storage}"
"""What the one page with a script may do besides: send files to the storage."""
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would then send forms with the origin `null`, as they do from nowhere.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


@lru_cache(maxsize=len(LANGUAGES))
def _environment(language: str) -> Environment:
    """Load the templates with the words of a language."""
    environment = Environment(
        loader=PackageLoader("gallery_sync.pages"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(shown.FILTERS)
    cast(Any, environment).install_gettext_translations(words(language), newstyle=True)
    return environment


def page(
    language: str, template: str, status: int, refresh: int, policy: str, *, link: Link | None, **values: Any
) -> Response:
    """Render a page. `refresh`: seconds after which it asks again, 0 for never; `policy`: its Content-Security-Policy."""
    token = core_links.form_token(link) if link is not None else ""
    text = (
        _environment(language)
        .get_template(template)
        .render(
            language=language, link=link, token=token, reason_of=shown.reason_of, refusal_of=shown.refusal_of, **values
        )
    )
    headers = {
        **HEADERS,
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": language,
        "Vary": "Cookie, Accept, Accept-Language",
        "Content-Security-Policy": policy,
    }
    if refresh:
        headers["Refresh"] = str(refresh)
    return Response(text, status, headers)


def message(language: str, status: int, title: str) -> Response:
    """Render a page that says no more than why there is no other."""
    return page(language, "message.html", status, 0, CSP.format(images=""), link=None, title=title)


def as_json(value: Any, status: int = 200) -> Response:
    """Give a value as JSON."""
    return Response(msgspec.json.encode(value), status, {**HEADERS, "Content-Type": "application/json"})


FILES: Final = {"/style.css": "text/css; charset=utf-8", "/drop.js": "text/javascript; charset=utf-8"}


@lru_cache(maxsize=len(FILES))
def _content(path: str) -> bytes:
    return resources.files("gallery_sync.pages").joinpath(path.removeprefix("/")).read_bytes()


def file(path: str) -> Response:
    """Give one of FILES."""
    kept = {**HEADERS, "Cache-Control": "public, max-age=3600"}
    return Response(_content(path), 200, {**kept, "Content-Type": FILES[path]})
