"""Somebody who came by a link: what the page works with, and which link, language and request it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Request, Response

from gallery_sync.core import links as core_links
from gallery_sync.core import names
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.links import Link
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.pages.products import Products
from gallery_sync.pages.rates import Rates
from gallery_sync.pages.render import CSP, page
from gallery_sync.state import links
from gallery_sync.work.world import PageWorld

COOKIE: Final = "__Host-gallery-sync"
LOCAL_COOKIE: Final = "gallery-sync"
"""In the local cloud, which has no TLS: the prefix would ask for it."""
KNOWN_SECONDS: Final = 10.0
"""For which a link is believed without asking the state bucket: a revoked one counts for so long at most."""


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

    def rate_of(self, token: str) -> str:
        """Say whose rate a request with this token counts for: its link's, once that is known; all others have one together."""
        parsed = core_links.parse(token)
        known = self._known.get(parsed[0]) if parsed is not None else None
        return parsed[0] if parsed is not None and known is not None and known[1] is not None else "strangers"

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
        return page(self.language, template, status, refresh, CSP.format(images=images), link=self.link, **values)

    def gone(self) -> Response:
        """Say that there is no such page, or none for this link."""
        return self.page("message.html", 404, title="not-found")


def place_of(visit: Visit, parts: list[str]) -> tuple[str, Gallery] | None:
    """Read `g/{guid}/{gallery}`, as far as the link shows it."""
    if len(parts) < 3 or parts[0] != "g" or not names.is_guid(parts[1]) or not visit.link.shows(parts[1].lower()):
        return None
    gallery = next((one for one in GALLERIES if one == parts[2]), None)
    return (parts[1].lower(), gallery) if gallery is not None else None
