"""A plain caller of the sandbox, a server with pictures, and a receiver of webhooks."""

import asyncio
import gzip
import io
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import requests
from aiohttp import web
from PIL import Image as Pillow

from infra.local.sandbox import SandboxConfig, default_config
from infra.local.serving import served

MUG, TABLE, SHIRT, WALLET = (product.guid for product in default_config().products)
TOKEN = "sandbox-private-token"
OAUTH_TOKEN = "sandbox-oauth-token"
PATIENCE_SECONDS = 10.0
JPEG_COLOUR = "#336699"


def quick(**changes: object) -> SandboxConfig:
    """The default shop, in which nothing takes time unless a test says so."""
    at_once = {"write_seconds": (0, 0), "pending_seconds": (0, 0), "job_seconds": (0, 0), "bucket_size": 10_000}
    return msgspec.convert({**msgspec.to_builtins(default_config()), **at_once, **changes}, type=SandboxConfig)


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 24), colour: str = JPEG_COLOUR) -> bytes:
    """A picture in a format of Pillow's."""
    target = io.BytesIO()
    with Pillow.new("RGB", size, colour) as drawn:
        drawn.save(target, kind)
    return target.getvalue()


def noise(size: tuple[int, int] = (64, 64)) -> bytes:
    """A PNG that cannot be compressed: about as many bytes as pixels."""
    target = io.BytesIO()
    with Pillow.effect_noise(size, 100) as drawn:
        drawn.save(target, "PNG")
    return target.getvalue()


@dataclass
class Api:
    """Calls the sandbox as an integration would, and pulls its levers."""

    url: str
    token: str = TOKEN
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: object = None, **more: Any) -> requests.Response:
        """One call of the API, with the token and the type of the body."""
        headers = {
            "Shoptet-Private-API-Token": self.token,
            "Content-Type": "application/json",
            **more.pop("headers", {}),
        }
        return self.session.request(method, self.url + path, json=body, headers=headers, timeout=20, **more)

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One of the sandbox's levers; returns its JSON."""
        response = self.session.request(method, f"{self.url}/_control/{path}", json=body, timeout=20)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, operation: str, kind: str, **more: object) -> None:
        """Order a fault."""
        self.control("POST", "faults", {"operation": operation, "kind": kind, **more})

    def settings(self, **changes: object) -> None:
        """Change settings."""
        self.control("POST", "settings", changes)

    def advance(self, seconds: float) -> None:
        """Put the sandbox's clock forward."""
        self.control("POST", "clock", {"advance": seconds})

    def register(self, url: str = "http://127.0.0.1:9/finished") -> int:
        """Register the webhook that asynchronous calls need; returns its id."""
        answer = self.call("POST", "/api/webhooks", {"data": [{"event": "job:finished", "url": url}]})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["data"]["webhooks"][0]["id"])

    def insert(self, guid: str, *images: Mapping[str, object], gallery: str = "shop") -> str:
        """Order an insertion; returns the job's id."""
        answer = self.call("POST", f"/api/products/{guid}/images/{gallery}", {"data": {"images": images}})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["data"]["jobId"])

    def source(self, guid: str, *images: Mapping[str, object], gallery: str = "shop") -> str:
        """Order a source update; returns the job's id."""
        answer = self.call("PATCH", f"/api/products/{guid}/images/{gallery}/source", {"data": {"images": images}})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["data"]["jobId"])

    def snapshot(self, query: str = "") -> list[dict[str, Any]]:
        """Order a snapshot, wait for it, and read its products."""
        answer = self.call("GET", f"/api/products/snapshot{query}")
        assert answer.status_code == 202, answer.text
        result = requests.get(self.ended(answer.json()["data"]["jobId"])["resultUrl"], timeout=20)
        return [json.loads(line) for line in gzip.decompress(result.content).splitlines()]

    def status(self, job_id: str) -> str:
        """A job's status, without asking for its detail."""
        return next(str(row["status"]) for row in self.control("GET", "jobs")["jobs"] if row["jobId"] == job_id)

    def ended(self, job_id: str) -> dict[str, Any]:
        """Wait until a job has ended; returns its detail."""
        eventually(lambda: self.status(job_id) not in ("pending", "running"))
        return self.detail(job_id)

    def detail(self, job_id: str) -> dict[str, Any]:
        """A job's detail."""
        answer = self.call("GET", f"/api/system/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"]["job"])

    def listing(self, guid: str, gallery: str = "shop") -> list[dict[str, Any]]:
        """The gallery as the API lists it."""
        answer = self.call("GET", f"/api/products/{guid}/images/{gallery}")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"]["images"])

    def names(self, guid: str, gallery: str = "shop") -> list[str]:
        """The names of a gallery's images, in order."""
        return [image["name"] for image in self.listing(guid, gallery)]

    def by_hand(self, guid: str, **more: object) -> str:
        """A person adds an image; returns its name."""
        return str(self.control("POST", "images", {"guid": guid, **more})["name"])


def error_codes(response: requests.Response) -> list[str]:
    """The codes in an answer's `errors`."""
    return [row["errorCode"] for row in response.json()["errors"]]


def eventually(holds: Any) -> None:
    """Wait until something holds, for a bounded time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


@dataclass
class Files:
    """A server with files to download. Each request is kept: its method and path, and the target as it was written."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    head: Literal["answered", "refused", "cut"] = "answered"

    def put(self, name: str, content: bytes) -> str:
        """Offer a file; returns its URL."""
        self.files[name] = content
        return f"{self.url}/{name}"

    @contextmanager
    def open(self) -> Iterator["Files"]:
        """Serve until the end of the block."""
        with served(self._app) as self.url:
            yield self

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{name:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        self.requests.append((request.method, request.path))
        self.targets.append(request.raw_path)
        content = self.files.get(request.match_info["name"])
        if request.method == "HEAD" and self.head == "cut" and request.transport:
            request.transport.abort()
        if request.method == "HEAD" and self.head != "answered":
            return web.Response(status=403)
        return web.Response(status=404) if content is None else web.Response(body=content)


@dataclass
class Receiver:
    """Receives webhooks; `answers` are the statuses it gives, the last one for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    received: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    delay: float = 0.0

    @contextmanager
    def open(self) -> Iterator["Receiver"]:
        """Serve until the end of the block."""
        with served(self._app) as self.url:
            yield self

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/finished", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        self.received.append((await request.read(), dict(request.headers)))
        await asyncio.sleep(self.delay)
        return web.Response(status=self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
