"""The parts of an operation: what each route asks for, and each type of event. Pure."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET

from gallery_sync.core.kept import Kept
from gallery_sync.core.operation import AskedImage, Kind, Operation, Part
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.http import bodies, checks
from gallery_sync.http.answers import Flaw, Rejected

Parts = tuple[Part, ...]
Body = TypeVar("Body")
_WITH_PRODUCT = (bodies.GalleryPictures, bodies.GalleryReplacements, bodies.GalleryChanges)
replace = msgspec.structs.replace


def gallery(text: str) -> Gallery:
    """Read a gallery's name in a path. Rejected (404)."""
    found = next((one for one in GALLERIES if one == text), None)
    if found is None:
        raise Rejected(404, Flaw("no-such-gallery", f"a product's galleries are {' and '.join(GALLERIES)}", "gallery"))
    return found


def insert(body: bytes, product: str, place: Gallery, *, private: bool = False) -> Parts:
    """Read an insertion, with `private` also from private addresses. Rejected (400), as all here."""
    asked = _read(body, bodies.Pictures, partial(checks.of_pictures, private=private))
    return _part("insert", product, place, checks.pictures(asked.images))


def source(body: bytes, product: str, place: Gallery, *, private: bool = False) -> Parts:
    """Read a source update."""
    asked = _read(body, bodies.Replacements, partial(checks.of_replacements, private=private))
    return _part("source", product, place, checks.replacements(asked.images))


def attributes(body: bytes, product: str, place: Gallery) -> Parts:
    """Read a change of attributes."""
    return _part("attributes", product, place, checks.changes(_read(body, bodies.Changes, checks.of_changes).images))


def sync(product: str, place: Gallery) -> Parts:
    """Ask for a gallery to be reconciled."""
    return _part("sync", product, place)


def clean(product: str, place: Gallery, name: str | None, switches: Mapping[str, bool]) -> Parts:
    """Give a cleanup of a gallery, or with a name the deletion of that image."""
    checks.product(product)
    if name is not None:
        checks.image_name(name)
    return (
        Part(
            "clean" if name is None else "delete",
            product,
            place,
            name=name,
            remove_reference=switches["removeReference"],
            purge=switches.get("purge", False),
            dry_run=switches["dryRun"],
            unkept=not switches["keep"],
        ),
    )


def restore(kept: Sequence[Kept]) -> Parts:
    """Ask for everything back that was kept, a part for each gallery."""
    return tuple(Part("restore", one.guid, one.gallery, name=f"{one.operation}/{one.piece}") for one in kept)


def restoration(kept: Sequence[Kept], by: str, operation_id: str) -> Operation:
    """Give the operation, under a new id, by which a person, and no caller, asks for everything back."""
    asked = restore(kept)
    return Operation(operation_id, by, hashlib.sha256(msgspec.json.encode(asked)).hexdigest(), asked)


def cleanups(body: bytes) -> Parts:
    """Read many cleanups: a part each."""
    asked = bodies.decode(body, bodies.Cleanups, lambda one: checks.of_cleanups(one.galleries))
    checks.cleanups(asked.galleries)
    switches = {
        "removeReference": asked.remove_reference,
        "dryRun": asked.dry_run,
        "purge": asked.purge,
        "keep": asked.keep,
    }
    return tuple(
        part
        for row in asked.galleries
        for part in clean(row.product, row.gallery, None if row.image_name is UNSET else row.image_name, switches)
    )


def event(body: bytes, *, private: bool = False) -> tuple[str, Parts]:
    """Read a signed event: its type, and what it asks for, with `private` also from private addresses. Rejected (400)."""
    one = bodies.decode(body, bodies.Event, partial(_of_event, private=private))
    return one.type, _EVENTS[one.type](bytes(one.data), private)


def _of_event(one: bodies.Event, *, private: bool) -> Iterator[Flaw]:
    """Check an event with its data."""
    read = _EVENTS.get(one.type)
    if read is None:
        yield Flaw("unknown-type", f"there is no such type of event; there are: {', '.join(_EVENTS)}", "type")
        return
    try:
        read(bytes(one.data), private)
    except Rejected as rejected:
        if rejected.status != 400:
            raise Rejected(rejected.status, *(_of_data(flaw) for flaw in rejected.flaws)) from None
        yield from (_of_data(flaw) for flaw in rejected.flaws)


def _of_data(flaw: Flaw) -> Flaw:
    return replace(flaw, path=f"data.{flaw.path}" if flaw.path else "data")


def _insert(data: bytes, private: bool) -> Parts:
    asked = _read(data, bodies.GalleryPictures, partial(checks.of_pictures, private=private))
    return _part("insert", asked.product, asked.gallery, checks.pictures(asked.images))


def _source(data: bytes, private: bool) -> Parts:
    asked = _read(data, bodies.GalleryReplacements, partial(checks.of_replacements, private=private))
    return _part("source", asked.product, asked.gallery, checks.replacements(asked.images))


def _update(data: bytes, _private: bool) -> Parts:
    asked = _read(data, bodies.GalleryChanges, checks.of_changes)
    return _part("attributes", asked.product, asked.gallery, checks.changes(asked.images))


def _delete(data: bytes, _private: bool) -> Parts:
    asked = bodies.decode(
        data, bodies.DeleteImage, lambda one: (*checks.of_product(one.product), *checks.of_name(one.name))
    )
    switches = {"removeReference": asked.remove_reference, "dryRun": asked.dry_run, "keep": asked.keep}
    return clean(asked.product, asked.gallery, asked.name, switches)


def _clean(data: bytes, _private: bool) -> Parts:
    asked = bodies.decode(data, bodies.CleanGallery, lambda one: checks.of_product(one.product))
    switches = {
        "removeReference": asked.remove_reference,
        "dryRun": asked.dry_run,
        "purge": asked.purge,
        "keep": asked.keep,
    }
    return clean(asked.product, asked.gallery, None, switches)


def _sync(data: bytes, _private: bool) -> Parts:
    asked = bodies.decode(data, bodies.OneGallery, lambda one: checks.of_product(one.product))
    return sync(asked.product, asked.gallery)


_EVENTS: Final[Mapping[str, Callable[[bytes, bool], Parts]]] = {
    "images.insert": _insert,
    "images.source": _source,
    "images.update": _update,
    "image.delete": _delete,
    "gallery.clean": _clean,
    "galleries.clean": lambda data, _private: cleanups(data),
    "gallery.sync": _sync,
}


def _read(body: bytes, of: type[Body], check: Callable[[Any], Iterator[Flaw]]) -> Body:
    """Read a body with images, and with a product where it names one."""

    def flaws(one: Any) -> Iterator[Flaw]:
        if isinstance(one, _WITH_PRODUCT):
            yield from checks.of_product(one.product)
        yield from check(one.images)

    return bodies.decode(body, of, flaws)


def _part(kind: Kind, product: str, place: Gallery, images: tuple[AskedImage, ...] = ()) -> Parts:
    checks.product(product)
    return (Part(kind, product, place, images),)
