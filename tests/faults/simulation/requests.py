"""HTTP requests of other systems, as the functions get them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import quote

from werkzeug.datastructures import Headers

from gallery_sync.core.operation import AskedImage, Part
from gallery_sync.http.asked import Asked


@dataclass(frozen=True)
class Request:
    """A request: the function that serves it, the method, the path with its query, the JSON body."""

    function: str
    method: str
    target: str
    body: Mapping[str, Any] | None


def request(part: Part) -> Request:
    """Give the request that asks for a part."""
    path = f"/v1/products/{quote(part.product, safe='')}/galleries/{part.gallery}"
    switches = f"removeReference={str(part.remove_reference).lower()}"
    keep = str(not part.unkept).lower()
    match part.kind:
        case "insert":
            return Request("galleries", "POST", f"{path}/images", _images(part))
        case "source":
            return Request("galleries", "PATCH", f"{path}/images/source", _images(part))
        case "attributes":
            return Request("galleries", "PATCH", f"{path}/images", _images(part))
        case "sync":
            return Request("galleries", "POST", f"{path}/sync", None)
        case "delete":
            return Request("clean_gallery", "DELETE", f"{path}/images/{part.name}?{switches}&keep={keep}", None)
        case _:
            purge = str(part.purge).lower()
            return Request("clean_gallery", "DELETE", f"{path}/images?{switches}&purge={purge}&keep={keep}", None)


def asked(sent: Request, headers: Mapping[str, str]) -> Asked:
    """Give a request as the server hands it on."""
    raw = json.dumps(sent.body).encode() if sent.body is not None else b""
    path, _, query = sent.target.partition("?")
    kind = {"Content-Type": "application/json"} if sent.body is not None else {}
    return Asked(sent.method, path, query, Headers({**headers, **kind}), BytesIO(raw), len(raw))


def _images(part: Part) -> Mapping[str, Any]:
    return {"images": [_image(image) for image in part.images]}


def _image(image: AskedImage) -> Mapping[str, Any]:
    fields = {
        "sourceUrl": image.source_url,
        "key": image.key,
        "name": image.name,
        "priority": image.priority,
        "description": image.description,
    }
    return {name: value for name, value in fields.items() if value is not None}
