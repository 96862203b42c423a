"""What became of dropped files: read from the ledgers and refusals, as the demo and the tests show it."""

import base64
import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
import requests

from gallery_sync.core import name_order, names, preparing, recipe
from gallery_sync.core.checksums import is_same
from gallery_sync.core.ledger import Entry, Ledger, file_of
from gallery_sync.core.shop_values import Gallery, Image
from gallery_sync.ports.shop_errors import TryLater
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.state import codes, placed, refusals
from infra.local.cloud import LocalCloud
from infra.local.sample import Picture, pixels, shows

State = Literal["live", "waiting", "under way", "failed", "refused", "same"]
"""`same`: another file that is the same picture is shown."""
SETTLED: Final = ("live", "failed", "refused", "same")


@dataclass(frozen=True)
class Row:
    """One dropped file: the gallery that it belongs to, Shoptet's name for it, its state, and why, or what was made of it."""

    file: str
    gallery: str
    name: str
    state: State
    reason: str


class Galleries:
    """The ledgers and refusals as they are now; each is read once."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._ledgers: dict[tuple[str, Gallery], Ledger] = {}
        self._refused = {refused.name: refused for refused in refusals.read_all(cloud.documents)}
        self._keys: dict[tuple[str, Gallery], dict[str, str]] = {}
        self._guids: dict[str, str | None] = {}
        self._placed: dict[str, names.Drop] | None = None

    def row(self, picture: Picture) -> Row:
        """What became of this picture; live means with exactly this content."""
        drop = self.meaning(picture)
        refused = self._refused.get(picture.name)
        if drop is not None:
            refused = refused or self._refused.get(refusals.folder(drop.prefix, drop.gallery))
        if refused is not None:
            return Row(picture.name, "", "", "refused", refused.reason)
        if drop is None:
            return Row(picture.name, "", "", "waiting", "")
        ledger = self._ledger(drop)
        gallery = drop.gallery
        if ledger is None:
            return Row(picture.name, gallery, "", "waiting", "")
        key = self._keys_by_file(ledger).get(drop.name)
        if key is None:
            return Row(picture.name, gallery, "", "waiting", "")
        entry = ledger.entries[key]
        if drop.name in entry.also:
            return Row(picture.name, gallery, "", "same", f"it is the same file as {file_of(key, entry)}")
        if entry.same_as is not None:
            other = ledger.entries.get(entry.same_as, Entry())
            return Row(picture.name, gallery, "", "same", f"it is the same picture as {file_of(entry.same_as, other)}")
        name = entry.live.name if entry.live is not None else ""
        if entry.failure is not None:
            state: State = "refused" if entry.failure.code == recipe.CODE else "failed"
            return Row(picture.name, gallery, name, state, entry.failure.reason)
        if entry.live is not None and not entry.live.gone and is_same(entry.live.checksum, checksum(picture.body)):
            # What was done to it before it was sent.
            done = preparing.of_wanted(entry)
            told = done.report if done is not None and done.path else ""
            return Row(picture.name, gallery, name, "live", told)
        flying = ledger.flight is not None and drop.key in ledger.flight.images
        return Row(picture.name, gallery, name, "under way" if flying else "waiting", entry.last_reason or "")

    def meaning(self, picture: Picture) -> names.Drop | None:
        """Say which gallery a picture is for, by its folder or as its name stands with a product; None: nobody's so far."""
        drop = names.parse(picture.name, len(picture.body))
        if isinstance(drop, names.Drop):
            return drop
        if self._placed is None:
            found = [row for _, rows in placed.read_all(self._cloud.documents) for row in rows.names.items()]
            self._placed = {name: names.read_placed(names.placed(one.code, name)) for name, one in found}
        return self._placed.get(picture.name)

    def _keys_by_file(self, ledger: Ledger) -> dict[str, str]:
        """Give the key of each file of a gallery, whether it counts or is another spelling of one that does."""
        place = (ledger.guid, ledger.gallery)
        if place not in self._keys:
            entries = ledger.entries.items()
            self._keys[place] = {file: key for key, its in entries for file in (*its.also, file_of(key, its))}
        return self._keys[place]

    def guid(self, product: str) -> str | None:
        """The guid of a product, as far as it was looked up already."""
        if names.is_guid(product):
            return product
        if product not in self._guids:
            stored = self._cloud.documents.read(codes.path(product))
            self._guids[product] = (
                msgspec.json.decode(stored.body, type=codes.Code).guid if stored is not None else None
            )
        return self._guids[product]

    def _ledger(self, drop: names.Drop) -> Ledger | None:
        guid = self.guid(drop.product)
        if guid is None:
            return None
        place = (guid, drop.gallery)
        if place not in self._ledgers:
            self._ledgers[place] = self._cloud.ledgers.read(*place).ledger
        return self._ledgers[place]


