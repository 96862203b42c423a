"""Whether Shoptet's `job:finished` reaches the running function, and whether that knows the key that Shoptet signs with."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Final

import msgspec
import requests

from gallery_sync.ports.shop_errors import ShoptetError
from infra.cli.checks.finding import Finding, cross, tick
from infra.cli.settings import WEBHOOK_KEYS
from infra.cli.webhooks import JOB_FINISHED, WebhookShop, keys_of, registered, shown

__all__ = ["check_receiver", "check_registration"]

TIMEOUT: Final = (5.0, 15.0)
"""Seconds to connect and to answer; an instance may have to start first."""

HARMLESS: Final = "gallerySync:check"
"""An event that is not Shoptet's: `job_finished` checks its signature, and does nothing."""


def check_registration(shop: WebhookShop, url: str) -> Iterator[Finding]:
    """Look where Shoptet sends `job:finished`."""
    what = f"webhook {JOB_FINISHED}"
    try:
        hook = registered(shop.webhooks())
    except ShoptetError as error:
        yield cross(what, f"could not be told: {error.message}", "set right what is above, and run the check again")
        return
    if hook is None:
        yield cross(what, "is not registered: Shoptet refuses every insertion", "gallery-sync webhook register")
    elif hook.url != url:
        yield cross(
            what,
            f"goes to {shown(hook.url)}, not to this deployment",
            "find out whose it is; if nobody needs it: gallery-sync webhook register --move",
        )
    else:
        yield tick(what, f"goes to {shown(url)}")


def check_receiver(url: str, keys: str | None) -> Iterator[Finding]:
    """Ask the running function itself, unsigned and signed with the newest key."""
    what = "job_finished refuses what is not signed"
    status = _answer(url, None)
    if status != 401:
        found = "does not answer" if status is None else f"answers {status}"
        yield cross(what, f"{shown(url)} {found}", "deploy the function, or correct JOB_FINISHED_URL")
        return
    yield tick(what)
    newest = keys_of(keys)[:1]
    what = "job_finished knows the newest key"
    if not newest:
        yield cross(what, f"there is no {WEBHOOK_KEYS}", "gallery-sync webhook rotate")
    elif (status := _answer(url, newest[0])) != 200:
        yield cross(
            what,
            f"a delivery that is signed with it gets {status or 'no answer'}",
            "let new instances read the secret with the command that `gallery-sync webhook rotate --dry-run` prints",
        )
    else:
        yield tick(what)


def _answer(url: str, key: str | None) -> int | None:
    """The status of the answer to a delivery, signed with `key` or unsigned; None if there is none."""
    created = "2026-01-01T00:00:00+0100"
    notification = {"eshopId": 0, "event": HARMLESS, "eventCreated": created, "eventInstance": "check"}
    body = msgspec.json.encode(notification)
    signed = (
        {} if key is None else {"Shoptet-Webhook-Signature": hmac.new(key.encode(), body, hashlib.sha1).hexdigest()}
    )
    headers = {"Content-Type": "application/json", **signed}
    try:
        return requests.post(url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False).status_code
    except requests.RequestException:
        return None
