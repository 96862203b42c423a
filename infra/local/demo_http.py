"""`make demo-http`: every call of the HTTP interface in the local cloud, with a real client; prints each and what came of it.

The exit status is 0 if each answer, and the sandbox's gallery after it, is as it should be.
"""

import datetime
import json
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from rich.console import Console
from rich.markup import escape
from standardwebhooks import Webhook

from infra.local.cloud import API_KEYS, WEBHOOK_SECRET, LocalCloud, local_cloud
from infra.local.pictures import picture_server
from infra.local.processes import ROOT, StartFailed

GUID = "95b84d4b-7481-11e8-8216-002590dad85e"
CODE = "62/XL"
IMAGES = f"/v1/products/{quote(CODE, safe='')}/galleries/shop/images"
PATIENCE_SECONDS = 60.0

Json = Mapping[str, Any]


@dataclass
class Demo:
    """The running cloud, and what was not as it should be."""

    console: Console
    cloud: LocalCloud
    wrong: list[str] = field(default_factory=list)

    def call(self, status: int, method: str, path: str, body: object = None, **headers: str) -> Json:
        """Send a request with an API key; gives its answer, which should have this status."""
        function = "clean_gallery" if method == "DELETE" or path == "/v1/cleanups" else "galleries"
        sent = {"Authorization": f"Bearer {API_KEYS['local'][0]}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.cloud.addresses[function] + path
        answer = requests.request(method, url, json=body, headers=sent, timeout=PATIENCE_SECONDS)
        return self._show(status, answer, f"{method} {path}", body)

    def event(self, status: int, kind: str, data: object, *, name: str, secret: str = WEBHOOK_SECRET) -> Json:
        """Send a signed event."""
        body = {"type": kind, "timestamp": "2026-08-21T09:30:00Z", "data": data}
        raw, now = json.dumps(body), datetime.datetime.now(datetime.UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(name, now, raw),
        }
        url = f"{self.cloud.addresses['webhooks']}/v1/events"
        answer = requests.post(url, data=raw, headers=headers, timeout=PATIENCE_SECONDS)
        return self._show(status, answer, "POST /v1/events", body)

    def ended(self, accepted: Json, state: str = "done") -> Json:
        """Wait for an operation's end, which should be this one, and show it."""
        until = time.monotonic() + PATIENCE_SECONDS
        href, key = accepted.get("href", ""), API_KEYS["local"][0]
        while True:
            url, headers = self.cloud.addresses["galleries"] + href, {"Authorization": f"Bearer {key}"}
            answer = requests.get(url, headers=headers, timeout=PATIENCE_SECONDS)
            found: Json = answer.json()
            if found.get("state") not in ("waiting", "under-way") or time.monotonic() > until:
                break
            time.sleep(0.2)
        self._show(200, answer, f"GET {href}", None)
        self.expect(f"the operation ends as {state}", found.get("state") == state)
        return found

    def expect(self, what: str, holds: bool) -> None:
        """Note what is not as it should be."""
        if not holds:
            self.wrong.append(what)
        self.console.print(f"      [{'green' if holds else 'red'}]{escape(what)}: {'yes' if holds else 'NO'}[/]")

    def shown(self) -> list[Json]:
        """The sandbox's gallery, as customers see it."""
        images: list[Json] = requests.get(f"{self.cloud.sandbox}/_control/galleries", timeout=30).json()[GUID]["shop"]
        return images

    def names(self) -> list[str]:
        """The names that it shows."""
        return [image["name"] for image in self.shown()]

    def reference(self, *names: str) -> None:
        """Let a variant of the product reference each of these images, as a person does in the shop."""
        images: dict[str, str | None] = {f"62/V{place}": name for place, name in enumerate(names)}
        variants = [{"code": code, "image": image} for code, image in {**images, CODE: None}.items()]
        body = {"guid": GUID, "name": "Modré tričko", "code": "62", "variants": variants}
        requests.post(f"{self.cloud.sandbox}/_control/products", json=body, timeout=30).raise_for_status()

    def _show(self, status: int, answer: requests.Response, call: str, body: object) -> Json:
        found: Json = answer.json()
        self.console.print(f"[bold]{escape(call)}[/bold]")
        if body is not None:
            self.console.print(f"   -> {escape(_short(body))}")
        good = answer.status_code == status
        self.console.print(f"   [{'green' if good else 'red'}]<- {answer.status_code}[/] {escape(_short(found))}")
        if not good:
            self.wrong.append(f"{call} was answered with {answer.status_code}, not {status}")
        return found


def main() -> int:
    """Start the local cloud, make every call, and give the exit status."""
    console = Console(highlight=False, soft_wrap=True)
    console.print("starting the local cloud: storage, tasks, Shoptet sandbox, and the functions ...")
    pressed: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        # Python drops the exception where it comes while an object is freed: the next part is not begun then.
        pressed.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        with local_cloud(logs=ROOT / "build" / "demo-http") as cloud, picture_server() as pictures:
            demo = Demo(console, cloud)
            for part in (_insert, _describe, _replace, _in_flight, _clean, _events, _refusals):
                console.rule(escape((part.__doc__ or "").partition(".")[0]), align="left")
                part(demo, pictures)
                if pressed:
                    return 130
    except StartFailed as error:
        console.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    for line in demo.wrong:
        console.print(f"[red]wrong[/red] {escape(line)}")
    console.print(
        "every answer was as it should be" if not demo.wrong else f"{len(demo.wrong)} were not as they should be"
    )
    return 1 if demo.wrong else 0


def _insert(demo: Demo, pictures: str) -> None:
    """Insertion by URL, once however often it is asked."""
    rows = [{"sourceUrl": f"{pictures}/demo/{n}.png", "key": f"demo-{n}"} for n in range(1, 5)]
    first = demo.call(202, "POST", IMAGES, {"images": rows}, Idempotency_Key="demo-insert")
    again = demo.call(202, "POST", IMAGES, {"images": rows}, Idempotency_Key="demo-insert")
    demo.expect("the same request again gives the same operation", first == again)
    demo.call(409, "POST", IMAGES, {"images": rows[:1]}, Idempotency_Key="demo-insert")
    demo.ended(first)
    demo.expect("the gallery shows four images", len(demo.shown()) == 4)
    listed = demo.call(200, "GET", IMAGES)
    demo.expect(
        "each has its key", [row.get("key") for row in listed["images"]] == [f"url:demo-{n}" for n in range(1, 5)]
    )


def _describe(demo: Demo, _pictures: str) -> None:
    """Attributes, at once."""
    rows = [{"key": "demo-4", "priority": 1, "description": "Now in front"}, {"name": "9.png", "priority": 2}]
    answer = demo.call(200, "PATCH", IMAGES, {"images": rows})
    demo.expect("each is answered for", [row["state"] for row in answer["images"]] == ["updated", "failed"])
    demo.expect("the gallery shows it in front", demo.shown()[0]["description"] == "Now in front")


def _replace(demo: Demo, pictures: str) -> None:
    """Source update, by key and by name."""
    before = {image["name"]: image["sha256"] for image in demo.shown()}
    name = demo.names()[-1]
    rows = [
        {"key": "demo-4", "sourceUrl": f"{pictures}/demo/new.png"},
        {"name": name, "sourceUrl": f"{pictures}/demo/newer.png"},
    ]
    demo.ended(demo.call(202, "PATCH", f"{IMAGES}/source", {"images": rows}))
    after = {image["name"]: image["sha256"] for image in demo.shown()}
    changed = [one for one in before if after.get(one) != before[one]]
    demo.expect("two images show other pictures under their names", set(before) == set(after) and len(changed) == 2)
    sync = f"/v1/products/{GUID}/galleries/shop/sync"
    demo.ended(demo.call(202, "POST", sync))


def _in_flight(demo: Demo, pictures: str) -> None:
    """What is asked while the gallery is in flight waits, and is done."""
    settings = f"{demo.cloud.sandbox}/_control/settings"
    requests.post(settings, json={"job_seconds": [3, 3]}, timeout=30).raise_for_status()
    insertion = demo.call(202, "POST", IMAGES, {"images": [{"sourceUrl": f"{pictures}/demo/5.png"}]})
    _wait_for_job(demo)
    change = demo.call(202, "PATCH", IMAGES, {"images": [{"key": "demo-1", "description": "later"}]})
    demo.ended(insertion)
    demo.ended(change)
    requests.post(settings, json={"job_seconds": [0.3, 1]}, timeout=30).raise_for_status()


def _wait_for_job(demo: Demo) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while demo.cloud.ledgers.read(GUID, "shop").ledger.flight is None and time.monotonic() < until:
        time.sleep(0.1)


def _clean(demo: Demo, _pictures: str) -> None:
    """Deletion and cleanup, with and without what variants reference."""
    first, second, third, *_ = demo.names()
    demo.reference(first, second)
    refused = demo.call(409, "DELETE", f"{IMAGES}/{first}")
    demo.expect("Shoptet's request id is told", bool(refused["errors"][0].get("requestId")))
    demo.call(200, "DELETE", f"{IMAGES}/{first}?removeReference=true")
    demo.expect("it is gone", first not in demo.names())
    demo.call(200, "DELETE", f"{IMAGES}/{third}")
    demo.call(200, "DELETE", f"{IMAGES}?dryRun=true")
    cleaned = demo.call(200, "DELETE", IMAGES)
    demo.expect("what a variant references was skipped", [row["name"] for row in cleaned["skipped"]] == [second])
    demo.expect("and is what the gallery shows", demo.names() == [second])
    demo.call(200, "DELETE", f"{IMAGES}?removeReference=true")
    demo.expect("the gallery is empty", demo.names() == [])
    body = {
        "galleries": [{"product": "STOLEK", "gallery": "shop"}, {"product": "NOBODY", "gallery": "shop"}],
        "removeReference": False,
    }
    many = demo.ended(demo.call(202, "POST", "/v1/cleanups", body), "failed")
    demo.expect("each gallery has its outcome", [one["state"] for one in many["galleries"]] == ["done", "failed"])


def _events(demo: Demo, pictures: str) -> None:
    """Signed events."""
    place = {"product": CODE, "gallery": "shop"}
    data = {**place, "images": [{"sourceUrl": f"{pictures}/demo/event.png", "key": "event"}]}
    first = demo.event(202, "images.insert", data, name="msg_1")
    again = demo.event(202, "images.insert", data, name="msg_1")
    demo.expect("the same event again gives the same operation", first == again)
    demo.event(409, "gallery.sync", place, name="msg_1")
    demo.ended(first)
    demo.expect("the gallery shows the picture", len(demo.shown()) == 1)
    demo.ended(demo.event(202, "gallery.clean", place, name="msg_2"))
    demo.expect("the gallery is empty", demo.names() == [])
    demo.event(401, "gallery.clean", place, name="msg_3", secret="whsec_d3Jvbmcgc2VjcmV0IHdyb25nIHNlY3JldA==")  # noqa: S106


def _refusals(demo: Demo, _pictures: str) -> None:
    """What is refused, and why."""
    demo.call(401, "GET", IMAGES, Authorization="Bearer wrong")
    demo.call(403, "DELETE", IMAGES, Authorization=f"Bearer {API_KEYS['reader'][0]}")
    answer = demo.call(400, "PATCH", IMAGES, {"images": [{"name": "1.png", "priority": 70000}]})
    demo.expect("the field is named", answer["errors"][0]["path"] == "images[0].priority")
    demo.call(404, "GET", "/v1/products/NOBODY/galleries/shop/images")


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 600 else f"{text[:600]} ..."


if __name__ == "__main__":
    sys.exit(main())
