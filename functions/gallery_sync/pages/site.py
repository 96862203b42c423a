"""The page's routes: who may, what is asked, and an answer that gives nothing away.

    GET  /l/{token}                          takes a link's secret out of the address, into a cookie
    GET  /drop?into={guid}/{gallery}         uploads; POST /drop/names, /drop/start for its script
    GET  /                                   what waits for a person, what is under way, refused names; ?q= searches
    GET  /g/{guid}/{gallery}                 one gallery, picture by picture
    GET  /g/{guid}/{gallery}/thumbnail?key=  a small JPEG of a dropped picture
    POST /g/{guid}/{gallery}/{retry,look,release,restore}
    POST /leave                              forgets the cookie

Each page is HTML, or JSON under `Accept: application/json`; `?as=csv` is the first screen as a table. What a link does not show
is not there for it (404).
"""

import csv
import hashlib
import hmac
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from importlib import resources
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

import msgspec
from flask import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from gallery_sync.core import links as core_links
from gallery_sync.core import names
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.links import Link, Right
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.http.body import TooLarge, Unreadable, read
from gallery_sync.log import Log
from gallery_sync.pages import dropping, reasons, shown
from gallery_sync.pages.gallery import gallery_page
from gallery_sync.pages.overview import Overview, marked, overview, thumbnail_of
from gallery_sync.pages.products import Products
from gallery_sync.pages.rates import Rates
from gallery_sync.pages.restoring import can_come_back, restore
from gallery_sync.pages.words import LANGUAGES, chosen, words
from gallery_sync.ports.queue import TasksError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.state import links, shop_facts
from gallery_sync.work import attend
from gallery_sync.work.world import PageWorld

COOKIE: Final = "__Host-gallery-sync"
LOCAL_COOKIE: Final = "gallery-sync"
"""In the local cloud, which has no TLS: the prefix would ask for it."""
MOST_FORM: Final = 400_000
"""Bytes of a form: it may name the images of a whole gallery."""
REFRESH: Final = 10
"""Seconds after which a page on which something moves asks again."""
KNOWN_SECONDS: Final = 10.0
"""For which a link is believed without asking the state bucket: a revoked one counts for so long at most."""
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


@dataclass
class Service:
    """What the page works with. `world` connects at the first call; `is_local`: without TLS, on this machine."""

    world: Callable[[], PageWorld]
    is_local: bool = False
    rates: Rates = field(default_factory=Rates)
    _known: dict[str, tuple[float, Link | None]] = field(default_factory=dict)
    _products: Products | None = None

    @property
    def cookie(self) -> str:
        """The name of the cookie that holds a link's token."""
        return LOCAL_COOKIE if self.is_local else COOKIE

    def link(self, token: str) -> Link | None:
        """Give the link of a token; None for one that is wrong, ended or revoked. Raises StorageUnavailable."""
        parsed = core_links.parse(token)
        if parsed is None:
            return None
        now = self.world().clock.now()
        known = self._known.get(parsed[0])
        if known is None or now > known[0] + KNOWN_SECONDS:
            try:
                known = (now, links.read(self.world().documents, parsed[0]))
            except BadDocument as error:
                self.world().log.say("ERROR", str(error))
                known = (now, None)
            # Replaced, not changed: other threads read it.
            self._known = {**dict(list(self._known.items())[-500:]), parsed[0]: known}
        link = known[1]
        return link if link is not None and core_links.is_good(link, parsed[1], now) else None

    def products(self) -> Products:
        """Give the catalogue that counts now. Raises StorageUnavailable."""
        if self._products is None:
            self._products = Products(self.world().documents)
        self._products.fresh()
        return self._products


