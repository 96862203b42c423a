"""Webhooks: which URL is registered for which event, and the delivery of notifications to it."""

import asyncio
import hashlib
import hmac
import ipaddress
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import cast
from urllib.parse import urlsplit

import aiohttp

from infra.local.sandbox.answers import Json, refuse
from infra.local.sandbox.clock import Clock, parsed, shown, shown_or_none
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.faults import Fault, Faults, about_answer
from infra.local.sandbox.paging import page_of

JOB_FINISHED = "job:finished"
SIGNATURE_HEADER = "Shoptet-Webhook-Signature"
PORTS = frozenset({80, 443, 8080, 8443})
EVENT = re.compile(r"[a-zA-Z0-9]+:[a-zA-Z0-9]+")
STATUSES = ("new", "failed", "success")
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


@dataclass
class Notification:
    """One event on its way to one URL."""

    id: int
    webhook_id: int
    url: str
    event: str
    created: float
    data: Json
    attempted: float | None = None
    attempts: int = 0
    status: str = "new"
    active: bool = True


class Webhooks:
    """The registered webhooks and the deliveries of the last days."""

    def __init__(
        self, clock: Clock, config: Callable[[], SandboxConfig], session: aiohttp.ClientSession, faults: Faults
    ):
        self._clock = clock
        self._config = config
        self._session = session
        self._faults = faults
        self._ids = count(1)
        self._hooks: dict[int, Webhook] = {}
        self._notifications: list[Notification] = []
        self._key: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def registered(self, event: str) -> Webhook | None:
        """The webhook for an event."""
        return next((hook for hook in self._hooks.values() if hook.event == event), None)

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
        self._key = secrets.token_hex(16)
        return self._key

    def page(self, query: Mapping[str, str | int | bool]) -> Json:
        """A page of the webhooks."""
        rows, paginator = page_of(list(self._hooks.values()), query, DEFAULT_PER_PAGE)
        return {"webhooks": [webhook_view(hook) for hook in rows], "paginator": paginator}

    def notifications(self, query: Mapping[str, str | int | bool]) -> Json:
        """A page of the deliveries of the last 7 days, the latest first; raises `Refusal` (400) for a wrong filter."""
        status, since = query.get("status"), self._clock.now() - self._config().notification_seconds
        if status is not None and status not in STATUSES:
            raise refuse(400, "invalid-parameter", f"status must be one of {', '.join(STATUSES)}.", "status")
        if "from" in query:
            try:
                since = max(since, parsed(str(query["from"])))
            except ValueError as error:
                raise refuse(
                    400, "invalid-parameter", "from is not a time; a + must be sent as %2B.", "from"
                ) from error
        wanted = [
            one
            for one in reversed(self._notifications)
            if one.created >= since
            and status in (None, one.status)
            and query.get("event") in (None, one.event)
            and query.get("active") in (None, one.active)
        ]
        rows, paginator = page_of(wanted, query, DEFAULT_PER_PAGE)
        return {"notifications": [_notification_view(one) for one in rows], "paginator": paginator}

    def tell(self, event: str, instance: str) -> None:
        """Send an event to its webhook, in the background; without one, nobody is told, now or later."""
        hook = self.registered(event)
        if hook is None:
            return
        now = self._clock.now()
        fault = about_answer(self._faults.take("webhook", hook.url))
        data: Json = {"eshopId": self._config().eshop_id, "event": event, "eventCreated": shown(now)}
        one = Notification(next(self._ids), hook.id, hook.url, event, now, {**data, "eventInstance": instance})
        self._notifications.append(one)
        if fault and fault.kind == "lose":
            one.active = False
            return
        for _ in range(2 if fault and fault.kind == "duplicate" else 1):
            task = asyncio.get_running_loop().create_task(self._deliver(one, fault))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Give up every delivery that is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, one: Notification, fault: Fault | None) -> None:
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.delay)
        forged = secrets.token_hex(16) if fault and fault.kind == "wrong_signature" else None
        while True:
            one.attempted, one.attempts = self._clock.now(), one.attempts + 1
            delivered = await self._post(one, forged or self._key)
            one.status = "success" if delivered else "failed"
            one.active = not delivered and one.attempts < self._config().webhook_attempts
            if not one.active:
                return
            await self._clock.until(one.attempted + self._config().webhook_retry_seconds)

    async def _post(self, one: Notification, key: str | None) -> bool:
        body = json.dumps(one.data).encode()
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers[SIGNATURE_HEADER] = signature(key, body)
        try:
            async with (
                asyncio.timeout(self._config().webhook_answer_seconds),
                self._session.post(one.url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def _add(self, row: Json) -> Webhook:
        payload = cast(str | None, row.get("sendPayload"))
        hook = Webhook(next(self._ids), str(row["event"]), str(row["url"]), self._clock.now(), send_payload=payload)
        self._hooks[hook.id] = hook
        return hook


def signature(key: str, body: bytes) -> str:
    """What `Shoptet-Webhook-Signature` carries: the hex HMAC-SHA1 of the raw body."""
    return hmac.new(key.encode(), body, hashlib.sha1).hexdigest()


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


def _notification_view(one: Notification) -> Json:
    return {
        "id": one.id,
        "webhookId": one.webhook_id,
        "webhookUrl": one.url,
        "event": one.event,
        "eventCreated": one.data["eventCreated"],
        "created": shown(one.created),
        "attempted": shown_or_none(one.attempted),
        "attempts": one.attempts,
        "status": one.status,
        "active": one.active,
        "data": one.data,
    }


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
