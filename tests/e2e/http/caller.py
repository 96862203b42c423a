"""A caller over HTTP as the tests have it: every exchange is compared with openapi.yaml."""

import datetime
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from standardwebhooks import Webhook

from infra.local.cloud import API_KEYS, WEBHOOK_SECRET, LocalCloud
from tests.e2e.http.described import check
from tests.e2e.support import PATIENCE

JsonObject = Mapping[str, Any]


class Caller:
    """Calls the three functions of a local cloud with one API key."""

    def __init__(self, cloud: LocalCloud, name: str = "local") -> None:
        self._cloud = cloud
        self._key = API_KEYS[name][0]
        self._session = requests.Session()

    def call(
        self, method: str, path: str, body: object = None, *, sound: bool = True, **headers: str
    ) -> requests.Response:
        """Send a request to the function that serves it. Header names are given with `_` for `-`."""
        function = "clean_gallery" if method == "DELETE" or path == "/v1/cleanups" else "galleries"
        sent = {"Authorization": f"Bearer {self._key}", **{name.replace("_", "-"): v for name, v in headers.items()}}
        answer = self._session.request(
            method, self._cloud.addresses[function] + path, json=body, headers=sent, timeout=PATIENCE
        )
        check(answer, urlsplit(path).path, body, sound=sound)
        return answer

    def send(self, kind: str, data: object, *, event_id: str | None = None, sound: bool = True) -> requests.Response:
        """Send a signed event, as another system does."""
        body = {"type": kind, "timestamp": "2026-08-21T09:30:00Z", "data": data}
        return self.send_raw(json.dumps(body).encode(), event_id or uuid.uuid4().hex, described=body if sound else None)

    def send_raw(
        self,
        raw: bytes,
        event_id: str,
        *,
        secret: str = WEBHOOK_SECRET,
        age: float = 0,
        described: object = None,
        **headers: str,
    ) -> requests.Response:
        """Send an event that was signed `age` seconds ago; `headers` replace those that it would have."""
        moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
        sent = {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign(event_id, moment, raw.decode(errors="replace")),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        url = f"{self._cloud.addresses['webhooks']}/v1/events"
        answer = self._session.post(url, data=raw, headers=sent, timeout=PATIENCE)
        check(answer, "/v1/events", described, sound=described is not None)
        return answer

    def images(self, product: str, gallery: str = "shop") -> JsonObject:
        """A gallery as `galleries` shows it."""
        answer = self.call("GET", images(product, gallery))
        assert answer.status_code == 200, answer.text
        found: JsonObject = answer.json()
        return found

    def operation(self, accepted: requests.Response) -> JsonObject:
        """The operation that a request was answered with, as it is now."""
        assert accepted.status_code == 202, accepted.text
        assert accepted.headers["Location"] == accepted.json()["href"]
        answer = self.call("GET", accepted.headers["Location"])
        assert answer.status_code == 200, answer.text
        found: JsonObject = answer.json()
        return found

    def ended(self, accepted: requests.Response) -> JsonObject:
        """Wait until an operation is over, and give it."""
        until = time.monotonic() + PATIENCE
        while (found := self._asked_gently(accepted))["state"] in ("waiting", "under-way"):
            assert time.monotonic() < until, found
            time.sleep(0.1)
        return found

    def _asked_gently(self, accepted: requests.Response) -> JsonObject:
        """The operation, where other callers with the same key may use up what a key may have under way."""
        for _ in range(20):
            answer = self.call("GET", accepted.headers["Location"])
            if answer.status_code != 429:
                break
            time.sleep(float(answer.headers["Retry-After"]))
        assert answer.status_code == 200, answer.text
        found: JsonObject = answer.json()
        return found

    def done(self, accepted: requests.Response) -> JsonObject:
        """Wait until an operation is over, and make sure that all of it came out as asked."""
        found = self.ended(accepted)
        assert found["state"] == "done", found
        return found


def images(product: str, gallery: str = "shop") -> str:
    """The path of a gallery's images."""
    return f"/v1/products/{quote(product, safe='')}/galleries/{gallery}/images"


def states(operation: JsonObject) -> list[str]:
    """The state of each image of an operation of one gallery."""
    return [image["state"] for image in operation["galleries"][0]["images"]]
