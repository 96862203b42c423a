"""What must hold once a world is quiet: gallery equals bucket, and whatever does not is explained where a person looks.

Which failures are allowed, and after what, is said in `justify` and nowhere else; everything else is a violation.
"""

from collections.abc import Iterator

import msgspec

from gallery_sync.core import names
from gallery_sync.core.kept import Kept, KeptImage
from gallery_sync.core.ledger import Failure, Ledger, is_shown, is_waiting
from gallery_sync.core.operation import Outcome
from gallery_sync.state import jobindex, refusals, removed
from tests.faults.simulation.callers import Callers
from tests.faults.simulation.chance import OFTEN
from tests.faults.simulation.justify import CLOCKS, is_priority, justified, may_lose_lines, touched_in_flight
from tests.faults.simulation.meaning import home, was_home
from tests.faults.simulation.people import FILES, People, plain
from tests.faults.simulation.shop import Picture, Place
from tests.faults.simulation.storage import Blob
from tests.faults.simulation.universe import MAX_ATTEMPTS, Universe


class Checks:
    """The checks of one quiet world."""

    def __init__(self, universe: Universe, people: People, callers: Callers) -> None:
        self._u = universe
        self._people = people
        self._callers = callers

    def problems(self) -> list[str]:
        """Give everything that is not as it should be."""
        return [
            *self._leftovers(),
            *self._cleanups(),
            *self._codes(),
            *self._files(),
            *self._orphans(),
            *self._holds(),
            *self._orders(),
        ]

    def _leftovers(self) -> Iterator[str]:
        for place, ledger in self._u.record.current.items():
            if ledger.flight is not None:
                yield f"{place} still has the flight {ledger.flight.id}"
        for path in self._u.state.blobs:
            if path.startswith(jobindex.PREFIX):
                yield f"{path} is still there"

    def _cleanups(self) -> Iterator[str]:
        for place, operation in self._callers.cleanups:
            stored = self._u.state.blobs.get(f"operations/{operation}/0.json")
            if stored is None:
                yield f"nobody wrote down what came of the cleanup of {place}"
            elif msgspec.json.decode(stored.body, type=Outcome).problem is None:
                asked = self._u.state.blobs[f"operations/{operation}.json"].at
                if self._cleaned_at(place) < asked:
                    yield f"the cleanup of {place} left no watermark"

    def _codes(self) -> Iterator[str]:
        """Where every gallery was checked on the quiet days, no code is believed to mean what it no longer means."""
        if self._u.setting.audit_every > OFTEN:
            return
        for name, blob in self._u.drops.blobs.items():
            drop = names.parse(name, blob.size)
            if isinstance(drop, names.Drop) and not names.is_guid(drop.product):
                guid, believed = self._u.shop.codes.get(drop.product), home(self._u, name)
                # A code that means nothing may have been renamed: what its folder feeds stays where it is.
                if guid is not None and believed != (guid, drop.gallery):
                    yield f"{name} is believed to belong to {believed}, its code means {guid}"

    def _half_cleaned_at(self, place: Place) -> float:
        """When a cleanup was asked that was refused or given up in the end: an earlier try of it may have been carried out."""
        asked = [0.0]
        for other, operation in self._callers.cleanups:
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
        place = home(self._u, name)
        if place is None or place not in self._u.shop.galleries:
            refusal = refusals.path(refusals.folder(meaning.prefix, meaning.gallery))
            if refusal not in self._u.state.blobs and not self._was_cleaned_away(name, blob):
                yield f"{name} means no product, and no refusal says so"
            return
        failure = self._failure(place, name)
        if failure is not None:
            if not self._justified(place, name, blob, failure):
                yield f"{name} failed for no good reason: {failure.code}: {failure.reason}"
            elif not any(name in line for line in self._u.errors) and not may_lose_lines(self._u):
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
        if self._was_restored(name):
            wanted = None
        elif blob.at <= self._cleaned_at(place) and not self._is_asked_for_again(place, name):
            # Out until it is dropped again; only what a variant references stays.
            wanted, pictures = False, [p for p in pictures if not p.referenced]
        if wanted is False and pictures and not told:
            yield f"{name} was deleted in the shop, and is there again"
        if wanted and not pictures:
            yield f"{name} is not in {place}"
        if wanted is not False and pictures and not told:
            yield from self._content(name, blob, pictures[-1])

    def _was_cleaned_away(self, name: str, blob: Blob) -> bool:
        """Whether it was cleaned out of the gallery that its code meant then: it is not missed when the code means nothing."""
        return any(
            was_home(self._u, name, place) and blob.at <= self._cleaned_at(place) for place in self._u.record.current
        )

    def _is_peoples(self, name: str, picture: Picture) -> bool:
        """Whether an image that shows another picture was taken for a person's, as it was changed in the shop since.

        Perhaps by a call of ours whose answer was lost: nobody knows that, so a person is told.
        """
        place = home(self._u, name)
        ledger = self._u.record.current.get(place) if place is not None else None
        entries = ledger.entries.values() if ledger is not None else ()
        live = next((e.live for e in entries if e.live is not None and e.live.name == picture.name), None)
        receipt = live.receipt if live is not None else None
        may_be_ours = self._u.setting.shoptet.attributes_touch_change_time
        return receipt is not None and receipt.saw == "replaced" and (picture.touched_at is not None or may_be_ours)

    def _content(self, name: str, blob: Blob, picture: Picture) -> Iterator[str]:
        place = home(self._u, name)
        checksum, _ = self._content_of(place, name, blob) if place is not None else (blob.checksum, 0)
        if (
            picture.checksum != checksum
            and not touched_in_flight(self._u, name)
            and not self._is_peoples(name, picture)
        ):
            yield f"{name} shows {picture.checksum}, the bucket holds {blob.checksum}, wanted is {checksum}"
        if name in self._u.shop.touched or self._is_described(name):
            return
        description = self._u.shop.normal(blob.metadata.get("description", ""))
        # What came back is described as it was, whatever its file said of it a moment before it was deleted.
        came_back = {image.description or "" for image in self._restored(name)}
        if picture.description not in (description, *came_back):
            yield f"{name} is described as {picture.description!r}, not {description!r}"

    def _was_restored(self, name: str) -> bool:
        """Whether somebody wanted back what a request deleted, this file's image among it."""
        return any(True for _ in self._restored(name))

    def _restored(self, name: str) -> Iterator[KeptImage]:
        """Give a file's image as it was kept, for each time that it was wanted back."""
        stored = (self._u.state.blobs.get(removed.path(operation, "0")) for operation in self._callers.restored)
        kept = (msgspec.json.decode(blob.body, type=Kept) for blob in stored if blob is not None)
        return (image for one in kept for image in one.images if image.key == f"drop:{name}")

    def _content_of(self, place: Place, name: str, blob: Blob) -> tuple[str, int]:
        """Give what must be shown for a file, as checksum and generation: a caller's picture that was asked for after it.

        Which of the two counts is the ledger's word; that it may be the caller's is checked here.
        """
        entry = (self._u.record.current.get(place) or Ledger(*place)).entries.get(f"drop:{name}")
        content = entry.wanted.content if entry is not None and entry.wanted is not None else None
        if content is None or not content.url:
            return blob.checksum, blob.generation
        asked_after_it = blob.at <= content.generation / 1_000_000 + CLOCKS
        if (kept := self._u.copies.get(content.source)) is not None:
            return (kept.checksum if asked_after_it else "what was kept of an earlier one"), content.generation
        page = self._u.pages[content.source]
        known = (name, *self._people.renamed.get(name, ()))
        return (page.checksum if page.owner in known and asked_after_it else "another file's"), content.generation

    def _is_described(self, name: str) -> bool:
        """Whether a caller asked for other attributes of the file's image at any time: then those checks tell."""
        known = (name, *self._people.renamed.get(name, ()))
        words = any(word.owner in known for word in self._callers.words)
        return words or any(wish.page.owner in known for wish in self._callers.wishes)

    def _is_asked_for_again(self, place: Place, name: str) -> bool:
        """Whether a caller gave another picture for a file's image after it was cleaned away."""
        entry = (self._u.record.current.get(place) or Ledger(*place)).entries.get(f"drop:{name}")
        content = entry.wanted.content if entry is not None and entry.wanted is not None else None
        return content is not None and content.url and content.generation / 1_000_000 > self._cleaned_at(place)

    def _removed(self, name: str, blob: Blob) -> bool | None:
        """Whether a file must be shown after a caller deleted its image, as far as that is not left to chance (None)."""
        brought_back = any(wish.page.owner == name for wish in self._callers.wishes)
        # A cleanup forgets what was shown before it, and so which file the name belonged to that was to be deleted.
        forgotten = any(place == home(self._u, name) for place, _ in self._callers.cleanups)
        if self._callers.removals and (brought_back or forgotten):
            return None if any(one.owner == name for one in self._callers.removals) else True
        must: bool | None = True
        for one in self._callers.removals:
            stored = self._u.state.blobs.get(f"operations/{one.operation}/0.json")
            if (one.owner, one.place) != (name, home(self._u, name)) or stored is None:
                continue
            asked = self._u.state.blobs[f"operations/{one.operation}.json"].at
            problem = msgspec.json.decode(stored.body, type=Outcome).problem
            if blob.at > asked + CLOCKS:
                continue
            before = one.wanted == blob.generation and blob.at < asked - CLOCKS
            must = False if must and problem is None and before else None
        return must

    def _wanted(self, name: str, blob: Blob) -> bool | None:
        """Whether the file must be shown; None: it may, as a person deleted its image while it was being changed."""
        removed = self._removed(name, blob)
        if removed is not True:
            return removed
        deletions = [one for one in self._people.deletions.get(name, ()) if one.place == home(self._u, name)]
        before = [one for old in self._people.renamed.get(name, ()) for one in self._people.deletions.get(old, ())]
        removals = [one for one in self._callers.removals if one.owner in self._people.renamed.get(name, ())]
        if not deletions:
            # Somebody deleted its image under the name that it had: it may stay away under the new one, too.
            return None if before or removals else True
        last = deletions[-1]
        if last.generation is not None and blob.generation > last.generation:
            # A listing that lags may still have shown the image after its file was dropped again with the same content.
            return None if self._u.shop.how.lag and blob.checksum == last.checksum else True
        # A caller's picture for it that was still to come counts as a change of the file.
        replaced = any(wish.page.owner == name for wish in self._callers.wishes)
        # A cleanup forgets what was shown before it: nobody may have seen that the image was gone.
        forgotten = any(place == home(self._u, name) for place, _ in self._callers.cleanups)
        return None if last.flying or forgotten or replaced or last.settled != blob.generation else False

    def _orphans(self) -> Iterator[str]:
        for place, pictures in self._u.shop.galleries.items():
            for picture in pictures:
                owner = picture.owner
                if owner is None or self._stays(place, owner):
                    continue
                if owner.startswith("url:") or any(wish.page.owner == owner for wish in self._callers.wishes):
                    continue
                failure = self._failure(place, owner)
                refused = failure is not None and failure.code == "delete-refused" and picture.referenced
                kept = picture.referenced and self._cleaned_at(place) > 0
                codes = self._u.record.failures.get(f"drop:{owner}", set())
                if f"drop:{owner}" in self._held(place) or self._was_restored(owner):
                    continue
                # Its deletion was tried as often as anything is, and a person was told.
                tries = [f for f in self._u.record.flights_of(f"drop:{owner}") if f.flight.action == "delete"]
                given_up = failure is not None and failure.code == "gave-up" and len(tries) >= MAX_ATTEMPTS
                if given_up:
                    continue
                if self._u.setting.mirror_deletes and not (refused or kept) and "unexplained" not in codes:
                    yield f"{owner} has left {place}, and its image {picture.name} is still there"

    def _stays(self, place: Place, owner: str) -> bool:
        """Whether the image of a file may be here: where it belongs, or where its code meant before.

        From there it goes once it is live where it belongs, or its file is gone, and somebody looks at the gallery that it left.
        """
        belongs = home(self._u, owner)
        is_there = owner in self._u.drops.blobs
        if place == belongs:
            return is_there
        entry = None
        if belongs is not None:
            entry = (self._u.record.current.get(belongs) or Ledger(*belongs)).entries.get(f"drop:{owner}")
        is_live = entry is not None and is_shown(entry) and not is_waiting(entry) and entry.failure is None
        looked_at = self._u.setting.audit_every <= OFTEN
        return not (looked_at and (is_live or not is_there)) and was_home(self._u, owner, place)

    def _held(self, place: Place) -> tuple[str, ...]:
        hold = (self._u.record.current.get(place) or Ledger(*place)).hold
        return hold.keys if hold is not None else ()

    def _holds(self) -> Iterator[str]:
        """What is held is shown, without a file, and was told; a person who releases leaves nothing held."""
        for place in self._u.record.current:
            held = self._held(place)
            if held and self._u.setting.releases:
                yield f"{place} is held although it was released: {held}"
            if held and not self._u.setting.mirror_deletes:
                yield f"{place} is held where images stay after their files: {held}"
            shown = {f"drop:{picture.owner}" for picture in self._u.shop.galleries.get(place, ())}
            for key in held:
                name = key.removeprefix("drop:")
                if name in self._u.drops.blobs and home(self._u, name) == place:
                    yield f"{key} is held, and its file is in the bucket"
                if key not in shown and key.startswith("drop:") and not self._u.shop.removed_by_hand:
                    yield f"{key} is held, and was deleted"
            told = any(line.startswith("held: ") and key in line for line in self._u.errors for key in held[:1])
            if held and not told and not may_lose_lines(self._u):
                yield f"{place} is held, and no line of the log says so"

    def _orders(self) -> Iterator[str]:
        for place in self._u.shop.galleries:
            shown = [p for p in self._u.shop.ordered(place) if p.owner is not None and self._counts(place, p.owner)]
            explicit = {p.owner: n for p in shown if (n := self._explicit(p.owner or "")) is not None}
            automatic = [p.owner or "" for p in shown if p.owner not in explicit]
            if self._is_ordered(place) and automatic != sorted(automatic, key=_place):
                yield f"{place} is not in order: {[(p.owner, p.priority) for p in shown]}"
            for picture in shown:
                number = explicit.get(picture.owner)
                if number is not None and number != picture.priority and self._u.shop.how.keeps_numbers:
                    yield f"{picture.owner} has priority {picture.priority}, not {number}"

    def _is_ordered(self, place: Place) -> bool:
        """Whether the order is ours to say.

        Where the shop renumbers, whatever comes or goes by other hands shifts the numbers that ours are placed between; so does
        what a listing that lags does not show, and a number of its own that a file has (README, "What does not hold").
        """
        shop = self._u.shop
        if shop.how.renumbers and any(was_home(self._u, name, place) for name in self._people.numbered):
            return False
        by_others = shop.by_hand_at.get(place) or place in shop.removed_by_hand or place in shop.to_be_cleaned
        told = any("unexplained" in codes for codes in self._u.record.failures.values())
        if shop.how.ignores_moves:
            return False
        return not shop.how.renumbers or not (by_others or shop.how.lag or told or self._callers.asked)

    def _counts(self, place: Place, name: str) -> bool:
        """Whether a file's place in the order is ours to say."""
        return (
            name in self._u.drops.blobs
            and self._u.drops.blobs[name].at > self._cleaned_at(place)
            and self._failure(place, name) is None
            and name not in self._u.shop.touched
            and not self._is_described(name)
            and place == home(self._u, name)
            and len(self._pictures(place, name)) == 1
        )

    def _explicit(self, name: str) -> int | None:
        number = self._u.drops.blobs[name].metadata.get("priority", "")
        return int(number) if is_priority(number) else None

    def _failure(self, place: Place, name: str) -> Failure | None:
        entry = (self._u.record.current.get(place) or Ledger(*place)).entries.get(f"drop:{name}")
        return entry.failure if entry is not None else None

    def _pictures(self, place: Place, name: str) -> list[Picture]:
        return [p for p in self._u.shop.galleries[place] if p.owner == name]

    def _justified(self, place: Place, name: str, blob: Blob, failure: Failure) -> bool:
        checksum, generation = self._content_of(place, name, blob)
        return justified(self._u, place, f"drop:{name}", checksum, generation, failure)


def _place(name: str) -> tuple[int, str, str]:
    """Give a file's place in the order, said here once more: a check that asked the code would never contradict it."""
    file, added = plain(name)
    return FILES.index(file), added, name