def rows(cloud: LocalCloud, pictures: Iterable[Picture]) -> list[Row]:
    """What became of these pictures, now."""
    galleries = Galleries(cloud)
    return [galleries.row(picture) for picture in pictures]


def _listed(shoptet: Shoptet, guid: str, gallery: Gallery) -> tuple[Image, ...]:
    """Give a gallery's images; the functions may hold all connections that the token has, for a moment."""
    until = time.monotonic() + 30.0
    while True:
        try:
            return shoptet.images(guid, gallery)
        except TryLater:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def differences(cloud: LocalCloud, pictures: Iterable[Picture]) -> list[str]:
    """Compare the sandbox's galleries with the files: each once, in order, pixel for pixel. Empty: as they should be.

    What was prepared is compared with what should be seen of it.

    Files that were refused or failed for good must not be shown. For galleries that hold nothing but dropped files
    without a `priority` of their own.
    """
    found = []
    shoptet, galleries = cloud.shoptet(), Galleries(cloud)
    for (guid, gallery), files in _by_gallery(cloud, pictures).items():
        shown = sorted(_listed(shoptet, guid, gallery), key=lambda image: image.priority or 0)
        files.sort(key=lambda picture: name_order.order(f"drop:/{picture.name}"))
        if len(shown) != len(files):
            found.append(f"{guid} {gallery}: {len(shown)} images for {len(files)} files")
        for place, (picture, image) in enumerate(zip(files, shown, strict=False), 1):
            url = f"{cloud.sandbox}/_pictures/{guid}/{gallery}/{image.name}?original=1"
            content = requests.get(url, timeout=30).content
            if content != picture.body and not _is_seen(galleries, picture, content):
                found.append(f"{guid} {gallery}: image {place} ({image.name}) does not show {picture.name}")
    return found


def _is_seen(galleries: Galleries, picture: Picture, content: bytes) -> bool:
    """Whether the shop shows what it should of a file."""
    if galleries.row(picture).reason:
        return shows(picture.body, content)
    return pixels(content) == pixels(picture.body)


def undescribed(cloud: LocalCloud, pictures: Iterable[Picture], descriptions: Mapping[str, str]) -> list[str]:
    """Name the files whose images are not described as they should be, by the file's name. Empty: all are."""
    galleries, shoptet = Galleries(cloud), cloud.shoptet()
    found = []
    for picture in (one for one in pictures if one.name in descriptions):
        drop = galleries.meaning(picture)
        guid = galleries.guid(drop.product) if drop is not None else None
        images = _listed(shoptet, guid, drop.gallery) if drop is not None and guid is not None else ()
        name = galleries.row(picture).name
        said = next((image.description for image in images if image.name == name), None)
        if said != descriptions[picture.name]:
            found.append(f"{picture.name} is described as {said!r}, not {descriptions[picture.name]!r}")
    return found


def strays(cloud: LocalCloud, pictures: Iterable[Picture]) -> list[str]:
    """Name the sandbox's galleries that show something although none of the files belongs there."""
    wanted = _by_gallery(cloud, pictures)
    shop = requests.get(f"{cloud.sandbox}/_control/galleries", timeout=30).json()
    return [
        f"{guid} {gallery}: {len(images)} images for no file"
        for guid, galleries in shop.items()
        for gallery, images in galleries.items()
        if images and (guid, gallery) not in wanted
    ]


def _by_gallery(cloud: LocalCloud, pictures: Iterable[Picture]) -> dict[tuple[str, Gallery], list[Picture]]:
    """The files by the gallery that should show them; one that shows none of its files is there all the same."""
    galleries = Galleries(cloud)
    wanted: dict[tuple[str, Gallery], list[Picture]] = {}
    for picture in pictures:
        drop = galleries.meaning(picture)
        guid = galleries.guid(drop.product) if drop is not None else None
        if drop is not None and guid is not None:
            files = wanted.setdefault((guid, drop.gallery), [])
            if galleries.row(picture).state not in ("refused", "failed", "same"):
                files.append(picture)
    return wanted


def checksum(body: bytes) -> str:
    """A content's checksum, as the ledger has it."""
    return f"md5:{base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}"
