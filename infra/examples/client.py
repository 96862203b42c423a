"""A client of gallery-sync, as another system may have it: `python client.py list 62/XL shop`; README.md has the rest."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

TRIES = 5
TIMEOUT = 60


class GallerySync:
    """The three functions. Every change carries an id, so that sending it again never does it twice."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._galleries = environ["GALLERIES_URL"]
        self._cleaning = environ["CLEAN_GALLERY_URL"]
        self._events = environ["WEBHOOKS_URL"]
        self._secret = environ.get("WEBHOOK_SECRET", "")
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {environ['API_KEY']}"

    def list(self, product: str, gallery: str) -> requests.Response:
        """Show a gallery."""
        return self._call("GET", self._galleries + images(product, gallery))

    def insert(self, product: str, gallery: str, source_url: str, key: str) -> requests.Response:
        """Insert a picture, or replace the one that has this key."""
        body = {"images": [{"sourceUrl": source_url, "key": key}]}
        return self._call("POST", self._galleries + images(product, gallery), body)

    def replace(self, product: str, gallery: str, key: str, source_url: str) -> requests.Response:
        """Replace the picture that has this key."""
        body = {"images": [{"key": key, "sourceUrl": source_url}]}
        return self._call("PATCH", f"{self._galleries}{images(product, gallery)}/source", body)

    def describe(self, product: str, gallery: str, key: str, description: str) -> requests.Response:
        """Describe the picture that has this key."""
        body = {"images": [{"key": key, "description": description}]}
        return self._call("PATCH", self._galleries + images(product, gallery), body)

    def sync(self, product: str, gallery: str) -> requests.Response:
        """Have a gallery looked at."""
        return self._call("POST", f"{self._galleries}/v1/products/{quote(product, safe='')}/galleries/{gallery}/sync")

    def operation(self, name: str) -> requests.Response:
        """Show what became of a request that was answered with 202."""
        return self._call("GET", f"{self._galleries}/v1/operations/{name}")

    def delete(self, product: str, gallery: str, name: str, remove_reference: str = "false") -> requests.Response:
        """Delete one image."""
        path = f"{images(product, gallery)}/{quote(name, safe='')}"
        return self._call("DELETE", f"{self._cleaning}{path}?removeReference={remove_reference}")

    def clean(self, product: str, gallery: str, remove_reference: str = "false") -> requests.Response:
        """Delete all images of a gallery."""
        return self._call("DELETE", f"{self._cleaning}{images(product, gallery)}?removeReference={remove_reference}")

    def clean_many(self, remove_reference: str, *products: str) -> requests.Response:
        """Delete all images of many products' galleries `shop`."""
        rows = [{"product": product, "gallery": "shop"} for product in products]
        body = {"galleries": rows, "removeReference": remove_reference == "true"}
        return self._call("POST", f"{self._cleaning}/v1/cleanups", body)

    def event(self, kind: str, data: str) -> requests.Response:
        """Send a signed event (Standard Webhooks): id, time and the very bytes of the body are signed."""
        name, now = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        sent = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = json.dumps({"type": kind, "timestamp": sent, "data": json.loads(data)}).encode()
        secret = base64.b64decode(self._secret.removeprefix("whsec_"))
        signature = hmac.new(secret, f"{name}.{now}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": now,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }
        return requests.post(f"{self._events}/v1/events", data=body, headers=headers, timeout=TIMEOUT)

    def _call(self, method: str, url: str, body: object = None) -> requests.Response:
        """Send a request, and the very same again while the answer is lost or says so (503)."""
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method != "GET" else {}
        for attempt in range(TRIES):
            try:
                answer = self._session.request(method, url, json=body, headers=headers, timeout=TIMEOUT)
            except requests.ConnectionError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(2**attempt)
                continue
            if answer.status_code != 503:
                return answer
            time.sleep(float(answer.headers["Retry-After"]))
        return answer


def images(product: str, gallery: str) -> str:
    """The path of a gallery. A code like 62/XL is one segment: its slash is encoded."""
    return f"/v1/products/{quote(product, safe='')}/galleries/{gallery}/images"


USAGE = """usage: client.py COMMAND ...

  list PRODUCT GALLERY
  insert PRODUCT GALLERY SOURCE_URL KEY
  replace PRODUCT GALLERY KEY SOURCE_URL
  describe PRODUCT GALLERY KEY DESCRIPTION
  sync PRODUCT GALLERY
  operation ID
  delete PRODUCT GALLERY NAME [true]
  clean PRODUCT GALLERY [true]
  clean-many true|false PRODUCT ...
  event TYPE DATA

PRODUCT is a guid or a code, GALLERY is shop or shop360. The environment has GALLERIES_URL, CLEAN_GALLERY_URL, WEBHOOKS_URL
and API_KEY, and WEBHOOK_SECRET for event: README.md."""

COUNTS = {line.split()[0]: len(line.split()) - 1 for line in USAGE.splitlines() if line.startswith("  ")}
"""How many arguments each command has at most."""


def wrong(arguments: list[str], environ: Mapping[str, str]) -> str | None:
    """Say what is wrong with a command line, and what the environment lacks; None if nothing is."""
    command, *rest = arguments
    if command not in COUNTS:
        return f"there is no command {command!r}"
    least = COUNTS[command] - (command in ("delete", "clean", "clean-many"))
    if len(rest) < least or (len(rest) > COUNTS[command] and command != "clean-many"):
        return f"{command} has {COUNTS[command]} arguments, not {len(rest)}"
    missing = [
        name for name in ("GALLERIES_URL", "CLEAN_GALLERY_URL", "WEBHOOKS_URL", "API_KEY") if not environ.get(name)
    ]
    return f"the environment lacks {', '.join(missing)}" if missing else None


def main(arguments: list[str]) -> int:
    """Carry out one command, and print the answer."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    if (flaw := wrong(arguments, os.environ)) is not None:
        print(f"{flaw}\n\n{USAGE}", file=sys.stderr)
        return 2
    client: Any = GallerySync(os.environ)
    answer: requests.Response = getattr(client, arguments[0].replace("-", "_"))(*arguments[1:])
    print(json.dumps(answer.json(), indent=2, ensure_ascii=False))
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
