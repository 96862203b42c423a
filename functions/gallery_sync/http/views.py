"""What answers show: galleries, and what became of operations. Never a caller's URL, which may be a secret. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from gallery_sync.core import pictures, preparing
from gallery_sync.core.ledger import Entry, Ledger, needs_content, object_name
from gallery_sync.core.names import DROP_KEY, object_of, shortened
from gallery_sync.core.operation import ImageOutcome, ImageState, Kind, Operation, Outcome, Problem
from gallery_sync.core.progress import part_progress
from gallery_sync.core.shop_values import Gallery, Image
from gallery_sync.http.answers import Flaw
from gallery_sync.redact import one_line

State = Literal["waiting", "under-way", "done", "failed"]
ListedState = Literal["live", "waiting", "under-way", "failed", "deleted", "foreign"]


class _View(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    pass


class ListedImage(_View, frozen=True):
    """An image that the gallery shows: Shoptet's word, with its key and state. `foreign`: none of ours."""

    name: str
    state: ListedState
    is_main_image: bool
    priority: int | None = None
    description: str | None = None
    change_time: str | None = None
    cdn_name: str | None = None
    key: str | None = None
    reason: str | None = None
    warning: str | None = None
    same_files: Sequence[str] = ()
    file: str | None = None
    prepared: str | None = None


class OtherKey(_View, frozen=True):
    """A key whose image the gallery does not show: not yet, not any more, or never, and why."""

    key: str
    state: ListedState
    reason: str | None = None
    warning: str | None = None
    same_files: Sequence[str] = ()
    file: str | None = None
    prepared: str | None = None


class GalleryView(_View, frozen=True):
    """A gallery as it is now."""

    product: str
    gallery: Gallery
    images: Sequence[ListedImage]
    others: Sequence[OtherKey]


class ImageView(_View, frozen=True):
    """What became of one image of an operation."""

    state: ImageState
    name: str | None = None
    key: str | None = None
    job_id: str | None = None
    reason: str | None = None


class PartView(_View, frozen=True):
    """What became of an operation in one gallery."""

    product: str
    gallery: Gallery
    kind: Kind
    state: State
    images: Sequence[ImageView]
    error: Flaw | None = None


class OperationView(_View, frozen=True):
    """What became of an operation."""

    id: str
    state: State
    galleries: Sequence[PartView]


class Updated(_View, frozen=True):
    """What came of attributes that were changed at once."""

    operation: str
    images: Sequence[ImageView]


class Cleaned(_View, frozen=True, omit_defaults=False):
    """What came of a cleanup or deletion that was carried out at once."""

    operation: str
    deleted: Sequence[ImageView]
    skipped: Sequence[ImageView]


class Foreseen(_View, frozen=True):
    """What a cleanup or deletion would do."""

    dry_run: bool
    images: Sequence[ImageView]


def gallery(guid: str, place: Gallery, listing: Sequence[Image], ledger: Ledger) -> GalleryView:
    """Join what Shoptet lists with what the ledger knows."""
    owners = {e.live.name: key for key, e in ledger.entries.items() if e.live is not None and not e.live.gone}
    shown = {image.name for image in listing}
    others = [
        _other(ledger, key, entry)
        for key, entry in ledger.entries.items()
        if _own(key) is not None and not (entry.live is not None and not entry.live.gone and entry.live.name in shown)
    ]
    return GalleryView(guid, place, [_listed(ledger, image, owners.get(image.name)) for image in listing], others)


def operation(
    asked: Operation,
    accepted: int,
    outcomes: Mapping[str, Outcome],
    ledgers: Mapping[int, Ledger],
) -> OperationView:
    """Tell what became of an operation so far: `outcomes` by piece, `ledgers` by part where they matter."""
    parts = []
    for number, part in enumerate(asked.parts):
        images, problem, over = part_progress(asked, number, ledgers.get(number), outcomes, number < accepted)
        state = _part_state(images, problem, over=over)
        parts.append(PartView(part.product, part.gallery, part.kind, state, views(images), flaw(problem)))
    return OperationView(asked.id, _whole([part.state for part in parts]), parts)


def views(images: Sequence[ImageOutcome]) -> list[ImageView]:
    """Give images as answers show them."""
    return [ImageView(image.state, image.name, _own(image.key), image.job_id, _line(image.reason)) for image in images]


def flaw(problem: Problem | None) -> Flaw | None:
    """Give a refusal as answers show it."""
    return Flaw(problem.code, one_line(problem.message), None, problem.request_id) if problem is not None else None


def _listed(ledger: Ledger, image: Image, key: str | None) -> ListedImage:
    state, reason = _state(ledger, key, ledger.entries[key], shown=True) if key is not None else ("foreign", None)
    return ListedImage(
        image.name,
        state,
        image.is_main_image,
        image.priority,
        image.description,
        image.change_time,
        image.cdn_name,
        _own(key),
        reason,
        *_of_file(key, ledger.entries.get(key or "", Entry())),
    )


def _other(ledger: Ledger, key: str, entry: Entry) -> OtherKey:
    state, reason = _state(ledger, key, entry, shown=False)
    return OtherKey(key, state, reason, *_of_file(key, entry))


def _of_file(key: str | None, entry: Entry) -> tuple[str | None, Sequence[str], str | None, str | None]:
    """Give what is told of a key's file: what is wrong with it, what else is the same, its name, and what was done to it."""
    done = preparing.of_wanted(entry)
    warnings = [text for text in (entry.warning, done.warning if done is not None else None) if text]
    name = object_name(key, entry) if key is not None and key.startswith(DROP_KEY) else None
    report = done.report if done is not None else None
    return _line("; ".join(warnings) or None), sorted(map(object_of, entry.also)), name, _line(report or None)


def _state(ledger: Ledger, key: str, entry: Entry, *, shown: bool) -> tuple[ListedState, str | None]:
    if entry.failure is not None:
        return "failed", _line(entry.failure.reason)
    if ledger.flight is not None and key in ledger.flight.images and needs_content(entry):
        return "under-way", None
    if entry.same_as is not None:
        return "waiting", _line(
            f"it is the same picture as {shortened(entry.same_as)}, and takes its place when that file goes"
        )
    if needs_content(entry):
        return "waiting", _line(entry.last_reason)
    return ("live", None) if shown else ("deleted", "it was deleted in the shop, and stays away until it is given anew")


def _part_state(images: Sequence[ImageOutcome], problem: Problem | None, *, over: bool) -> State:
    if over:
        return "failed" if problem is not None or any(image.state == "failed" for image in images) else "done"
    return "under-way" if any(image.state != "waiting" for image in images) else "waiting"


def _whole(states: Sequence[State]) -> State:
    open_states = [state for state in states if state in ("waiting", "under-way")]
    if not open_states:
        return "failed" if "failed" in states else "done"
    return "waiting" if all(state == "waiting" for state in states) else "under-way"


def _own(key: str | None) -> str | None:
    """A key that callers know; an image that is not ours is known by its name alone."""
    return None if key is None or key.startswith(pictures.NAME_KEY) else key


def _line(text: str | None) -> str | None:
    return one_line(text) if text is not None else None
