"""How objects and buckets look in the JSON API.

Source: https://cloud.google.com/storage/docs/json_api/v1/objects#resource
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from infra.local.storage.objects import StoredObject
from infra.local.storage.store import Bucket

__all__ = ["bucket_resource", "object_resource", "timestamp"]


def timestamp(moment: datetime) -> str:
    """Like `2026-01-02T12:34:56.789Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def object_resource(stored: StoredObject, base: str) -> dict[str, Any]:
    """An object's resource. `base` is the server's URL, for the links. Whole numbers are strings, as Google has them."""
    path = f"b/{quote(stored.bucket, safe='')}/o/{quote(stored.name, safe='')}"
    resource: dict[str, Any] = {
        "kind": "storage#object",
        "id": f"{stored.bucket}/{stored.name}/{stored.generation}",
        "selfLink": f"{base}/storage/v1/{path}",
        "mediaLink": f"{base}/download/storage/v1/{path}?generation={stored.generation}&alt=media",
        "name": stored.name,
        "bucket": stored.bucket,
        "generation": str(stored.generation),
        "metageneration": str(stored.metageneration),
        "size": str(len(stored.content)),
        "md5Hash": stored.md5,
        "crc32c": stored.crc32c,
        "etag": stored.etag,
        "timeCreated": timestamp(stored.created),
        "updated": timestamp(stored.updated),
        "timeStorageClassUpdated": timestamp(stored.created),
        "timeFinalized": timestamp(stored.created),
        **stored.attributes,
    }
    if stored.metadata:
        resource["metadata"] = dict(stored.metadata)
    return resource


def bucket_resource(bucket: Bucket, base: str) -> dict[str, Any]:
    """A bucket's resource: not versioned, as the drop bucket and the state bucket are."""
    return {
        "kind": "storage#bucket",
        "id": bucket.name,
        "selfLink": f"{base}/storage/v1/b/{quote(bucket.name, safe='')}",
        "name": bucket.name,
        "projectNumber": "0",
        "metageneration": "1",
        "location": "EU",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "etag": "CAE=",
        "timeCreated": timestamp(bucket.created),
        "updated": timestamp(bucket.created),
    }
