"""`refused/…`: what was dropped but belongs to no gallery, and why, where a person can find it."""

import hashlib
from collections.abc import Iterator
from typing import Final

import msgspec

from gallery_sync.core.schedule import DAY
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.ports.storage import Documents, Listed, PreconditionFailed

PREFIX: Final = "refused/"
AGAIN: Final = "again_at"
"""The metadata that says when a refused folder is to be asked about again (epoch seconds)."""


class RefusedDrop(msgspec.Struct, frozen=True, omit_defaults=True):
    """A refused object's name, or a folder (ending in `/`) whose product Shoptet does not know. `at` in epoch seconds.

    A folder is asked about again: `tries` is how often it was, `again_at` the moment of the next time.
    """

    name: str
    code: str
    reason: str
    at: float
    prefix: str | None = None
    gallery: Gallery | None = None
    tries: int = 0
    again_at: float = 0.0


def path(name: str) -> str:
    """Where a refusal lies; by a hash, as refused names are of any kind."""
    return f"{PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:40]}.json"


def find(documents: Documents, name: str) -> RefusedDrop | None:
    """Give the refusal of an object or folder; None if there is none."""
    stored = documents.read(path(name))
    return decode(stored.body) if stored is not None else None


def record(documents: Documents, refused: RefusedDrop) -> bool:
    """Keep a refusal, and tell whether it is news: the same one again is written only if it was tried again."""
    stored = documents.read(path(refused.name))
    before = decode(stored.body) if stored is not None else None
    known = before is not None and before.reason == refused.reason
    if known and before is not None and before.tries == refused.tries:
        return False
    folder_of = {"prefix": refused.prefix, "gallery": refused.gallery}
    if refused.again_at:
        folder_of[AGAIN] = str(int(refused.again_at))
    try:
        documents.write(
            path(refused.name),
            msgspec.json.encode(refused),
            generation=stored.generation if stored is not None else 0,
            metadata={name: value for name, value in folder_of.items() if value is not None},
        )
    except PreconditionFailed:
        return False
    return not known


def clear(documents: Documents, name: str) -> None:
    """Remove a refusal whose reason is gone."""
    documents.delete(path(name))


def read_all(documents: Documents) -> Iterator[RefusedDrop]:
    """Give every refusal."""
    for listed in documents.list(PREFIX):
        stored = documents.read(listed.path)
        if stored is not None:
            yield decode(stored.body)


def again_at(listed: Listed) -> float:
    """Give when a refused folder is to be asked about again, from a listing; what an earlier version wrote, a day after that."""
    said = listed.metadata.get(AGAIN, "")
    return float(said) if said.isdecimal() else listed.updated + DAY


def gallery_of(listed: Listed) -> Gallery | None:
    """Give the gallery of a refused folder, from a listing."""
    return next((gallery for gallery in GALLERIES if gallery == listed.metadata.get("gallery")), None)


def folder(prefix: str, gallery: Gallery) -> str:
    """Name a folder of the drop bucket whose product is refused."""
    return f"{prefix}/{gallery}/"


def decode(body: bytes) -> RefusedDrop:
    """Read a refusal."""
    return msgspec.json.decode(body, type=RefusedDrop)
