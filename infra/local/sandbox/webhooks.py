"""Webhooks: which URL is registered for which event, and the key that signs what is sent there."""

import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import cast
from urllib.parse import urlsplit

from infra.local.sandbox.answers import Json, refuse
from infra.local.sandbox.clock import Clock, shown, shown_or_none
from infra.local.sandbox.paging import page_of

JOB_FINISHED = "job:finished"
PORTS = frozenset({80, 443, 8080, 8443})
EVENT = re.compile(r"[a-zA-Z0-9]+:[a-zA-Z0-9]+")
MAX_REGISTERED_AT_ONCE = 50
DEFAULT_PER_PAGE = 20


@dataclass
class Webhook:
    """A registered webhook. Times are seconds since 1970."""

    id: int
    event: str
    url: str
    created: float
    updated: float | None = None
    send_payload: str | None = None


class Webhooks:
    """The registered webhooks. `key` signs notifications, once it has been generated."""

    def __init__(self, clock: Clock) -> None:
        self.key: str | None = None
        self._clock = clock
        self._ids = count(1)
        self._hooks: dict[int, Webhook] = {}

    def registered(self, event: str) -> Webhook | None:
        """The webhook for an event."""
        return next((hook for hook in self._hooks.values() if hook.event == event), None)

    def refuse_without_job_finished(self) -> None:
        """Raises `Refusal` (403) where an asynchronous call could tell nobody of its end."""
        if self.registered(JOB_FINISHED) is None:
            message = "An asynchronous request needs a registered webhook for the event job:finished."
            raise refuse(403, "webhook-not-registered", message, JOB_FINISHED)

    def get(self, webhook_id: int) -> Webhook:
        """The webhook with this id; raises `Refusal` (404)."""
        if webhook_id not in self._hooks:
            raise refuse(404, "webhook-not-found", f'Webhook with id "{webhook_id}" not found.', str(webhook_id))
        return self._hooks[webhook_id]

    def register(self, rows: list[Json]) -> Json:
        """Register webhooks, all or none.

        Raises:
            Refusal: 413 for more than 50; 422 for a second URL of an event, or for a URL that Shoptet does not call.
        """
        if len(rows) > MAX_REGISTERED_AT_ONCE:
            raise refuse(413, "too-many-items", "Too many webhooks were sent at once.", "data")
        events = [str(row["event"]) for row in rows]
        for row, event in zip(rows, events, strict=True):
            if not EVENT.fullmatch(event):
                raise refuse(422, "invalid-request-data", "There is no such event.", event)
            if self.registered(event) or events.count(event) > 1:
                raise refuse(422, "invalid-request-data", "Webhook already exists for this event", event)
            refuse_bad_url(str(row["url"]))
        added = [self._add(row) for row in rows]
        return {"webhooks": [webhook_view(hook) for hook in added]}

    def update(self, webhook_id: int, change: Json) -> None:
        """Change a webhook's URL; raises `Refusal`: 404, or 422 for a URL that Shoptet does not call."""
        hook = self.get(webhook_id)
        if "url" in change:
            refuse_bad_url(str(change["url"]))
            hook.url = str(change["url"])
        if "sendPayload" in change:
            hook.send_payload = cast(str | None, change["sendPayload"])
        hook.updated = self._clock.now()

    def delete(self, webhook_id: int) -> None:
        """Remove a webhook; raises `Refusal` (404)."""
        self.get(webhook_id)
        del self._hooks[webhook_id]

    def renew_key(self) -> str:
        """A new signature key, 32 hex digits; the one before stops counting at once."""
        self.key = secrets.token_hex(16)
        return self.key

    def page(self, query: Mapping[str, str | int | bool]) -> Json:
        """A page of the webhooks."""
        rows, paginator = page_of(list(self._hooks.values()), query, DEFAULT_PER_PAGE)
        return {"webhooks": [webhook_view(hook) for hook in rows], "paginator": paginator}

    def _add(self, row: Json) -> Webhook:
        payload = cast(str | None, row.get("sendPayload"))
        hook = Webhook(next(self._ids), str(row["event"]), str(row["url"]), self._clock.now(), send_payload=payload)
        self._hooks[hook.id] = hook
        return hook


def refuse_bad_url(url: str) -> None:
    """Raises `Refusal` (422) for a URL that Shoptet would not call.

    Shoptet calls the ports 80, 443, 8080 and 8443 alone. Loopback is taken with any port: that is where the functions
    of the local cloud listen.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise refuse(422, "invalid-request-data", "The URL of the webhook is not valid.", "url") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise refuse(422, "invalid-request-data", "The URL of the webhook is not valid.", "url")
    if port not in PORTS and not _loopback(parts.hostname):
        raise refuse(422, "invalid-request-data", "The port must be 80, 443, 8080 or 8443.", "url")


def webhook_view(hook: Webhook) -> Json:
    """A webhook as the API shows it."""
    return {
        "id": hook.id,
        "event": hook.event,
        "url": hook.url,
        "created": shown(hook.created),
        "updated": shown_or_none(hook.updated),
        "sendPayload": hook.send_payload,
    }


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
