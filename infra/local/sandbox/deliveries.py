"""Deliveries: notifications on their way to the URLs that are registered for them."""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

import aiohttp

from infra.local.sandbox.answers import Json, refuse
from infra.local.sandbox.clock import Clock, parsed, shown, shown_or_none
from infra.local.sandbox.config import SandboxConfig
from infra.local.sandbox.faults import Fault, Faults, about_answer
from infra.local.sandbox.paging import page_of
from infra.local.sandbox.webhooks import Webhooks

SIGNATURE_HEADER = "Shoptet-Webhook-Signature"
STATUSES = ("new", "failed", "success")
DEFAULT_PER_PAGE = 20


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


class Deliveries:
    """The deliveries of the last days: each tried 3 times, 15 minutes apart, all of them in parallel."""

    def __init__(
        self,
        clock: Clock,
        config: Callable[[], SandboxConfig],
        session: aiohttp.ClientSession,
        faults: Faults,
        webhooks: Webhooks,
    ) -> None:
        self._clock = clock
        self._config = config
        self._session = session
        self._faults = faults
        self._webhooks = webhooks
        self._ids = count(1)
        self._notifications: list[Notification] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, event: str, instance: str) -> None:
        """Send an event to its webhook, in the background; without one, nobody is told, now or later."""
        hook = self._webhooks.registered(event)
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

    def page(self, query: Mapping[str, str | int | bool]) -> Json:
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
            delivered = await self._post(one, forged or self._webhooks.key)
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


def signature(key: str, body: bytes) -> str:
    """What `Shoptet-Webhook-Signature` carries: the hex HMAC-SHA1 of the raw body."""
    return hmac.new(key.encode(), body, hashlib.sha1).hexdigest()


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