@dataclass(frozen=True)
class Visit:
    """A request of somebody who may: by which link, in which language, what is wanted."""

    service: Service
    request: Request
    link: Link
    language: str

    @property
    def world(self) -> PageWorld:
        """What the page works with."""
        return self.service.world()

    @property
    def by(self) -> str:
        """Who it is, for the log."""
        return f"link {self.link.id}" + (f" ({self.link.note})" if self.link.note else "")

    def page(self, template: str, status: int = 200, refresh: int = 0, images: str = "", **values: Any) -> Response:
        """Render a page."""
        return _page(self.language, template, status, refresh, CSP.format(images=images), link=self.link, **values)

    def gone(self) -> Response:
        """Say that there is no such page, or none for this link."""
        return self.page("message.html", 404, title="not-found")


def respond(request: Request, service: Service) -> Response:
    """Answer a request. It raises nothing: what cannot be done now is said, with what to do."""
    language = chosen([(tag, weight) for tag, weight in request.accept_languages])
    try:
        return _respond(request, service, language)
    except (StorageUnavailable, TasksError) as error:
        Log("status_link").say("WARNING", f"not now: {error}")
        return _message(language, 503, "not-now")
    except BadDocument as error:
        Log("status_link").say("ERROR", str(error))
        return _message(language, 500, "broken")


def _message(language: str, status: int, title: str) -> Response:
    return _page(language, "message.html", status, 0, CSP.format(images=""), link=None, title=title)


def _respond(request: Request, service: Service, language: str) -> Response:
    path = request.path
    if path in _FILES and request.method == "GET":
        return _file(path)
    if path == "/favicon.ico":
        return Response("", 204, {**HEADERS, "Cache-Control": "public, max-age=86400"})
    if not service.rates.takes("strangers" if path.startswith("/l/") else _known_by(request, service)):
        return _message(language, 429, "too-many")
    if path.startswith("/l/"):
        return _enter(request, service, language, path.removeprefix("/l/"))
    link = service.link(request.cookies.get(service.cookie, ""))
    if link is None:
        return _message(language, 403, "no-link")
    visit = Visit(service, request, link, language)
    parts = [part for part in path.split("/") if part]
    if request.method in ("GET", "HEAD"):
        return _read(visit, parts)
    if request.method == "POST":
        return _write(visit, parts)
    return visit.page("message.html", 405, title="not-found")


def _known_by(request: Request, service: Service) -> str:
    """Tell whose rate a request counts for: its link's, whether that is good or not; all others have one together."""
    parsed = core_links.parse(request.cookies.get(service.cookie, ""))
    return parsed[0] if parsed is not None else "strangers"


def _enter(request: Request, service: Service, language: str, token: str) -> Response:
    """Take the secret out of the address: it would stay in histories, and in what is shown to others."""
    if request.method != "GET" or service.link(token) is None:
        return _message(language, 403, "no-link")
    answer = Response("", HTTPStatus.SEE_OTHER, {**HEADERS, "Location": "/"})
    answer.set_cookie(service.cookie, token, httponly=True, secure=not service.is_local, samesite="Lax", path="/")
    return answer


def _read(visit: Visit, parts: list[str]) -> Response:
    if not parts:
        query = visit.request.args.get("q", "").strip()[:200]
        return _found(visit, query) if query else _first_screen(visit)
    if parts == ["drop"]:
        return _drop(visit)
    place = _place(visit, parts)
    if place is None:
        return visit.gone()
    if parts[3:] == ["thumbnail"]:
        return _thumbnail(visit, *place)
    return _gallery(visit, *place) if len(parts) == 3 else visit.gone()


def _place(visit: Visit, parts: list[str]) -> tuple[str, Gallery] | None:
    """Read `g/{guid}/{gallery}`, as far as the link shows it."""
    if len(parts) < 3 or parts[0] != "g" or not names.is_guid(parts[1]) or not visit.link.shows(parts[1].lower()):
        return None
    gallery = next((one for one in GALLERIES if one == parts[2]), None)
    return (parts[1].lower(), gallery) if gallery is not None else None


def _first_screen(visit: Visit) -> Response:
    world = visit.world
    said = overview(world.documents, marked(world.documents, visit.link.product), names=not visit.link.product)
    if visit.request.args.get("as") == "csv":
        return _csv(visit, said)
    if _wants_json(visit.request):
        return _json(said)
    products = visit.service.products().named(
        [*(need.guid for need in said.needs), *(one.guid for one in said.under_way)]
    )
    return visit.page("overview.html", refresh=REFRESH if said.moves else 0, said=said, products=products)


