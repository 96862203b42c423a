"""The four public functions as they run on the platform, and everything that a call could change."""

import base64
import datetime
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from google.cloud.storage import Client
from standardwebhooks import Webhook

from gallery_sync.core.schedule import Timing
from tests.abuse.wire import Answer, Headers, exchange, said
from tests.integration.functions.conftest import KEYS, TOKEN, Function, Mark, Queues

PUBLIC = ("job_finished", "webhooks", "galleries", "clean_gallery")
CALLERS = {"reader": "read", "all": "read+write+clean"}
API_KEYS = {name: f"abuse-api-key-of-{name}" for name in CALLERS}
SECRET = "whsec_" + base64.b64encode(b"secret-of-signed-events-in-these-tests").decode()
SECRETS = (TOKEN, *KEYS, *API_KEYS.values(), SECRET, SECRET.removeprefix("whsec_"))
"""What no answer and no log may hold."""

SCALE = 0.1
TIMING = Timing().scaled(SCALE)
"""What the functions wait for takes a tenth of its time."""

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
CODE = "HRNEK-01"
IMAGES = f"/v1/products/{CODE}/galleries/shop/images"
TARGETS = {"job_finished": "/", "webhooks": "/v1/events", "galleries": IMAGES, "clean_gallery": IMAGES}
METHODS = {"job_finished": "POST", "webhooks": "POST", "galleries": "POST", "clean_gallery": "DELETE"}

NOTIFICATION = json.dumps(
    {
        "eshopId": 222651,
        "event": "job:finished",
        "eventCreated": time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime()),
        "eventInstance": "3ax1844",
    }
).encode()
EVENT = json.dumps(
    {"type": "gallery.sync", "timestamp": "2026-08-21T09:30:00Z", "data": {"product": CODE, "gallery": "shop"}}
).encode()
INSERTION = json.dumps({"images": [{"sourceUrl": "https://pim.example/1.png"}]}).encode()
BODIES = {"job_finished": NOTIFICATION, "webhooks": EVENT, "galleries": INSERTION, "clean_gallery": b""}


def api_keys() -> str:
    """The setting."""
    return ",".join(
        f"{name}:{CALLERS[name]}:{hashlib.sha256(key.encode()).hexdigest()}" for name, key in API_KEYS.items()
    )


def shoptet_signature(body: bytes, key: str = KEYS[0]) -> str:
    return hmac.new(key.encode(), body, hashlib.sha1).hexdigest()


def event_headers(body: bytes, event_id: str | None = None, *, secret: str = SECRET, age: float = 0) -> dict[str, str]:
    """The three headers of an event that was signed so many seconds ago."""
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
    name = event_id or uuid.uuid4().hex
    signed = Webhook(secret).sign(name, moment, body.decode(errors="replace"))
    return {"webhook-id": name, "webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signed}


def genuine(name: str, body: bytes | None = None) -> Headers:
    """The headers that make a call to this function genuine."""
    sent = BODIES[name] if body is None else body
    kind = ("Content-Type", "application/json")
    if name == "job_finished":
        return [kind, ("Shoptet-Webhook-Signature", shoptet_signature(sent))]
    if name == "webhooks":
        return [kind, *event_headers(sent).items()]
    return [kind, ("Authorization", f"Bearer {API_KEYS['all']}")]


@dataclass(frozen=True)
class Site:
    """The functions by name, and what stands around them."""

    functions: Mapping[str, Function]
    queues: Queues
    storage: Client
    shop: str

    def url(self, name: str) -> str:
        return self.functions[name].url

    def held(self) -> Mapping[str, Any]:
        """Everything that a call could change, and what was asked of Shoptet."""
        return {
            "objects": {
                bucket: [(blob.name, blob.generation) for blob in self.storage.list_blobs(bucket)]
                for bucket in ("drops", "state")
            },
            "tasks": {queue: len(self.queues.tasks(queue)) for queue in (Queues.sync, Queues.poll)},
            "shoptet": requests.get(f"{self.shop}/_control/calls", timeout=10).json()["operations"],
        }

    def next_look_window(self) -> None:
        """Empty the queues, and wait until a look at the jobs has a name that was not used yet."""
        self.queues.empty()
        window = TIMING.poll_window
        time.sleep(window - time.time() % window + 0.02)

    def works(self, name: str) -> None:
        """A good call is answered as it should be."""
        answer = exchange(self.url(name), good(name))
        assert answer.status in (200, 202), (name, answer)

    def logged(self) -> Mapping[str, Mark]:
        """How much each function has written so far."""
        return {name: function.now() for name, function in self.functions.items()}

    def written_since(self, logged: Mapping[str, Mark]) -> str:
        return "".join(function.written(logged[name]) for name, function in self.functions.items())


def good(name: str) -> bytes:
    """A whole request that is right in everything."""
    if name == "galleries":
        return said("GET", IMAGES, [("Authorization", f"Bearer {API_KEYS['reader']}")])
    if name == "clean_gallery":
        return said("DELETE", f"{IMAGES}?dryRun=true", genuine(name))
    return said("POST", TARGETS[name], genuine(name), BODIES[name])


def is_refused(answer: Answer, statuses: tuple[int, ...] = ()) -> None:
    """A refusal: 4xx (or one of `statuses`), that holds nothing of what is secret or of how the function is made."""
    assert answer.status is not None, "the connection was closed without an answer"
    assert answer.status in statuses if statuses else 400 <= answer.status < 500, answer
    whole = (answer.headers + answer.body).decode(errors="replace")
    assert not [word for word in (*SECRETS, "Traceback", "gallery_sync", "site-packages", ".py") if word in whole]
