"""An object's content as an HTTP answer: whole, or the range that was asked for.

Source: https://cloud.google.com/storage/docs/xml-api/get-object-download
"""

import gzip
import re
from collections.abc import Mapping
from email.utils import format_datetime

from aiohttp import web

from infra.local.storage.objects import DEFAULT_CONTENT_TYPE, StoredObject

__all__ = ["content_response", "range_of"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def content_response(stored: StoredObject, asked: Mapping[str, str], overrides: Mapping[str, str]) -> web.Response:
    """200, 206 or 416 to a request with these headers. `overrides` are headers that win over the object's own.

    What is stored compressed is served so to whoever accepts it, and decompressed to all others, whole in any case
    (https://cloud.google.com/storage/docs/transcoding).
    """
    headers = {**_headers(stored), **overrides}
    range_header = asked.get("Range", "")
    if stored.attributes.get("contentEncoding") == "gzip":
        if "gzip" not in asked.get("Accept-Encoding", ""):
            return web.Response(body=gzip.decompress(stored.content), headers=headers)
        headers["Content-Encoding"] = "gzip"
    size = len(stored.content)
    wanted = range_of(range_header, size)
    if wanted is None:
        return web.Response(body=stored.content, headers=headers)
    first, last = wanted
    if first > last:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return web.Response(status=206, body=stored.content[first : last + 1], headers=headers)


def range_of(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a `Range` header over `size` bytes: None for the whole, first > last for none of it.

    Anything but one range of bytes is ignored, as RFC 9110 (14.2) allows.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return max(size - int(match[2]), 0), size - 1
    first, last = int(match[1]), int(match[2]) if match[2] else size - 1
    if match[2] and last < first:
        return None
    if first >= size:
        return size, size - 1
    return first, min(last, size - 1)


def _headers(stored: StoredObject) -> dict[str, str]:
    named = {
        "Cache-Control": stored.attributes.get("cacheControl", ""),
        "Content-Disposition": stored.attributes.get("contentDisposition", ""),
        "Content-Language": stored.attributes.get("contentLanguage", ""),
    }
    return {
        "Content-Type": stored.attributes.get("contentType", DEFAULT_CONTENT_TYPE),
        "ETag": f'"{stored.etag}"',
        "Last-Modified": format_datetime(stored.updated.replace(microsecond=0), usegmt=True),
        "Accept-Ranges": "bytes",
        "x-goog-generation": str(stored.generation),
        "x-goog-metageneration": str(stored.metageneration),
        "x-goog-hash": f"crc32c={stored.crc32c},md5={stored.md5}",
        "x-goog-stored-content-length": str(len(stored.content)),
        "x-goog-stored-content-encoding": stored.attributes.get("contentEncoding") or "identity",
        "x-goog-storage-class": stored.attributes["storageClass"],
        **{name: value for name, value in named.items() if value},
    }
