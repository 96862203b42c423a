"""What must hold for other systems once a world is quiet: each request was carried out once, and its state is the truth."""

from collections.abc import Iterator
from typing import Final

import msgspec

from gallery_sync.core.kept import Kept
from gallery_sync.core.ledger import Entry, Ledger
from gallery_sync.core.operation import ImageOutcome, Operation, Outcome, Part, Problem, picture_id
from gallery_sync.core.progress import part_progress
from gallery_sync.state import removed
from tests.faults.simulation.callers import Callers, Wish, Word
from tests.faults.simulation.jobs import ANOTHER
from tests.faults.simulation.justify import CLOCKS, justified, may_lose_lines, touched_in_flight
from tests.faults.simulation.meaning import home
from tests.faults.simulation.people import People
from tests.faults.simulation.shop import Picture, key_of
from tests.faults.simulation.universe import Universe

CHANGES: Final = ("clean", "delete", "attributes")


class CallersChecks:
    """The checks of one quiet world."""

    def __init__(self, universe: Universe, people: People, callers: Callers) -> None:
        self._u = universe
        self._people = people
        self._callers = callers

    def problems(self) -> list[str]:
        """Give everything that is not as it should be."""
        return [*self._requests(), *self._wishes(), *self._removals(), *self._words(), *self._kept()]

    def _requests(self) -> Iterator[str]:
        """Every request stands in its ledger, and whatever is no picture has an outcome."""
        for operation, part in self._callers.asked.items():
            applied = self._u.state.blobs.get(f"operations/{operation}/applied.json")
            if applied is None or applied.body != b"1":
                yield f"{operation} was never brought into its ledger"
            outcome = self.outcome(operation)
            if part.kind not in CHANGES:
                continue
            if outcome is None:
                yield f"nobody wrote down what came of {operation} ({part.kind})"
            elif outcome.problem is not None and not self._may_fail(outcome.problem, part):
                yield f"{operation} ({part.kind}) failed for no good reason: {outcome.problem}"

    def _kept(self) -> Iterator[str]:
        """I8: what was deleted at a caller's wish, who did not say that it need not be kept, is kept as it was."""
        deleted, copies = self._u.shop.deleted, self._u.copies
        for operation, part in self._callers.asked.items():
            outcome = self.outcome(operation)
            # Images that went with their files say nothing of who deleted them.
            if part.kind not in ("clean", "delete") or part.unkept or outcome is None or self._u.setting.mirror_deletes:
                continue
            stored = self._u.state.blobs.get(removed.path(operation, "0"))
            rows = msgspec.json.decode(stored.body, type=Kept).images if stored is not None else ()
            kept = {row.name: copies[row.path].checksum for row in rows if row.path in copies}
            for image in outcome.images:
                # One that a person, or another request, was faster with is said to be deleted, too.
                was = deleted.get(image.name or "") if image.state == "deleted" else None
                # What a person added a moment before, a listing that lags does not show to anybody.
                is_hidden = was is not None and was.startswith("foreign") and self._u.setting.shoptet.lag > 0
                if was is None or is_hidden or not self._is_alone(operation, image.name):
                    continue
                # Of a file that the shop showed wrongly, the file is kept; what nobody knew to be that file's, as it was shown.
                if kept.get(image.name or "") not in (was, was.removeprefix(ANOTHER)):
                    yield f"I8: {image.name} showed {was}, and {kept.get(image.name or '')} was kept ({operation})"

    def _is_alone(self, operation: str, name: str | None) -> bool:
        """Whether no other request says that it deleted this image."""
        changes = (other for other, part in self._callers.asked.items() if other != operation and part.kind in CHANGES)
        others = (outcome for other in changes if (outcome := self.outcome(other)) is not None)
        return not any(image.name == name for outcome in others for image in outcome.images)

    def _may_fail(self, problem: Problem, part: Part | None = None) -> bool:
        faults = self._u.setting.faults
        match problem.code:
            case "answer-lost":
                return bool(faults.lost_before or faults.lost_after or faults.killed or faults.frozen or faults.slow)
            case "not-kept":
                # Nobody knows where the frames of shop360 are; and where the shop itself is not to be asked, nor are the others.
                # An hour in which machines froze has few tries.
                is_there = part is not None and part.gallery != "shop360"
                return not is_there or bool(faults.get_not_allowed or (faults.frozen and faults.get_fails))
            case "no-such-image" | "refused" if problem.status in (404, 409):
                return True
            case _:
                return problem.status == 403 and bool(faults.write_not_allowed or faults.get_not_allowed)

    def _wishes(self) -> Iterator[str]:
        for one in self._callers.wishes:
            state, problem = self._state(one)
            if problem is not None:
                if not self._may_fail(problem):
                    yield f"{one} was refused for no good reason: {problem}"
                continue
            match state.state:
                case "live":
                    yield from self._live(one)
                case "failed":
                    yield from self._failed(one, state)
                case "superseded":
                    if not self._was_superseded(one):
                        yield f"{one} is said to be superseded ({state.reason}), and nothing came after it"
                case other:
                    yield f"{one} is still {other}: {state.reason}"

    def _live(self, one: Wish) -> Iterator[str]:
        shown = [p for p in self._pictures(one) if p.checksum == one.page.checksum]
        told = one.page.owner is not None and "unexplained" in self._u.record.failures.get(key_of(one.page.owner), ())
        # Somebody may have deleted it since, which nobody has looked for.
        touched = one.page.owner is not None and touched_in_flight(self._u, one.page.owner)
        if not shown and not self._was_removed(one) and not touched:
            yield f"{one} is said to be live, and is not there: {self._pictures(one)}"
        if len(self._pictures(one)) > 1 and not told:
            yield f"{one} is there {len(self._pictures(one))} times"

    def _failed(self, one: Wish, state: ImageOutcome) -> Iterator[str]:
        key, entry = self._entry(one)
        if entry is None or entry.failure is None:
            cleaned = any(place == one.page.place for place, _ in self._callers.cleanups)
            if one.known and not cleaned and not self._was_superseded(one):
                yield f"{one} failed for no good reason: {state.reason}"
            return
        if entry.failure.code == "no-such-image":
            if self._u.shop.named(one.page.place, one.page.name or "") is not None and self._u.shop.how.lag == 0:
                yield f"{one} failed although its image is there"
            return
        generation = entry.wanted.content.generation if entry.wanted is not None else 0
        if not justified(self._u, one.page.place, key, one.page.checksum, generation, entry.failure):
            yield f"{one} failed for no good reason: {entry.failure.code}: {entry.failure.reason}"
        elif not any(key in line for line in self._u.errors) and not may_lose_lines(self._u):
            yield f"{one} failed, and no line of the log says so"

    def _was_superseded(self, one: Wish) -> bool:
        """Whether anything came after a wish that takes its image away or gives it other content."""
        at, place, owner = self.at(one.operation), one.page.place, one.page.owner
        newer = [w for w in self._callers.wishes if w is not one and self._same(w, one) and self.at(w.operation) >= at]
        # One that was asked for before may be carried out after it, and takes an image that is meant by its name.
        named = one.page.name is not None
        cleaned = [o for p, o in self._callers.cleanups if p == place and (named or self.at(o) >= at)]
        blob = self._u.drops.blobs.get(owner or "")
        is_file = owner is not None and not owner.startswith("url:")
        dropped = is_file and (blob is None or blob.at > at - CLOCKS)
        # The code of its folder means another product by now: the file has left this gallery.
        left = owner is not None and is_file and home(self._u, owner) != place
        return bool(newer or cleaned or dropped or left or self._was_removed(one))

    def _was_removed(self, one: Wish) -> bool:
        """Whether a person or a caller deleted the wish's image, or what shared its place, at any time."""
        owner, place = one.page.owner, one.page.place
        by_caller = any(
            r.place == place and (r.owner == owner if owner is not None else r.name == one.page.name)
            for r in self._callers.removals
        )
        foreign = owner is None and all(p.name != one.page.name for p in self._u.shop.galleries[place])
        return by_caller or foreign or bool(self._people.deletions.get(owner or ""))

    def _removals(self) -> Iterator[str]:
        for one in self._callers.removals:
            outcome = self.outcome(one.operation)
            if outcome is None:
                continue
            there = self._u.shop.named(one.place, one.name)
            if outcome.problem is None and there is not None:
                yield f"{one} is said to be deleted, and is there"
            if outcome.problem is None and outcome.images[0].state != "deleted":
                yield f"{one} is said to be {outcome.images[0].state}"

    def _words(self) -> Iterator[str]:
        """The only word that was ever said about an image's attributes counts."""
        for one in self._callers.words:
            outcome = self.outcome(one.operation)
            picture = self._described(one)
            if outcome is None or outcome.problem is not None or picture is None or not self._is_the_last(one):
                continue
            state = outcome.images[0].state
            if state == "failed":
                if self._u.shop.how.lag == 0 and picture.name == one.name and one.owner is None:
                    yield f"{one} failed although its image is there: {outcome.images[0].reason}"
                continue
            if one.description is not None and picture.description != self._u.shop.normal(one.description):
                yield f"{one} was {state}, and its description is {picture.description!r}"
            if one.priority is not None and picture.priority != one.priority and self._u.shop.how.keeps_numbers:
                yield f"{one} was {state}, and its priority is {picture.priority}"

    def _is_the_last(self, one: Word) -> bool:
        """Whether nobody else ever said a word about this image: no other request, no change of its file, no hand."""
        owner, at = one.owner, self.at(one.operation)
        words = [
            w for w in self._callers.words if w is not one and (w.name == one.name or w.owner == owner is not None)
        ]
        wishes = [
            w
            for w in self._callers.wishes
            if (w.page.owner == owner is not None or w.page.name == one.name)
            and (not (owner or "").startswith("url:") or self.at(w.operation) > at - LATE)
        ]
        touched = owner is not None and owner in self._u.shop.touched
        cleaned = any(place == one.place for place, _ in self._callers.cleanups)
        changed = self._people.words.get(owner or "", 0.0) > at - LATE
        deleted = bool(self._people.deletions.get(owner or ""))
        failed = owner is not None and bool(self._u.record.failures.get(key_of(owner)))
        removed = any(r.place == one.place and r.owner == owner for r in self._callers.removals)
        return not (words or wishes or touched or cleaned or changed or deleted or failed or removed)

    def _described(self, one: Word) -> Picture | None:
        if one.owner is None:
            return self._u.shop.named(one.place, one.name)
        mine = [p for p in self._u.shop.galleries[one.place] if p.owner == one.owner]
        return mine[0] if len(mine) == 1 else None

    def _state(self, one: Wish) -> tuple[ImageOutcome, Problem | None]:
        """Give what the API says of a wish."""
        body = self._u.state.blobs[f"operations/{one.operation}.json"].body
        operation = msgspec.json.decode(body, type=Operation)
        outcome = self.outcome(one.operation)
        outcomes = {"0": outcome} if outcome is not None else {}
        ledger = self._u.record.current.get(one.page.place) or Ledger(*one.page.place)
        images, problem, _ = part_progress(operation, 0, ledger, outcomes, accepted=True)
        return (images[one.index] if problem is None else ImageOutcome("failed")), problem

    def _entry(self, one: Wish) -> tuple[str, Entry | None]:
        """Give the entry that carries a wish."""
        ledger = self._u.record.current.get(one.page.place) or Ledger(*one.page.place)
        mark = f"op:{picture_id(one.operation, 0, one.index)}"
        for key, entry in ledger.entries.items():
            if entry.wanted is not None and entry.wanted.content.checksum == mark:
                return key, entry
        return "", None

    def _pictures(self, one: Wish) -> list[Picture]:
        pictures, page = self._u.shop.galleries[one.page.place], one.page
        # An image that was asked for by its name is that one, also where its file was renamed since.
        by_name = [p for p in pictures if p.name == page.name]
        return by_name or [p for p in pictures if page.owner is not None and p.owner == page.owner]

    def _same(self, one: Wish, other: Wish) -> bool:
        a, b = one.page, other.page
        return a.place == b.place and (a.owner == b.owner if a.owner is not None else a.name == b.name)

    def outcome(self, operation: str) -> Outcome | None:
        """Give what was written down of a request."""
        for piece in ("0", "0.0"):
            stored = self._u.state.blobs.get(f"operations/{operation}/{piece}.json")
            if stored is not None:
                return msgspec.json.decode(stored.body, type=Outcome)
        return None

    def at(self, operation: str) -> float:
        """When a request was written down, on the storage's clock."""
        return self._u.state.blobs[f"operations/{operation}.json"].at


LATE: Final = 8 * 3600.0
"""Seconds by which an event may be late, and a change be seen after what was asked later."""
