"""The values that the local storage keeps: objects, preconditions, and what a caller may set of an object."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import google_crc32c

from infra.local.storage.errors import ApiError

__all__ = [
    "DEFAULT_CONTENT_TYPE",
    "Change",
    "ChangeType",
    "Edits",
    "Preconditions",
    "StoredObject",
    "check_name",
    "check_sums",
    "checksums",
    "read_edits",
]

ATTRIBUTES = ("contentType", "contentEncoding", "cacheControl", "contentDisposition", "contentLanguage", "storageClass")
"""What a caller may set of an object besides custom metadata, as the JSON API spells it."""

STORAGE_CLASSES = ("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE")

DEFAULT_CONTENT_TYPE = "application/octet-stream"
"""What Cloud Storage serves an object as whose uploader named no type."""

MAX_NAME_BYTES = 1024
MAX_METADATA_BYTES = 8 * 1024

ChangeType = Literal["finalized", "deleted", "metadataUpdated"]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One generation of an object, with its content. Times are aware, in UTC; `content` is the bytes as uploaded."""

    bucket: str
    name: str
    generation: int
    metageneration: int
    content: bytes = field(repr=False)
    md5: str
    crc32c: str
    attributes: Mapping[str, str]
    metadata: Mapping[str, str]
    created: datetime
    updated: datetime

    @property
    def etag(self) -> str:
        """Changes with generation and metageneration, and means nothing else."""
        return base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to an object, for those who want to be told. `stored` is the object as it then was."""

    type: ChangeType
    stored: StoredObject
    at: datetime


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The `if...` parameters of a request; None is one that was not given.

    Source: https://cloud.google.com/storage/docs/request-preconditions
    """

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    def check(self, current: StoredObject | None, *, reading: bool = False) -> None:
        """Raise 412 where `current` (None: there is no such object) violates one; 304 for a read that need not be sent.

        An object that does not exist has generation 0, so `ifGenerationMatch=0` means "must not exist".
        """
        generation = current.generation if current else 0
        metageneration = current.metageneration if current else 0
        if self.generation_match not in (None, generation) or self.metageneration_match not in (None, metageneration):
            raise ApiError.precondition_failed()
        if self.generation_not_match == generation or self.metageneration_not_match == metageneration:
            raise ApiError.not_modified() if reading else ApiError.precondition_failed()


@dataclass(frozen=True, slots=True)
class Edits:
    """What a caller wants to set of an object; a None value removes. `metadata` None: do not touch (unless `clear`)."""

    attributes: Mapping[str, str | None] = field(default_factory=dict)
    metadata: Mapping[str, str | None] = field(default_factory=dict)
    clear_metadata: bool = False

    def on(self, attributes: Mapping[str, str], metadata: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """These edits applied as JSON merge patches to what an object has.

        Raises ApiError 400 where the custom metadata grows beyond 8 KiB, keys and values together.
        """
        kept = {} if self.clear_metadata else metadata
        merged = _merge(kept, self.metadata)
        if sum(len(key.encode()) + len(value.encode()) for key, value in merged.items()) > MAX_METADATA_BYTES:
            raise ApiError.invalid("The total size of custom metadata must not exceed 8 KiB.")
        return _merge(attributes, self.attributes), merged


def read_edits(resource: Mapping[str, Any]) -> Edits:
    """The edits in an object resource that a client sent; what only the server sets is ignored, as Google does.

    Raises ApiError 400 for a value of the wrong type, and 501 for another encoding than gzip.
    """
    if resource.get("contentEncoding") not in (None, "", "gzip"):
        raise ApiError.not_supported(f"contentEncoding {resource['contentEncoding']}")
    attributes = {name: resource[name] for name in ATTRIBUTES if name in resource}
    for name, value in attributes.items():
        _check_text(name, value)
    if (storage_class := attributes.get("storageClass")) is not None and storage_class not in STORAGE_CLASSES:
        raise ApiError.invalid(f"Invalid storage class: {storage_class}")
    metadata = resource.get("metadata", {})
    if metadata is None:
        return Edits(attributes, clear_metadata=True)
    if not isinstance(metadata, dict):
        raise ApiError.invalid("metadata must be an object of strings")
    for key, value in metadata.items():
        if value is not None and not isinstance(value, str):
            raise ApiError.invalid(f"metadata.{key} must be a string")
    return Edits(attributes, metadata)


def check_name(name: str) -> None:
    """Raise ApiError 400 for an object name that Cloud Storage refuses.

    Source: https://cloud.google.com/storage/docs/objects#naming
    """
    if not name:
        raise ApiError(400, "required", "Required", "name")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise ApiError.invalid("The maximum object length is 1024 characters, but got a name with more.", "name")
    if name in (".", "..") or "\r" in name or "\n" in name or name.startswith(".well-known/acme-challenge/"):
        raise ApiError.invalid(f"Invalid object name: {name!r}", "name")


def checksums(content: bytes) -> tuple[str, str]:
    """MD5 and CRC32C of some content, as the API shows them: base64, the CRC big-endian."""
    md5 = hashlib.md5(content, usedforsecurity=False).digest()
    crc32c = int(google_crc32c.value(content)).to_bytes(4, "big")
    return base64.b64encode(md5).decode(), base64.b64encode(crc32c).decode()


def check_sums(content: bytes, claimed: Mapping[str, str | None]) -> None:
    """Raise ApiError 400 where a `md5` or `crc32c` that the uploader claimed is not the content's."""
    md5, crc32c = checksums(content)
    for name, actual in (("md5", md5), ("crc32c", crc32c)):
        if claimed.get(name) not in (None, actual):
            message = f"Provided {name} {claimed[name]!r} doesn't match calculated {name} {actual!r}."
            raise ApiError.invalid(message)


def _check_text(name: str, value: object) -> None:
    if value is None:
        return
    # These become headers of a download.
    if not isinstance(value, str) or not value.isprintable():
        raise ApiError.invalid(f"Invalid value for {name}: {value!r}", name)


def _merge(old: Mapping[str, str], edits: Mapping[str, str | None]) -> dict[str, str]:
    merged: dict[str, str | None] = {**old, **edits}
    return {key: value for key, value in merged.items() if value is not None}