def _found(visit: Visit, query: str) -> Response:
    found, near = visit.service.products().search(query)
    found = [listed for listed in found if visit.link.shows(listed.guid)]
    near = near if not visit.link.product else []
    if _wants_json(visit.request):
        return _json({"products": found, "near": near})
    return visit.page("search.html", query=query, found=found, near=near)


def _gallery(visit: Visit, guid: str, gallery: Gallery) -> Response:
    ledger = visit.world.ledgers.read(guid, gallery).ledger
    page = gallery_page(ledger)
    if _wants_json(visit.request):
        return _json(page)
    listed = visit.service.products().named([guid]).get(guid)
    address = shop_facts.read(visit.world.documents).originals.get(gallery, "")
    origin = _origin(address)
    return visit.page(
        "gallery.html",
        refresh=REFRESH if page.moves else 0,
        images=f" {origin}" if origin else "",
        page=page,
        listed=listed,
        shop=address if origin else "",
        done=visit.request.args.get("done", ""),
        removed=can_come_back(visit.world.documents, ledger),
        stamp=_stamp,
    )


def _origin(address: str) -> str:
    """Give the scheme and host of the shop's pictures, if pages may show them from there."""
    parts = urlsplit(address)
    local = parts.hostname in ("127.0.0.1", "localhost")
    fits = parts.scheme == "https" or (parts.scheme == "http" and local)
    return f"{parts.scheme}://{parts.netloc}" if fits and re.fullmatch(r"[A-Za-z0-9.:-]+", parts.netloc) else ""


def _thumbnail(visit: Visit, guid: str, gallery: Gallery) -> Response:
    key = visit.request.args.get("key", "")
    entry = visit.world.ledgers.read(guid, gallery).ledger.entries.get(key)
    source, generation = thumbnail_of(key, entry) if entry is not None else ("", 0)
    stored = visit.world.documents.read(names.thumbnail(source, generation)) if generation else None
    if stored is None:
        return Response("", 404, HEADERS)
    kept = {**HEADERS, "Cache-Control": "private, max-age=86400", "Content-Security-Policy": CSP.format(images="")}
    return Response(stored.body, 200, {**kept, "Content-Type": "image/jpeg"})


def _write(visit: Visit, parts: list[str]) -> Response:
    if not _is_own(visit.request):
        return visit.page("message.html", 403, title="not-own")
    try:
        body = read(visit.request.stream, visit.request.content_length, MOST_FORM)
    except (TooLarge, Unreadable):
        return visit.page("message.html", 400, title="not-own")
    if parts[:1] == ["drop"]:
        return _dropped(visit, parts, body)
    form = _form(body)
    if not hmac.compare_digest(form.get("token", [""])[0].encode(), core_links.form_token(visit.link).encode()):
        return visit.page("message.html", 403, title="not-own")
    if parts == ["leave"]:
        answer = Response("", HTTPStatus.SEE_OTHER, {**HEADERS, "Location": "/"})
        answer.delete_cookie(visit.service.cookie, path="/", secure=not visit.service.is_local, httponly=True)
        return answer
    place = _place(visit, parts)
    action = parts[3] if len(parts) == 4 else ""
    if place is None or action not in _ACTIONS:
        return visit.gone()
    if not visit.link.may(_ACTIONS[action]):
        return visit.page("message.html", 403, title="may-not")
    done = _act(visit, action, *place, form.get("key", []), form.get("stamp", [""])[0])
    where = f"/g/{place[0]}/{place[1]}?done={done}"
    return Response("", HTTPStatus.SEE_OTHER, {**HEADERS, "Location": where})


