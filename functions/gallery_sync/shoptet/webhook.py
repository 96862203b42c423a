"""Shoptet's notification: whether it is Shoptet's, and what it says. Loads no HTTP library: its receiver has 4 seconds.

Source: Shoptet's documentation, "Webhooks": the header `Shoptet-Webhook-Signature` is the hex HMAC-SHA1 of the raw body
under the signature key.
"""

import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from gallery_sync.core.shop_times import epoch
from gallery_sync.redact import one_line

__all__ = ["BadNotification", "Notification", "check", "parse", "verify"]

MAX_BODY = 64 * 1024
"""Bytes. A notification without payload has about 150."""


MOST_LATE = 24 * 3_600.0
"""Seconds. Shoptet sends a notification three times within half an hour (docs/shoptet.md, "Webhooks from Shoptet")."""
MOST_AHEAD = 600.0
"""Seconds that Shoptet's clock may be ahead of ours: how far it is off is not known (docs/shoptet.md, "Unknowns", U21)."""


class BadNotification(ValueError):
    """The body is not a notification, or not one for us now; the message says why on one line."""


class Notification(msgspec.Struct, frozen=True, rename="camel"):
    """What Shoptet tells. For `job:finished`, `event_instance` is the job's id. There is no id of the event."""

    eshop_id: int
    event: str
    event_created: str
    event_instance: str


def verify(raw: bytes, signature: str | None, keys: Sequence[str]) -> bool:
    """Whether the signature is that of the raw body under one of the keys (two while the key is being changed).

    The time taken does not depend on which key fits, nor on how much of the signature is right. An empty key fits
    nothing: anybody could sign with it.
    """
    given = (signature or "").strip().encode(errors="replace").lower()
    fits = False
    for key in keys:
        expected = hmac.new(key.encode(), raw, hashlib.sha1).hexdigest().encode()
        fits |= hmac.compare_digest(expected, given) and bool(key)
    return fits


def parse(raw: bytes) -> Notification:
    """The notification in this body; fields beyond ours are ignored. Raises BadNotification."""
    if len(raw) > MAX_BODY:
        raise BadNotification(f"the notification is larger than {MAX_BODY // 1024} KB")
    try:
        return msgspec.json.decode(raw, type=Notification)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadNotification(f"the body is not a notification of Shoptet's: {error}") from None


def check(notification: Notification, *, now: float, eshop_id: int | None) -> None:
    """Refuse an old notification that somebody sends again, and another shop's. Raises BadNotification.

    `now` in epoch seconds; `eshop_id` None: any shop's will do.
    """
    created = epoch(notification.event_created)
    if created is None or not now - MOST_LATE <= created <= now + MOST_AHEAD:
        when = one_line(notification.event_created)[:40]
        raise BadNotification(
            f"the notification's eventCreated is {when!r}: it is a time of Shoptet's, a day ago at most and not ahead of ours"
        )
    if eshop_id is not None and notification.eshop_id != eshop_id:
        raise BadNotification(
            f"the notification is of the e-shop {notification.eshop_id}, and this deployment is of {eshop_id}: "
            "correct SHOPTET_ESHOP_ID, or the shop in which the webhook is registered"
        )
