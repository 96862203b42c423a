"""What must hold once a world is quiet: gallery equals bucket, and whatever does not is explained where a person looks.

Which failures are allowed, and after what, is said here and nowhere else; everything else is a violation.
"""

import math
from collections.abc import Iterator

import msgspec

from gallery_sync import jobindex, names, refusals
from gallery_sync.ledger import Failure, Ledger
from gallery_sync.operations import Outcome
from gallery_sync.shoptet.model import MAX_PRIORITY
from tests.faults.simulation.client import POISON
from tests.faults.simulation.jobs import TOO_LARGE
from tests.faults.simulation.people import CODE, FILES, People, place_of
from tests.faults.simulation.shop import Picture, Place
from tests.faults.simulation.storage import Blob
from tests.faults.simulation.universe import MAX_ATTEMPTS, Universe

LISTED_BEFORE = 180.0
"""Seconds before take-off that its listing may have been asked for, at most: a run does not live longer."""


LOW = 50
"""Priorities below it are such as a shop that renumbers gives; ours are, unless somebody asked for one, a hundred apart."""


class Checks:
    """The checks of one quiet world."""

    def __init__(self, universe: Universe, people: People, *, code_moved: bool) -> None:
        self._u = universe
        self._people = people
        self._code_moved = code_moved

    def problems(self) -> list[str]:
        """Give everything that is not as it should be."""
        return [*self._leftovers(), *self._cleanups(), *self._files(), *self._orphans(), *self._orders()]

    def _leftovers(self) -> Iterator[str]:
        for place, ledger in self._u.record.current.items():
            if ledger.flight is not None:
                yield f"{place} still has the flight {ledger.flight.id}"
        for path in self._u.state.blobs:
            if path.startswith(jobindex.PREFIX):
                yield f"{path} is still there"

    def _cleanups(self) -> Iterator[str]:
        for place, operation in self._people.cleanups:
            stored = self._u.state.blobs.get(f"operations/{operation}/0.json")
            if stored is None:
                yield f"nobody wrote down what came of the cleanup of {place}"
            elif msgspec.json.decode(stored.body, type=Outcome).problem is None:
                asked = self._u.state.blobs[f"operations/{operation}.json"].at
                if self._cleaned_at(place) < asked:
                    yield f"the cleanup of {place} left no watermark"

    def _half_cleaned_at(self, place: Place) -> float:
        """When a cleanup was asked that was refused or given up in the end: an earlier try of it may have been carried out."""
        asked = [0.0]
        for other, operation in self._people.cleanups:
            stored = self._u.state.blobs.get(f"operations/{operation}/0.json")
            if other == place and stored and msgspec.json.decode(stored.body, type=Outcome).problem is not None:
                asked.append(self._u.state.blobs[f"operations/{operation}.json"].at)
        return max(asked)

    def _cleaned_at(self, place: Place) -> float:
        return (self._u.record.current.get(place) or Ledger(*place)).cleaned_at

    def _files(self) -> Iterator[str]:
        for name, blob in self._u.drops.blobs.items():
            meaning = names.parse(name, blob.size)
            if isinstance(meaning, names.Refusal) and refusals.path(name) not in self._u.state.blobs:
                yield f"{name} is refused, and no document says so"
            if isinstance(meaning, names.Drop):
                yield from self._file(name, blob, meaning)

    def _file(self, name: str, blob: Blob, meaning: names.Drop) -> Iterator[str]:
        if self._unclear(name):
            return
        place = place_of(name, self._u.shop.codes)
        if place is None or place not in self._u.shop.galleries:
            if refusals.path(refusals.folder(meaning.prefix, meaning.gallery)) not in self._u.state.blobs:
                yield f"{name} means no product, and no refusal says so"
            return
        failure = self._failure(place, name)
        if failure is not None:
            if not self._justified(place, name, blob, failure):
                yield f"{name} failed for no good reason: {failure.code}: {failure.reason}"
            elif not any(name in line for line in self._u.errors) and not self._may_lose_lines():
                yield f"{name} failed, and no line of the log says so"
            return
        pictures = self._pictures(place, name)
        # Where an image could not be explained, a person was told to look; what is double since is for that person.
        told = "unexplained" in self._u.record.failures.get(f"drop:{name}", ())
        if len(pictures) > 1 and not told:
            yield f"{name} is there {len(pictures)} times: {[p.name for p in pictures]}"
        wanted = self._wanted(name, blob)
        if wanted and blob.at <= self._half_cleaned_at(place):
            wanted = None
        if blob.at <= self._cleaned_at(place):
            # Out until it is dropped again; only what a variant references stays.
            wanted, pictures = False, [p for p in pictures if not p.referenced]
        if wanted is False and pictures and not told:
            yield f"{name} was deleted in the shop, and is there again"
        if wanted and not pictures:
            yield f"{name} is not in {place}"
        if wanted is not False and pictures:
            yield from self._content(name, blob, pictures[-1])

    def _unclear(self, name: str) -> bool:
        """Whether the file lies under a code that meant another product for a while: what anybody saw is a matter of chance."""
        return self._code_moved and name.startswith(f"{CODE}/")

    def _may_lose_lines(self) -> bool:
        """Whether a run may die between the ledger's write and the log's line; the ledger alone tells then."""
        faults = self._u.setting.faults
        return bool(faults.killed or faults.slow or faults.frozen or faults.storage_forgets_to_say)

    def _content(self, name: str, blob: Blob, picture: Picture) -> Iterator[str]:
        if picture.checksum != blob.checksum and not self._touched_in_flight(name):
            yield f"{name} shows {picture.checksum}, the bucket holds {blob.checksum}"
        if name in self._u.shop.touched:
            return
        description = self._u.shop.normal(blob.metadata.get("description", ""))
        if picture.description != description:
            yield f"{name} is described as {picture.description!r}, not {description!r}"

    def _wanted(self, name: str, blob: Blob) -> bool | None:
        """Whether the file must be shown; None: it may, as a person deleted its image while it was being changed."""
        deletions = self._people.deletions.get(name)
        if not deletions:
            return True
        last = deletions[-1]
        if last.generation is not None and blob.generation > last.generation:
            # A listing that lags may still have shown the image after its file was dropped again with the same content.
            return None if self._u.shop.how.lag and blob.checksum == last.checksum else True
        # A cleanup forgets what was shown before it.
        forgotten = any(place == place_of(name, self._u.shop.codes) for place, _ in self._people.cleanups)
        return None if last.flying or forgotten or last.settled != blob.generation else False

    def _orphans(self) -> Iterator[str]:
        for place, pictures in self._u.shop.galleries.items():
            for picture in pictures:
                owner = picture.owner
                if owner is None or owner in self._u.drops.blobs or self._unclear(owner):
                    continue
                if self._u.setting.full_look and not self._u.drops.named(f"{owner.partition('/')[0]}/"):
                    # The daily full look goes through the folders that there are (README, "What does not hold").
                    continue
                failure = self._failure(place, owner)
                refused = failure is not None and failure.code == "delete-refused" and picture.referenced
                kept = picture.referenced and self._cleaned_at(place) > 0
                codes = self._u.record.failures.get(f"drop:{owner}", set())
                if self._u.setting.mirror_deletes and not (refused or kept) and "unexplained" not in codes:
                    yield f"{owner} was deleted, and its image {picture.name} is still there"

    def _orders(self) -> Iterator[str]:
        for place in self._u.shop.galleries:
            shown = [p for p in self._u.shop.ordered(place) if p.owner is not None and self._counts(place, p.owner)]
            explicit = {p.owner: n for p in shown if (n := self._explicit(p.owner or "")) is not None}
            automatic = [p.owner or "" for p in shown if p.owner not in explicit]
            # Where the shop renumbers, a file that comes in between lands at the end (README, "What does not hold").
            if not self._u.shop.how.renumbers and automatic != sorted(automatic, key=_place):
                yield f"{place} is not in order: {[(p.owner, p.priority) for p in shown]}"
            for picture in shown:
                number = explicit.get(picture.owner)
                if number is not None and number != picture.priority and not self._u.shop.how.renumbers:
                    yield f"{picture.owner} has priority {picture.priority}, not {number}"

    def _counts(self, place: Place, name: str) -> bool:
        """Whether a file's place in the order is ours to say."""
        return (
            name in self._u.drops.blobs
            and self._u.drops.blobs[name].at > self._cleaned_at(place)
            and self._failure(place, name) is None
            and name not in self._u.shop.touched
            and not self._unclear(name)
            and len(self._pictures(place, name)) == 1
        )

    def _explicit(self, name: str) -> int | None:
        number = self._u.drops.blobs[name].metadata.get("priority", "")
        return int(number) if number.isdigit() and 1 <= int(number) <= MAX_PRIORITY else None

    def _failure(self, place: Place, name: str) -> Failure | None:
        entry = (self._u.record.current.get(place) or Ledger(*place)).entries.get(f"drop:{name}")
        return entry.failure if entry is not None else None

    def _pictures(self, place: Place, name: str) -> list[Picture]:
        return [p for p in self._u.shop.galleries[place] if p.owner == name]

    def _touched_in_flight(self, name: str) -> bool:
        """Whether a person changed the image during a flight of it: its `changeTime` then tells nothing of its content."""
        at = self._u.shop.touched.get(name)
        flown = self._u.record.flights_of(f"drop:{name}")
        return at is not None and any(f.began - 60 <= at <= f.ended for f in flown)

    def _justified(self, place: Place, name: str, blob: Blob, failure: Failure) -> bool:
        flown = self._u.record.flights_of(f"drop:{name}")
        match failure.code:
            case "empty-file":
                return blob.size == 0
            case "bad-priority":
                return self._explicit(name) is None and "priority" in blob.metadata
            case "refused":
                return blob.checksum.startswith(POISON)
            case "gave-up":
                tries = sum(1 for f in flown if f.flight.images[f"drop:{name}"].generation in (0, blob.generation))
                return tries >= MAX_ATTEMPTS or blob.checksum.startswith(TOO_LARGE)
            case "unexplained":
                # Somebody else's image came since the listing before take-off, or one of ours was changed by hand, or the
                # shop gives every image another number than it was sent, or may do so for all that anybody can tell: one
                # of several got lost, and the others have low numbers, as a shop would give them.
                before = self._u.shop.how.lag + (math.inf if self._u.setting.faults.frozen else LISTED_BEFORE)
                hands = self._u.shop.by_hand_at.get(place, [])
                came = any(f.began - before <= at <= f.ended for f in flown for at in hands)
                low = any((s.priority or LOW) < LOW for f in flown for s in f.flight.images.values())
                return came or low or self._u.shop.how.renumbers
            case _:
                return False


def _place(name: str) -> tuple[int, str]:
    """Give a file's place in the order, said here once more: a check that asked the code would never contradict it."""
    return FILES.index(name.rpartition("/")[2]), name
