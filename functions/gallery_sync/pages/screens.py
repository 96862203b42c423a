"""What the page shows: the first screen, what is searched for, a gallery, its small pictures, and where files are dropped."""

import csv
import hashlib
import io
import re
from typing import Final
from urllib.parse import urlsplit

from flask import Request, Response

from gallery_sync.core import names
from gallery_sync.core.shop_values import Gallery
from gallery_sync.pages import dropping, reasons, shown
from gallery_sync.pages.gallery import gallery_page
from gallery_sync.pages.overview import Overview, overview, thumbnail_of
from gallery_sync.pages.render import CSP, HEADERS, SCRIPTED, as_json, page
from gallery_sync.pages.restoring import can_come_back
from gallery_sync.pages.visit import Visit
from gallery_sync.pages.words import words
from gallery_sync.state import open_galleries, shop_facts

REFRESH: Final = 10
"""Seconds after which a page on which something moves asks again."""
NAME_COST: Final = 20
"""Requests as which a search by name counts."""
LONGEST: Final = 300
"""The same where very much does."""


def first_screen(visit: Visit) -> Response:
    """Show what waits for a person; as a table or JSON where that is asked for."""
    world = visit.world
    markers = open_galleries.listed(world.documents, visit.link.product)
    said = overview(world.documents, markers, names=not visit.link.product)
    if visit.request.args.get("as") == "csv":
        return _csv(visit, said)
    if wants_json(visit.request):
        return as_json(said)
    known = visit.service.products()
    products = known.named([*(need.guid for need in said.needs), *(one.guid for one in said.under_way)])
    meant = {one.name: known.meant(one, world.placing) for one in said.refused} if visit.link.may("manage") else {}
    done = visit.request.args.get("done", "")
    # Listing what is open costs more, the more that is.
    refresh = min(LONGEST, max(REFRESH, said.under_way_total // 50)) if said.moves else 0
    return visit.page("overview.html", refresh=refresh, said=said, products=products, meant=meant, done=done)


def searched(visit: Visit, query: str) -> Response:
    """Show the products that are searched for."""
    products = visit.service.products()
    found, near = products.search(query)
    # Names are found by reading the whole catalogue: that counts as many requests.
    if not found and not visit.service.rates.takes(visit.link.id, NAME_COST):
        return visit.page("message.html", 429, title="too-many")
    found = found or products.search_names(query)
    found = [listed for listed in found if visit.link.shows(listed.guid)]
    near = near if not visit.link.product else []
    if wants_json(visit.request):
        return as_json({"products": found, "near": near})
    return visit.page("search.html", query=query, found=found, near=near)


def one_gallery(visit: Visit, guid: str, gallery: Gallery) -> Response:
    """Show a gallery, picture by picture."""
    ledger = visit.world.ledgers.read(guid, gallery).ledger
    page = gallery_page(ledger)
    if wants_json(visit.request):
        return as_json(page)
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
        stamp=stamp_of,
    )


def _origin(address: str) -> str:
    """Give the scheme and host of the shop's pictures, if pages may show them from there."""
    parts = urlsplit(address)
    local = parts.hostname in ("127.0.0.1", "localhost")
    fits = parts.scheme == "https" or (parts.scheme == "http" and local)
    return f"{parts.scheme}://{parts.netloc}" if fits and re.fullmatch(r"[A-Za-z0-9.:-]+", parts.netloc) else ""


def small_picture(visit: Visit, guid: str, gallery: Gallery) -> Response:
    """Give the small JPEG of a dropped picture; 404 where there is none."""
    key = visit.request.args.get("key", "")
    entry = visit.world.ledgers.read(guid, gallery).ledger.entries.get(key)
    source, generation = thumbnail_of(key, entry) if entry is not None else ("", 0)
    stored = visit.world.documents.read(names.thumbnail(source, generation)) if generation else None
    if stored is None:
        return Response("", 404, HEADERS)
    kept = {**HEADERS, "Cache-Control": "private, max-age=86400", "Content-Security-Policy": CSP.format(images="")}
    return Response(stored.body, 200, {**kept, "Content-Type": "image/jpeg"})


def drop_page(visit: Visit) -> Response:
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
    return page(visit.language, "drop.html", 200, 0, policy, link=visit.link, into=into, listed=listed)


def stamp_of(keys: tuple[str, ...]) -> str:
    """Tell a list of images from any other: what is released is what was shown, and nothing else."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:32]


def wants_json(request: Request) -> bool:
    """Whether a program asks."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return best == "application/json"


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
