"""Shoptet's `job:finished` webhook: registered once a shop, signed with one key a shop.

Source: Shoptet's documentation, "Webhooks": one URL an event; a delivery that is not answered with 200 within 4 s is
repeated twice, 15 minutes apart; a renewed signature key counts at once, and the one before no longer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from gallery_sync.core.shop_values import Webhook
from gallery_sync.ports.shop_errors import AnswerLost, Refused, ShoptetError
from infra.cli.secrets import Secrets, SecretsError
from infra.cli.settings import WEBHOOK_KEYS
from infra.cli.stop import Stop

__all__ = ["JOB_FINISHED", "Rotated", "WebhookShop", "finish", "keys_of", "register", "registered", "rotate", "shown"]

JOB_FINISHED: Final = "job:finished"


class WebhookShop(Protocol):
    """What the webhook commands call at Shoptet; `gallery_sync.shoptet.client.Shoptet` says what each raises."""

    def webhooks(self) -> tuple[Webhook, ...]:
        """List all."""
        ...

    def register_webhook(self, event: str, url: str) -> Webhook:
        """Register a URL for an event."""
        ...

    def update_webhook(self, webhook_id: int, url: str) -> None:
        """Give a webhook another URL."""
        ...

    def renew_signature_key(self) -> str:
        """Give a new key; the one before stops counting at once."""
        ...


@dataclass(frozen=True, slots=True)
class Rotated:
    """What became of the keys: the secret's new version, and how many keys it holds."""

    version: str
    keys: int


def registered(hooks: Sequence[Webhook]) -> Webhook | None:
    """Give the webhook for `job:finished`, whoever owns it."""
    return next((hook for hook in hooks if hook.event == JOB_FINISHED), None)


def shown(url: str) -> str:
    """Give a URL as people may see it: without login, query and fragment, which may hold somebody's secret."""
    parts = urlsplit(url)
    more = "?…" if parts.query or parts.fragment else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}{more}"


def keys_of(text: str | None) -> tuple[str, ...]:
    """Give the keys of the setting, as the functions read it: the newest first."""
    return tuple((text or "").replace(",", " ").split())


def register(shop: WebhookShop, url: str, *, move: bool, dry_run: bool) -> str:
    """Let `job:finished` go to `url`; give what was done. Where it goes there already, nothing is.

    A webhook that points elsewhere may be another system's, which would hear of no job any more: Stop, unless `move`.
    Raises ShoptetError.
    """
    hook = registered(shop.webhooks())
    if hook is not None and hook.url == url:
        return f"{JOB_FINISHED} goes to {shown(url)} already; nothing to do"
    if hook is None:
        if dry_run:
            return f"would register {JOB_FINISHED} for {shown(url)}"
        _certain(shop, url, lambda: shop.register_webhook(JOB_FINISHED, url))
        return f"registered {JOB_FINISHED} for {shown(url)}"
    if not move:
        raise Stop(
            f"{JOB_FINISHED} of this shop goes to {shown(hook.url)} (webhook {hook.id}). Shoptet knows one address an "
            "event: if another system owns it, that system would no longer learn when its jobs end. If nobody needs "
            "it, or it is an earlier deployment: gallery-sync webhook register --move"
        )
    moved = f"{JOB_FINISHED} from {shown(hook.url)} to {shown(url)}"
    if dry_run:
        return f"would move {moved}"
    _certain(shop, url, lambda: shop.update_webhook(hook.id, url))
    return f"moved {moved}"


def rotate(shop: WebhookShop, secrets: Secrets, *, dry_run: bool) -> Rotated | None:
    """Renew the signature key and store the new one with the one before; None if only tried.

    The order is forced by Shoptet: it gives the new key only by making it count. So first everything that can be known
    to fail is tried, then the key is renewed, then stored at once. From the renewal until new instances have read the
    secret, deliveries are signed with a key that no instance knows, and refused with 401; Shoptet repeats each of them
    15 and 30 minutes later, so none is lost if new instances are up within 15 minutes. Deliveries that Shoptet signed
    before the renewal and repeats after it are accepted by the key before.

    Running it again is safe at any time. Raises Stop, SecretsError before anything happened, and ShoptetError.
    """
    current = secrets.latest(WEBHOOK_KEYS)
    if not secrets.may_replace(WEBHOOK_KEYS):
        raise Stop(
            f"you may not add a version to {secrets.named(WEBHOOK_KEYS)}, so the new key would be lost: ask for the "
            "roles Secret Manager Secret Accessor and Secret Version Adder on it. Nothing was changed"
        )
    before = keys_of(current.value if current is not None else None)[:1]
    shop.webhooks()  # Refused here, nothing has happened yet.
    if dry_run:
        return None
    try:
        new = shop.renew_signature_key()
    except AnswerLost as error:
        raise Stop(f"the key may have been renewed without us learning it; run it again at once ({error})") from None
    try:
        version = secrets.add(WEBHOOK_KEYS, ",".join((new, *before)))
    except SecretsError as error:
        raise Stop(
            f"the key was renewed, but could not be stored: until it is, every delivery is refused. {error}. Then run "
            "it again at once: that renews the key once more"
        ) from None
    return Rotated(version, 1 + len(before))


def finish(secrets: Secrets, *, dry_run: bool) -> Rotated | None:
    """Let go of the key before, once Shoptet's last repetitions have passed; None if there is none, or if only tried."""
    current = secrets.latest(WEBHOOK_KEYS)
    if current is None:
        raise Stop(f"{secrets.named(WEBHOOK_KEYS)} holds no key yet: gallery-sync webhook rotate")
    keys = keys_of(current.value)
    if len(keys) < 2 or dry_run:
        return None
    return Rotated(secrets.add(WEBHOOK_KEYS, keys[0]), 1)


def _certain(shop: WebhookShop, url: str, change: Callable[[], object]) -> None:
    """Make a change, and believe the list of webhooks, not the answer: that may be lost, or another's change may win."""
    problem: ShoptetError | None = None
    try:
        change()
    except (AnswerLost, Refused) as error:
        problem = error
    hook = registered(shop.webhooks())
    if hook is not None and hook.url == url:
        return
    if problem is not None:
        raise problem
    raise Stop(f"Shoptet accepted it, but {JOB_FINISHED} goes to {shown(hook.url) if hook else 'nobody'}: run it again")
