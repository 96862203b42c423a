"""What prepares pictures: slow at times, and with a picture made of every third content."""

from dataclasses import dataclass

from gallery_sync.core.ledger import Content
from gallery_sync.core.names import THUMBNAILS
from gallery_sync.core.recipe import Recipe, Shape, Verdict
from gallery_sync.ports.preparer import Prepared
from gallery_sync.ports.storage import StorageUnavailable
from tests.faults.simulation.client import POISON
from tests.faults.simulation.effects import Effects
from tests.faults.simulation.storage import Bucket, is_to_be_made

AS_IS = Shape("JPEG", 800, 600, 1000)


@dataclass
class SimDesk:
    """`ports.Sent`, `ports.Made` and `ports.Preparer` in one. What is made of a content shows that content."""

    drops: Bucket
    copies: dict[str, Content]
    effects: Effects

    def copy(self, path: str) -> bytes | None:
        """See ports.Sent."""
        raise AssertionError("only files are prepared")

    def file(self, content: Content) -> bytes | None:
        """See ports.Sent."""
        self._storage(content.source)
        there = self.drops.blobs.get(content.source)
        if there is None or there.generation != content.generation:
            return None
        return f"{there.checksum} {content.source} {content.generation}".encode()

    def prepare(self, content: bytes, recipe: Recipe) -> Prepared:
        """See ports.Preparer."""
        self.effects.point()
        checksum = content.decode().partition(" ")[0]
        if self.effects.rng.random() < 0.1:
            self.effects.tell("opens a picture for long")
            self.effects.scheduler.pause(self.effects.rng.random() * 40)
        if checksum.startswith(POISON):
            return Prepared(Verdict(len(content), refused="damaged"))
        made = AS_IS if is_to_be_made(checksum) else None
        return Prepared(Verdict(1000, AS_IS, made), content if made else b"", b"small")

    def write(self, path: str, picture: bytes) -> None:
        """See ports.Made."""
        self._storage(path)
        if not path.startswith(THUMBNAILS):
            checksum, source, generation = picture.decode().split(" ")
            self.copies[path] = Content(source, int(generation), checksum, 1000)

    def _storage(self, path: str) -> None:
        self.effects.point()
        if not self.effects.calm and self.effects.happens(self.effects.faults.storage_refuses):
            raise StorageUnavailable(path)
