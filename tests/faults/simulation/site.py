"""The shop's own site, and what opens pictures: a picture is the name of its content."""

import hashlib
from dataclasses import dataclass, field

from gallery_sync.core.ledger import Content
from gallery_sync.core.likeness import SIDE, Signature
from gallery_sync.core.names import outbox
from gallery_sync.ports.decoder import Decoded, Unreadable
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.ports.storage import StorageUnavailable
from tests.faults.simulation.effects import Effects
from tests.faults.simulation.shop import SimShop
from tests.faults.simulation.storage import Bucket

ADDRESS = "https://shop.test/user/shop/orig/"


@dataclass
class SimSite:
    """`FetchWorld.original`, `ports.OriginalsShop` and `ports.Sent` in one."""

    shop: SimShop
    drops: Bucket
    copies: dict[str, Content]
    effects: Effects
    owners: dict[bytes, str] = field(default_factory=dict)
    """Whose each picture was that was fetched."""

    def original(self, address: str, name: str) -> bytes:
        """Give the picture that an image shows; at times the site does not."""
        fx = self.effects
        fx.point()
        found = next((p for pictures in self.shop.galleries.values() for p in pictures if p.name == name), None)
        # Where the shop shows another picture than it was sent, only a look tells; one that never sees it tells nothing.
        fails = not self.shop.how.shows_another and fx.happens(fx.faults.get_fails)
        if address != ADDRESS or found is None or fails:
            raise NoOriginal("the shop's site gave no picture")
        picture = (found.checksum or f"foreign {name}").encode()
        if found.owner is not None:
            self.owners[picture] = found.owner
        return picture

    def copy(self, path: str) -> bytes | None:
        """See ports.Sent."""
        self._storage(path)
        there = self.copies.get(path)
        return there.checksum.encode() if there is not None else None

    def keep(self, content: Content, path: str) -> bool:
        """See ports.Removed."""
        self._storage(path)
        if path in self.copies:
            return True
        there, file = self.copies.get(outbox(content.source, content.generation)), self.drops.blobs.get(content.source)
        if there is None and file is not None and file.generation == content.generation:
            there = Content(content.source, file.generation, file.checksum, file.size)
        if there is not None:
            self.copies[path] = there
        return there is not None

    def keep_copy(self, made: str, path: str) -> bool:
        """See ports.Removed."""
        self._storage(path)
        if path not in self.copies and made in self.copies:
            self.copies[path] = self.copies[made]
        return path in self.copies

    def put(self, path: str, picture: bytes) -> None:
        """See ports.Removed."""
        self._storage(path)
        self.copies[path] = Content(self.owners.get(picture, ""), 0, picture.decode(), 0)

    def _storage(self, path: str) -> None:
        self.effects.point()
        if not self.effects.calm and self.effects.happens(self.effects.faults.storage_refuses):
            raise StorageUnavailable(path)

    def file(self, content: Content) -> bytes | None:
        """See ports.Sent."""
        self.effects.point()
        there = self.drops.blobs.get(content.source)
        if there is None or there.generation != content.generation:
            return None
        return there.checksum.encode()


def decode(content: bytes) -> Decoded:
    """Open a picture; contents that differ look nothing like each other."""
    if content.startswith(b"poison"):
        raise Unreadable("it is no picture")
    digest = hashlib.sha256(content).digest()
    return Decoded(Signature(400, 300, digest.hex(), digest * (SIDE * SIDE * 3 // len(digest))), "jpeg", b"")
