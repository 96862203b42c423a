"""What people do: they drop, replace and delete files, and they work in the shop's administration by hand."""

from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Final

from gallery_sync.core import brake
from gallery_sync.core.ledger import Ledger
from gallery_sync.state.ledgers import Ledgers
from tests.faults.simulation.client import POISON
from tests.faults.simulation.effects import SkewedClock
from tests.faults.simulation.jobs import TOO_LARGE
from tests.faults.simulation.shop import Deletion, Picture, Place, key_of
from tests.faults.simulation.storage import DocumentsAtOnce
from tests.faults.simulation.universe import STARTED, Universe

GUID: Final = "11111111-1111-1111-1111-111111111111"
OTHER: Final = "22222222-2222-2222-2222-222222222222"
CODE: Final = "CODE-1"
VARIANT: Final = "62/XL"
FILES: Final = ("01_a.jpg", "2.png", "10.png", "b.jpg")
SPELLINGS: Final = {
    (GUID, ""): "-d",
    (CODE, "shop/"): "-s",
    (CODE, ""): "-sd",
    (CODE, "shop360/"): "-s",
    (VARIANT.replace("/", "%2F"), ""): "-v",
}
"""What is added to a file's name in a folder, so that no two are one picture: only a variant's folder is a place of its own."""
PRIORITIES: Final = ("10", "20", "100", "200", "300", "7")
DESCRIPTIONS: Final = ("front", "  from  behind ", "")


def spelled(prefix: str, inside: str, file: str) -> str:
    """Give the full name of a file in a folder, `inside` of which is "", "shop/" or "shop360/"."""
    stem, _, extension = file.rpartition(".")
    return f"{prefix}/{inside}{stem}{SPELLINGS.get((prefix, inside), '')}.{extension}"


def plain(name: str) -> tuple[str, str]:
    """Give the file that a full name was spelled from, and what was added."""
    stem, _, extension = name.rpartition("/")[2].rpartition(".")
    bare, _, added = stem.partition("-")
    return f"{bare}.{extension}", added


def respelled(name: str, file: str) -> str:
    """Give the full name of another file in the same folder."""
    prefix, _, inside = name.rpartition("/")[0].partition("/")
    return spelled(prefix, f"{inside}/" if inside else "", file)


