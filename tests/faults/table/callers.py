"""Other systems: what they send over HTTP, again while the cloud cannot do its part, and what they are told in the end.

The functions' own code answers them: `api.signed` for events, `api.rest` for calls with a key; only the server that would
stand in front is left out.
"""

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Request, request
from flask.typing import ResponseReturnValue
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from gallery_sync.core import operation
from gallery_sync.http import access, rest, signed
from gallery_sync.http.asked import take_every_path
from gallery_sync.http.limit import Limit
from gallery_sync.work.world import RequestWorld

KEY: Final = "a-caller-s-key"
SECRET: Final = "whsec_dGhlLWZhdWx0LXRhYmxlLXMtb3duLXNlY3JldA=="
SENDERS: Final = access.parse_senders([SECRET])
KEYS: Final = access.parse_keys([f"pim:read+write+clean:{hashlib.sha256(KEY.encode()).hexdigest()}"])
MOST_TRIES: Final = 10

Told = tuple[str, tuple[str, ...], str]
"""An operation as its caller is told: its state, the state of each image, and every reason and refusal."""


class Callers:
    """Callers of one place. `repeat` is called before somebody asks again, with the seconds to wait."""

    def __init__(self, world: RequestWorld, repeat: Callable[[float], None]) -> None:
        self._world = world
        self._repeat = repeat
        self._asked: list[str] = []
        self.answers: list[int] = []
        self._client = _app(self._answer).test_client()

    def send(self, kind: str, data: Mapping[str, Any]) -> None:
        """Send a signed event, until it is taken."""
        event = f"event-{len(self._asked)}"
        body = json.dumps({"type": kind, "timestamp": "2026-08-21T09:30:00Z", "data": data})
        moment = datetime.datetime.now(datetime.UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(event, moment, body),
        }
        # Which operation it became only the answer tells.
        self._asked.append(json.loads(self._until_taken("POST", signed.PATH, headers, body).data)["operation"])

    def call(self, method: str, path: str, body: object = None) -> TestResponse:
        """Make a call with a key, until it is answered with something else than 503."""
        key = f"call-{len(self._asked)}"
        self._asked.append(operation.operation_id("pim", key))
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": key}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._until_taken(method, path, headers, "" if body is None else json.dumps(body))

    @property
    def ask(self) -> bool:
        """Whether anybody has asked for anything."""
        return bool(self._asked)

    def told(self) -> Told:
        """Give what the last of them is told when it asks for the state of its operation."""
        found = self._client.get(f"/v1/operations/{self._asked[-1]}", headers={"Authorization": f"Bearer {KEY}"})
        assert found.status_code == 200, found.text
        operation = json.loads(found.data)
        (part,) = operation["galleries"]
        states = tuple(image["state"] for image in part["images"])
        reasons = [image["reason"] for image in part["images"] if "reason" in image]
        return operation["state"], states, "\n".join([*reasons, part.get("error", {}).get("message", "")])

    def _until_taken(self, method: str, path: str, headers: Mapping[str, str], body: str) -> TestResponse:
        for _ in range(MOST_TRIES):
            answer: TestResponse = self._client.open(path, method=method, headers=dict(headers), data=body)
            self.answers.append(answer.status_code)
            if answer.status_code != 503:
                return answer
            self._repeat(float(answer.headers["Retry-After"]))
        raise AssertionError(f"{method} {path} was never taken: {self.answers}")

    def _answer(self, asked: Request) -> ResponseReturnValue:
        if asked.path == signed.PATH:
            return signed.respond(asked, SENDERS, lambda: self._world, self._world.log, Limit(()), private=True)
        function = "clean_gallery" if asked.method == "DELETE" else "galleries"
        return rest.respond(asked, rest.Service(function, KEYS, lambda: self._world, self._world.log, private=True))


def _app(answer: Callable[[Request], ResponseReturnValue]) -> Flask:
    app = Flask("callers")
    take_every_path(app, lambda _: answer(request))
    return app