def _drop(visit: Visit) -> Response:
    """Give the page with the script that uploads."""
    if not visit.link.may("drop"):
        return visit.page("message.html", 403, title="may-not")
    into = visit.request.args.get("into", "")
    try:
        place = dropping.place_of(into, visit.link)
    except dropping.BadQuestion:
        return visit.gone()
    listed = visit.service.products().named([place[0]]).get(place[0]) if place is not None else None
    parts = urlsplit(visit.world.storage)
    policy = CSP.format(images="") + SCRIPTED.format(storage=f"{parts.scheme}://{parts.netloc}")
    return _page(visit.language, "drop.html", 200, 0, policy, link=visit.link, into=into, listed=listed)


def _dropped(visit: Visit, parts: list[str], body: bytes) -> Response:
    """Answer the script: what files would be, or where one is to be sent."""
    token = visit.request.headers.get("X-Form-Token", "")
    if not hmac.compare_digest(token.encode(), core_links.form_token(visit.link).encode()):
        return _json({"error": "not-own"}, 403)
    if not visit.link.may("drop"):
        return _json({"error": "may-not"}, 403)
    world, products = visit.world, visit.service.products()

    def why(code: str, reason: str) -> str:
        return shown.refusal_of(visit.language, code, reason)

    try:
        if parts == ["drop", "names"]:
            asked = msgspec.json.decode(body, type=dropping.Files)
            return _json(dropping.answers(world, products, visit.link, asked, why))
        if parts == ["drop", "start"]:
            start = msgspec.json.decode(body, type=dropping.Start)
            origin = f"{'http' if visit.service.is_local else 'https'}://{visit.request.host}"
            address = dropping.begin(world, products, visit.link, start, origin)
            return _json({"same": address is None, "address": address or ""})
    except (dropping.BadQuestion, msgspec.DecodeError, UnicodeDecodeError):
        return _json({"error": "bad-question"}, 400)
    return _json({"error": "not-found"}, 404)


_ACTIONS: Final[Mapping[str, Right]] = {"retry": "manage", "look": "manage", "release": "manage", "restore": "manage"}


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
    goes = next((need for need in gallery_page(ledger).goes if hmac.compare_digest(_stamp(need.keys), stamp)), None)
    if goes is None or not attend.release(visit.world, guid, gallery, goes.keys, visit.by):
        return "changed"
    return "release"


def _stamp(keys: tuple[str, ...]) -> str:
    """Tell a list of images from any other: what is released is what was shown, and nothing else."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]


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


def _wants_json(request: Request) -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, {**HEADERS, "Content-Type": "application/json"})


def _csv(visit: Visit, said: Overview) -> Response:
    """Give the first screen as a table. What a table program would take for a formula gets an apostrophe."""
    t = words(visit.language).gettext
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["product", "gallery", "kind", "file", "code", "reason"])
    for need in said.needs:
        text = shown.reason_of(visit.language, need.code, need.picture, need.reason, need.kind)
        table.writerows(
            [_cell(one) for one in (need.guid, need.gallery, need.kind, file, need.code, text)] for file in need.files
        )
    for refused in said.refused:
        text = refused.reason if visit.language == "en" else t(reasons.refusal(refused.code))
        table.writerow([_cell(one) for one in ("", refused.gallery or "", "refused", refused.name, refused.code, text)])
    kind = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": 'attachment; filename="gallery-sync.csv"'}
    return Response(out.getvalue().encode("utf-8-sig"), 200, {**HEADERS, **kind})


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


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


def _page(
    language: str, template: str, status: int, refresh: int, policy: str, *, link: Link | None, **values: Any
) -> Response:
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


_FILES: Final = {"/style.css": "text/css; charset=utf-8", "/drop.js": "text/javascript; charset=utf-8"}


@lru_cache(maxsize=len(_FILES))
def _content(path: str) -> bytes:
    return resources.files("gallery_sync.pages").joinpath(path.removeprefix("/")).read_bytes()


def _file(path: str) -> Response:
    kept = {**HEADERS, "Cache-Control": "public, max-age=3600"}
    return Response(_content(path), 200, {**kept, "Content-Type": _FILES[path]})