class People:
    """Everybody who acts on a world from outside."""

    def __init__(self, universe: Universe, rng: Random) -> None:
        self._universe = universe
        self._rng = rng
        self._contents = 0
        self.deletions: dict[str, list[Deletion]] = {}
        """Images of ours that were deleted in the shop, by their owner."""
        self.numbered: set[str] = set()
        """Files that ever had a number of their own."""
        self.renamed: dict[str, list[str]] = {}
        """By which names a file was known before."""
        self.words: dict[str, float] = {}
        """When a file or its metadata was last changed, by the object's name."""
        shop = universe.shop
        shop.codes = {CODE: GUID, VARIANT: GUID}
        for guid in (GUID, OTHER):
            shop.galleries[guid, "shop"] = []
            shop.galleries[guid, "shop360"] = []

    def drop(self, name: str, checksum: str | None = None, metadata: Mapping[str, str] | None = None) -> None:
        """Drop a file, or drop it again; with the same content where its checksum is given."""
        u, there = self._universe, self._universe.drops.blobs.get(name)
        if checksum is None:
            self._contents += 1
            checksum = f"content-{self._contents}{self._rng.choice('jp')}"
        size = 0 if checksum == "empty" else 1000
        self.numbered |= {name} if "priority" in (metadata or {}) else set()
        self.words[name] = u.now
        blob = u.drops.put(u.now, name, b"", metadata or {}, checksum=checksum, size=size)
        u.story.tell(u.now, "people", "drop %s #%d %s %s", name, blob.generation, checksum, dict(blob.metadata))
        if there is not None:
            u.changed(name, size)
        u.changed(name, size)

    def drop_badly(self, name: str, how: str) -> None:
        """Drop content that Shoptet will not take."""
        self._contents += 1
        self.drop(
            name, {"large": f"{TOO_LARGE}-{self._contents}", "poison": f"{POISON}-{self._contents}"}.get(how, "empty")
        )

    def delete(self, name: str) -> None:
        """Delete a file from the drop bucket."""
        u = self._universe
        u.drops.blobs.pop(name)
        self.words[name] = u.now
        u.story.tell(u.now, "people", "delete %s", name)
        u.changed(name, 1000)

    def rename(self, name: str, to: str) -> None:
        """Rename a file: the storage copies it to its new name, and deletes the old one."""
        blob = self._universe.drops.blobs[name]
        self.renamed.setdefault(to, []).extend((name, *self.renamed.get(name, ())))
        self.drop(to, blob.checksum, blob.metadata)
        if self._rng.random() < 0.5:
            self._universe.turn(self._rng.choice((0.01, 10.0, 100.0)))
        if name in self._universe.drops.blobs:
            self.delete(name)

    def annotate(self, name: str, metadata: Mapping[str, str]) -> None:
        """Change a file's metadata: its generation stays."""
        u, blob = self._universe, self._universe.drops.blobs[name]
        u.drops.annotate(name, metadata)
        self.numbered |= {name} if "priority" in metadata else set()
        self.words[name] = u.now
        u.story.tell(u.now, "people", "annotate %s with %s", name, dict(metadata))
        u.changed(name, blob.size)

    def add_foreign(self, place: Place, priority: int | None) -> None:
        """Somebody else adds an image in the shop."""
        u = self._universe
        if self._cannot_be_told(place):
            return
        picture = u.shop.add(place, priority, "foreign", "jpg")
        u.story.tell(u.now, "people", "add foreign %s with priority %d to %s", picture.name, picture.priority, place)

    def foreign_job(self, place: Place) -> None:
        """Another integration has a job under way that adds nothing of ours."""
        u = self._universe
        if u.setting.shoptet.foreign_jobs:
            u.jobs.start_foreign(place, lambda: self._cannot_be_told(place))

    def remove_foreign(self, place: Place) -> None:
        """Somebody removes an image that is not ours."""
        u = self._universe
        theirs = [p for p in u.shop.galleries[place] if p.owner is None]
        if theirs:
            picture = self._rng.choice(theirs)
            u.story.tell(u.now, "people", "remove foreign %s", picture.name)
            u.shop.remove(place, picture)
            u.shop.removed_by_hand.add(place)

    def delete_ours(self, place: Place) -> None:
        """Somebody deletes an image of ours in the shop."""
        u, picture = self._universe, self._one_of_ours(place)
        if picture is None or picture.owner is None or self._cannot_be_told(place, picture):
            return
        key, blob = key_of(picture.owner), u.drops.blobs.get(picture.owner)
        ledger = u.record.current.get(place) or Ledger(*place)
        entry = ledger.entries.get(key)
        live = entry.live if entry is not None else None
        self.deletions.setdefault(picture.owner, []).append(
            Deletion(
                u.now,
                place,
                blob.generation if blob is not None else None,
                blob.checksum if blob is not None else None,
                live.generation if live is not None and live.name == picture.name and not live.gone else None,
                flying=ledger.flight is not None,
            )
        )
        u.story.tell(u.now, "people", "delete %s (%s) in the shop", picture.name, picture.owner)
        u.shop.remove(place, picture)
        u.shop.removed_by_hand.add(place)

    def touch_ours(self, place: Place, priority: int | None, description: str | None) -> None:
        """Somebody changes order or description of an image of ours in the shop."""
        u, picture = self._universe, self._one_of_ours(place)
        if picture is None or picture.owner is None or self._cannot_be_told(place, picture):
            return
        if priority is not None and priority in self._in_the_air(place):
            # It would be taken for the one that this number was sent for, if that silently got lost.
            return
        u.shop.describe(picture, priority, description, by_hand=True)
        u.shop.changed(place)
        picture.touched_at = u.now
        u.shop.touched[picture.owner] = u.now
        u.shop.by_hand_at.setdefault(place, []).append(u.now)
        u.story.tell(u.now, "people", "touch %s (%s): %s, %s", picture.name, picture.owner, priority, description)

    def release(self) -> bool:
        """A person releases all that is held, as `gallery-sync release --all` does; whether there was anything."""
        u = self._universe
        held = {place: ledger.hold for place, ledger in u.record.current.items() if ledger.hold is not None}
        for place, hold in held.items():
            u.story.tell(u.now, "people", "release %s: %s", place, hold.keys)
            free = partial(brake.released, hold=hold, now=u.now)
            documents = DocumentsAtOnce(u.state, u.now, partial(u.record.wrote, u.now))
            Ledgers(documents, SkewedClock(u.scheduler, 0.0)).change(*place, free)
        return bool(held)

    def reference(self, place: Place) -> None:
        """A variant shows an image of ours from now on."""
        picture = self._one_of_ours(place)
        if picture is not None:
            picture.referenced = True
            self._universe.story.tell(self._universe.now, "people", "reference %s", picture.name)

    def move_code(self, guid: str | None) -> None:
        """A product gets another code: the old one means another product from now on, or none."""
        u = self._universe
        u.story.tell(u.now, "people", "the code %s means %s from now on", CODE, guid)
        u.shop.move_code(CODE, guid)

    def forge(self) -> None:
        """A webhook of somebody else's job."""
        u = self._universe
        u.webhook("job-of-somebody-else")

    def _cannot_be_told(self, place: Place, without: Picture | None = None) -> bool:
        """Whether an image that came now might be taken for one of ours that silently got lost.

        While nothing tells whether the shop renumbers (no image of ours is shown, as we sent it, during an insertion), or
        where it does, images are matched by their number alone. Nobody could do better, so people leave that out (README,
        "What is not simulated").
        """
        u = self._universe
        if u.setting.shoptet.lag and u.now > STARTED and not self._tell(place, without):
            # A listing at take-off that lags may not show it.
            return True
        ledger = u.record.current.get(place)
        if ledger is None or ledger.flight is None or ledger.flight.action != "insert":
            return False
        how = u.setting.shoptet
        return not self._tell(place, without) or how.renumbers or how.hides_numbers

    def _in_the_air(self, place: Place) -> set[int | None]:
        ledger = self._universe.record.current.get(place)
        flight = ledger.flight if ledger is not None else None
        return {snapshot.priority for snapshot in flight.images.values()} if flight is not None else set()

    def _tell(self, place: Place, without: Picture | None) -> bool:
        """Whether any image that the ledger knows is shown as we sent it."""
        u = self._universe
        ledger = u.record.current.get(place) or Ledger(*place)
        known = {e.live.name for e in ledger.entries.values() if e.live is not None}
        pictures = [p for p in u.shop.galleries[place] if p.name in known and p is not without]
        return any(p.owner and p.touched_at is None for p in pictures)

    def _one_of_ours(self, place: Place) -> Picture | None:
        ours = [p for p in self._universe.shop.galleries[place] if p.owner is not None]
        return self._rng.choice(ours) if ours else None
