"""What a button or the script of the page asks for: only what was sent from a page of this site, by a link that may."""

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec
from flask import Request, Response

from gallery_sync.core import links as core_links
from gallery_sync.core.links import Right
from gallery_sync.core.shop_values import Gallery
from gallery_sync.http.body import TooLarge, Unreadable, read
from gallery_sync.pages import dropping, shown
from gallery_sync.pages.gallery import gallery_page
from gallery_sync.pages.render import HEADERS, as_json
from gallery_sync.pages.restoring import can_come_back, restore
from gallery_sync.pages.screens import stamp_of
from gallery_sync.pages.visit import Visit, place_of
from gallery_sync.state import refusals
from gallery_sync.work import attend, rename

MOST_FORM: Final = 400_000
"""Bytes of a form: it may name the images of a whole gallery."""


def pressed(visit: Visit, parts: list[str]) -> Response:
    """Do what a form or the script asks for, if it comes from a page of this site."""
    if not _is_own(visit.request):
        return visit.page("message.html", 403, title="not-own")
    try:
        body = read(visit.request.stream, visit.request.content_length, MOST_FORM)
    except (TooLarge, Unreadable):
        return visit.page("message.html", 400, title="not-own")
    if parts[:1] == ["drop"]:
        return dropped(visit, parts, body)
    form = _form(body)
    if not hmac.compare_digest(form.get("token", [""])[0].encode(), core_links.form_token(visit.link).encode()):
        return visit.page("message.html", 403, title="not-own")
    if parts == ["leave"]:
        answer = Response("", HTTPStatus.SEE_OTHER, {**HEADERS, "Location": "/"})
        answer.delete_cookie(visit.service.cookie, path="/", secure=not visit.service.is_local, httponly=True)
        return answer
    if parts == ["refused", "move"]:
        return move(visit, form.get("name", [""])[0], form.get("code", [""])[0])
    place = place_of(visit, parts)
    action = parts[3] if len(parts) == 4 else ""
    if place is None or action not in _ACTIONS:
        return visit.gone()
    if not visit.link.may(_ACTIONS[action]):
        return visit.page("message.html", 403, title="may-not")
    done = _act(visit, action, *place, form.get("key", []), form.get("stamp", [""])[0])
    where = f"/g/{place[0]}/{place[1]}?done={done}"
    return Response("", HTTPStatus.SEE_OTHER, {**HEADERS, "Location": where})


def dropped(visit: Visit, parts: list[str], body: bytes) -> Response:
    """Answer the script: what files would be, or where one is to be sent."""
    token = visit.request.headers.get("X-Form-Token", "")
    if not hmac.compare_digest(token.encode(), core_links.form_token(visit.link).encode()):
        return as_json({"error": "not-own"}, 403)
    if not visit.link.may("drop"):
        return as_json({"error": "may-not"}, 403)
    world, products = visit.world, visit.service.products()

    def why(code: str, reason: str) -> str:
        return shown.refusal_of(visit.language, code, reason)

    try:
        if parts == ["drop", "names"]:
            asked = msgspec.json.decode(body, type=dropping.Files)
            return as_json(dropping.answers(world, products, visit.link, asked, why))
        if parts == ["drop", "start"]:
            start = msgspec.json.decode(body, type=dropping.Start)
            origin = f"{'http' if visit.service.is_local else 'https'}://{visit.request.host}"
            address = dropping.begin(world, products, visit.link, start, origin)
            return as_json({"same": address is None, "address": address or ""})
    except (dropping.BadQuestion, msgspec.DecodeError, UnicodeDecodeError):
        return as_json({"error": "bad-question"}, 400)
    return as_json({"error": "not-found"}, 404)


_ACTIONS: Final[Mapping[str, Right]] = {"retry": "manage", "look": "manage", "release": "manage", "restore": "manage"}


def move(visit: Visit, name: str, code: str) -> Response:
    """Bring a refused file or folder into the folder of a code that a product has."""
    if not visit.link.may("manage") or visit.link.product:
        return visit.page("message.html", 403, title="may-not")
    refused = refusals.find(visit.world.documents, name)
    if refused is None or not visit.service.products().has_code(code):
        done = "changed"
    else:
        came = rename.into_product(visit.world, refused, code, visit.by)
        done = "moved" if not came.left else "moved-some" if came.moved else "stays"
    return Response("", HTTPStatus.SEE_OTHER, {**HEADERS, "Location": f"/?done={done}"})


def _act(visit: Visit, action: str, guid: str, gallery: Gallery, keys: list[str], stamp: str) -> str:
    """Do what a button says, and give the word for what came of it."""
    if action == "retry":
        return "retry" if attend.try_again(visit.world, guid, gallery, keys, visit.by) else "nothing"
    if action == "look":
        attend.look_now(visit.world, guid, gallery, visit.by)
        return "look"
    ledger = visit.world.ledgers.read(guid, gallery).ledger
    if action == "restore":
        kept = next((one for one in can_come_back(visit.world.documents, ledger) if one.operation == stamp), None)
        return "restore" if kept is not None and restore(visit.world, kept, visit.by) else "nothing"
    goes = next((need for need in gallery_page(ledger).goes if stamp_of(need.keys) == stamp), None)
    if goes is None or not attend.release(visit.world, guid, gallery, goes.keys, visit.by):
        return "changed"
    return "release"


def _is_own(request: Request) -> bool:
    """Whether a form was sent from a page of this very site, as far as the browser tells."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    return site == "same-origin" and (origin is None or urlsplit(origin).netloc == request.host)


def _form(body: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10_000)
    except (UnicodeDecodeError, ValueError):
        return {}
