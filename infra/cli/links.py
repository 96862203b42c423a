"""`gallery-sync link`: links to the page, made, listed and revoked."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from gallery_sync.clock import Clock
from gallery_sync.core.links import Link, Right, digest
from gallery_sync.core.schedule import DAY
from gallery_sync.ports.storage import Documents
from gallery_sync.state import links
from gallery_sync.state.codes import known_guid
from infra.cli.stop import Stop

__all__ = ["MOST_DAYS", "address", "create", "listed", "revoke"]

URL: Final = "STATUS_LINK_URL"
MOST_DAYS: Final = 366


def address(environ: Mapping[str, str], url: str | None) -> str:
    """Give where the page is. Raises Stop."""
    found = (url or environ.get(URL, "")).strip().rstrip("/")
    if not found.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise Stop(f"where the page is, nobody said: set {URL} to the output status_link_url of Terraform, or --url")
    return found


def create(documents: Documents, clock: Clock, url: str, right: Right, days: int, product: str, note: str) -> str:
    """Make a link, and give its address, which is a secret and shown this once. Raises Stop, StorageUnavailable."""
    if not 1 <= days <= MOST_DAYS:
        raise Stop(f"a link lasts 1 to {MOST_DAYS} days")
    guid = known_guid(documents, product) if product else ""
    if guid is None:
        raise Stop(f"nothing was ever dropped or asked for under the code '{product}': name the product by its guid")
    secret, now = secrets.token_urlsafe(32), clock.now()
    link = Link(secrets.token_hex(8), digest(secret), right, now, now + days * DAY, guid, note)
    links.create(documents, link)
    return f"{url}/l/{link.id}.{secret}"


def listed(documents: Documents, now: float) -> Iterator[str]:
    """Say which links there are, the newest first: never a secret, which nobody knows any more. Raises StorageUnavailable."""
    found = sorted(links.read_all(documents), key=lambda link: -link.made)
    for link in found:
        ends = f"{'ended' if link.until <= now else 'ends'} {datetime.fromtimestamp(link.until, UTC):%Y-%m-%d}"
        yield "  ".join((link.id, link.right, ends, link.product or "all products", link.note)).rstrip()
    if not found:
        yield "there are no links; make one: gallery-sync link create"


def revoke(documents: Documents, link_id: str) -> str:
    """Let a link count no longer. Raises Stop, StorageUnavailable."""
    if not links.revoke(documents, link_id):
        raise Stop(f"there is no link {link_id}: gallery-sync link list shows all")
    return f"revoked: {link_id}; it counts for 10 more seconds at most"
