"""What became of a caller's request so far: from the outcomes that were written down and the ledgers. Pure."""

from collections.abc import Mapping
from typing import Final

from gallery_sync.core.ledger import Entry, Ledger, needs_content
from gallery_sync.core.operation import ImageOutcome, Operation, Outcome, Part, Problem, picture_id, pieces

_OPEN: Final = frozenset({"waiting", "under-way"})


def part_progress(
    operation: Operation, number: int, ledger: Ledger | None, outcomes: Mapping[str, Outcome], accepted: bool
) -> tuple[tuple[ImageOutcome, ...], Problem | None, bool]:
    """Give a part's images as they are now, why it was refused if it was, and whether it is over.

    `outcomes` are those of the part's pieces, by name; `accepted` says that the part stands in the ledger (or did, until
    something later took its place). Before that it is waiting.
    """
    part = operation.parts[number]
    refusal = outcomes.get(str(number))
    if refusal is not None and refusal.problem is not None:
        return refusal.images, refusal.problem, True
    if part.kind in ("insert", "source"):
        images = _pictures(operation, number, part, ledger, refusal, accepted)
        return images, None, all(image.state not in _OPEN for image in images)
    if part.kind == "sync":
        return (), None, accepted
    names = pieces(number, part)
    done = [outcomes[name] for name in names if name in outcomes]
    problem = next((one.problem for one in done if one.problem is not None), None)
    return tuple(image for one in done for image in one.images), problem, len(done) == len(names)


def _pictures(
    operation: Operation, number: int, part: Part, ledger: Ledger | None, refusal: Outcome | None, accepted: bool
) -> tuple[ImageOutcome, ...]:
    refused = {(image.key, image.name): image for image in refusal.images} if refusal is not None else {}
    by_picture = _by_picture(ledger) if ledger is not None else {}
    images = []
    for place, image in enumerate(part.images):
        found = by_picture.get(f"op:{picture_id(operation.id, number, place)}")
        if (image.key, image.name) in refused:
            images.append(refused[image.key, image.name])
        elif found is not None and ledger is not None:
            images.append(_picture(ledger, *found, f"op:{picture_id(operation.id, number, place)}"))
        elif ledger is None or not accepted:
            images.append(ImageOutcome("waiting", image.name, image.key))
        else:
            reason = "a later request, drop or cleanup took its place"
            images.append(ImageOutcome("superseded", image.name, image.key, reason=reason))
    return tuple(images)


def _picture(ledger: Ledger, key: str, entry: Entry, checksum: str) -> ImageOutcome:
    """Tell how far one picture is: by the id that its content carries."""
    name = entry.live.name if entry.live is not None else None
    if entry.live is not None and entry.live.gone and not needs_content(entry):
        return ImageOutcome("superseded", name, key, reason="the image was deleted afterwards")
    if entry.live is not None and entry.live.checksum == checksum:
        return ImageOutcome("live", name, key)
    if entry.failure is not None:
        return ImageOutcome("failed", name, key, reason=entry.failure.reason)
    flight = ledger.flight
    if flight is not None and key in flight.images and flight.images[key].checksum == checksum:
        return ImageOutcome("under-way", name, key, job_id=flight.job_id)
    return ImageOutcome("waiting", name, key, reason=entry.last_reason)


def _by_picture(ledger: Ledger) -> dict[str, tuple[str, Entry]]:
    found: dict[str, tuple[str, Entry]] = {}
    for key, entry in ledger.entries.items():
        if entry.live is not None:
            found[entry.live.checksum] = (key, entry)
        if entry.wanted is not None:
            found[entry.wanted.content.checksum] = (key, entry)
    return found
