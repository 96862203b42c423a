"""Whether the token lets us in, and has the right to each endpoint that the functions use.

Shoptet lists no token's rights. So each endpoint is called once in a way that can change nothing: reading, or about a
product that does not exist. An answer that there is no such product tells that the right is there.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from gallery_sync.clock import Clock
from gallery_sync.core.shop_values import Attributes, NewImage, NewSource
from gallery_sync.ports.shop_errors import NotAllowed, Refused, ShoptetError, TryLater
from gallery_sync.shoptet.classify import REGISTER_WEBHOOK
from gallery_sync.shoptet.client import Shoptet
from infra.cli.checks.finding import Finding, cross, tick

__all__ = ["NOWHERE", "check_rights"]

NOWHERE: Final = str(uuid.UUID(int=0))
"""A product that no shop has."""

NO_PICTURE: Final = "https://example.invalid/gallery-sync-check.png"
NO_NAME: Final = "gallery-sync-check.png"
SEND_WITHIN: Final = 60.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint by its method and path, and a harmless call of it at a moment (epoch seconds)."""

    name: str
    writes: bool
    call: Callable[[Shoptet, float], object]


ENDPOINTS: Final = (
    Endpoint("GET /api/webhooks", False, lambda shop, _: shop.webhooks()),
    Endpoint("GET /api/products/{guid}/images/{gallery}", False, lambda shop, _: shop.images(NOWHERE, "shop")),
    Endpoint("GET /api/products/{guid}", False, lambda shop, _: shop.product(NOWHERE)),
    Endpoint("GET /api/products/code/{code}", False, lambda shop, _: shop.guid_of("gallery-sync-check")),
    Endpoint("GET /api/eshop", False, lambda shop, _: shop.originals()),
    Endpoint("GET /api/system/jobs", False, lambda shop, now: shop.jobs(created_from=now - SEND_WITHIN)),
    Endpoint("GET /api/system/jobs/{jobId}", False, lambda shop, _: shop.job("gallery-sync-check")),
    Endpoint(
        "POST /api/products/{guid}/images/{gallery}",
        True,
        lambda shop, now: shop.insert(NOWHERE, "shop", [NewImage(NO_PICTURE)], send_until=now + SEND_WITHIN),
    ),
    Endpoint(
        "PATCH /api/products/{guid}/images/{gallery}/source",
        True,
        lambda shop, now: shop.update_source(
            NOWHERE, "shop", [NewSource(NO_NAME, NO_PICTURE)], send_until=now + SEND_WITHIN
        ),
    ),
    Endpoint(
        "PATCH /api/products/{guid}/images/{gallery}",
        True,
        lambda shop, now: shop.update_attributes(
            NOWHERE, "shop", [Attributes(NO_NAME, priority=1)], send_until=now + SEND_WITHIN
        ),
    ),
    Endpoint(
        "PATCH /api/products/{guid}",
        True,
        lambda shop, now: shop.refer(NOWHERE, {"gallery-sync-check": NO_NAME}, send_until=now + SEND_WITHIN),
    ),
    Endpoint(
        "DELETE /api/products/{guid}/images/{gallery}/{imageName}",
        True,
        lambda shop, now: shop.delete(NOWHERE, "shop", NO_NAME, remove_reference=False, send_until=now + SEND_WITHIN),
    ),
    Endpoint(
        "DELETE /api/products/{guid}/images/{gallery}",
        True,
        lambda shop, now: shop.delete_all(NOWHERE, "shop", remove_reference=False, send_until=now + SEND_WITHIN),
    ),
)


def check_rights(shop: Shoptet, clock: Clock, *, dry_run: bool) -> Iterator[Finding]:
    """Look at the token, then at each endpoint; nothing more is asked where the token itself does not count."""
    first = _asked(shop, ENDPOINTS[0], clock.now())
    if isinstance(first, NotAllowed) and first.status == 401:
        yield cross("Shoptet's token", first.message, first.advice)
        return
    if isinstance(first, TryLater):
        yield cross("Shoptet answers", first.message, "check SHOPTET_API_URL and the network; try again later")
        return
    yield tick("Shoptet's token")
    yield _finding(ENDPOINTS[0], first)
    for endpoint in ENDPOINTS[1:]:
        if not (dry_run and endpoint.writes):
            yield _finding(endpoint, _asked(shop, endpoint, clock.now()))


def _asked(shop: Shoptet, endpoint: Endpoint, now: float) -> ShoptetError | None:
    """Call an endpoint; a refusal for another reason than rights is as good as success."""
    try:
        endpoint.call(shop, now)
    except Refused:
        return None
    except ShoptetError as error:
        return error
    return None


def _finding(endpoint: Endpoint, error: ShoptetError | None) -> Finding:
    what = f"right to {endpoint.name}"
    if error is None:
        return tick(what)
    if isinstance(error, NotAllowed):
        found = (
            f"cannot be told without the webhook: {error.message}"
            if error.advice == REGISTER_WEBHOOK
            else error.message
        )
        return cross(what, found, error.advice)
    return cross(what, f"could not be told: {error.message}", "run the check again later")
