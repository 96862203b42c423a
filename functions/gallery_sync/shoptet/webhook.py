"""Shoptet's notification: whether it is Shoptet's, and what it says. Loads no HTTP library: its receiver has 4 seconds.

Source: Shoptet's documentation, "Webhooks": the header `Shoptet-Webhook-Signature` is the hex HMAC-SHA1 of the raw body
under the signature key.
"""

import hashlib
import hmac
from collections.abc import Sequence

import msgspec

__all__ = ["BadNotification", "Notification", "parse", "verify"]

MAX_BODY = 64 * 1024
"""Bytes. A notification without payload has about 150."""


class BadNotification(ValueError):
    """The body is not a notification; the message says why on one line."""


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
