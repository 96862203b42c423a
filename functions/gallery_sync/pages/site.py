"""The page's routes: who may, what is asked, and an answer that gives nothing away.

    GET  /l/{token}                          takes a link's secret out of the address, into a cookie
    GET  /drop?into={guid}/{gallery}         uploads; POST /drop/names, /drop/start for its script
    GET  /                                   what waits for a person, what is under way, refused names; ?q= searches
    GET  /g/{guid}/{gallery}                 one gallery, picture by picture
    GET  /g/{guid}/{gallery}/thumbnail?key=  a small JPEG of a dropped picture
    POST /g/{guid}/{gallery}/{retry,look,release,restore}
    POST /refused/move                       brings what was refused into the folder of a code
    POST /leave                              forgets the cookie

Each page is HTML, or JSON under `Accept: application/json`; `?as=csv` is the first screen as a table. What a link does not show
is not there for it (404).
"""

from http import HTTPStatus

from flask import Request, Response

from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.log import Log
from gallery_sync.pages.buttons import pressed
from gallery_sync.pages.render import FILES, HEADERS, file, message
from gallery_sync.pages.screens import drop_page, first_screen, one_gallery, searched, small_picture
from gallery_sync.pages.visit import Service, Visit, place_of
from gallery_sync.pages.words import chosen
from gallery_sync.ports.queue import TasksError
from gallery_sync.ports.storage import StorageUnavailable


def respond(request: Request, service: Service) -> Response:
    """Answer a request. It raises nothing: what cannot be done now is said, with what to do."""
    language = chosen([(tag, weight) for tag, weight in request.accept_languages])
    try:
        return _respond(request, service, language)
    except (StorageUnavailable, TasksError) as error:
        Log("status_link").say("WARNING", f"not now: {error}")
        return message(language, 503, "not-now")
    except BadDocument as error:
        Log("status_link").say("ERROR", str(error))
        return message(language, 500, "broken")


def _respond(request: Request, service: Service, language: str) -> Response:
    path = request.path
    if path in FILES and request.method == "GET":
        return file(path)
    if path == "/favicon.ico":
        return Response("", 204, {**HEADERS, "Cache-Control": "public, max-age=86400"})
    token = request.cookies.get(service.cookie, "")
    if not service.rates.takes(service.rate_of(path.removeprefix("/l/") if path.startswith("/l/") else token)):
        return message(language, 429, "too-many")
    if path.startswith("/l/"):
        return _enter(request, service, language, path.removeprefix("/l/"))
    link = service.link(token)
    if link is None:
        return message(language, 403, "no-link")
    visit = Visit(service, request, link, language)
    parts = [part for part in path.split("/") if part]
    if request.method in ("GET", "HEAD"):
        return _read(visit, parts)
    if request.method == "POST":
        return pressed(visit, parts)
    return visit.page("message.html", 405, title="not-found")


def _enter(request: Request, service: Service, language: str, token: str) -> Response:
    """Take the secret out of the address: it would stay in histories, and in what is shown to others."""
    if request.method != "GET" or service.link(token) is None:
        return message(language, 403, "no-link")
    answer = Response("", HTTPStatus.SEE_OTHER, {**HEADERS, "Location": "/"})
    answer.set_cookie(service.cookie, token, httponly=True, secure=not service.is_local, samesite="Lax", path="/")
    return answer


def _read(visit: Visit, parts: list[str]) -> Response:
    if not parts:
        query = visit.request.args.get("q", "").strip()[:200]
        return searched(visit, query) if query else first_screen(visit)
    if parts == ["drop"]:
        return drop_page(visit)
    place = place_of(visit, parts)
    if place is None:
        return visit.gone()
    if parts[3:] == ["thumbnail"]:
        return small_picture(visit, *place)
    return one_gallery(visit, *place) if len(parts) == 3 else visit.gone()
