"""The parts of an operation: what each route asks for, and each type of event. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec import UNSET

from gallery_sync.core.operation import AskedImage, Kind, Part
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.http import bodies, checks
from gallery_sync.http.answers import Flaw, Rejected

Parts = tuple[Part, ...]
replace = msgspec.structs.replace


def gallery(text: str) -> Gallery:
    """Read a gallery's name in a path. Rejected (404)."""
    found = next((one for one in GALLERIES if one == text), None)
    if found is None:
        raise Rejected(404, Flaw("no-such-gallery", f"a product's galleries are {' and '.join(GALLERIES)}", "gallery"))
    return found


def insert(body: bytes, product: str, place: Gallery) -> Parts:
    """Read an insertion. Rejected (400), as all here."""
    return _part("insert", product, place, checks.pictures(bodies.decode(body, bodies.Pictures).images))


def source(body: bytes, product: str, place: Gallery) -> Parts:
    """Read a source update."""
    return _part("source", product, place, checks.replacements(bodies.decode(body, bodies.Replacements).images))


def attributes(body: bytes, product: str, place: Gallery) -> Parts:
    """Read a change of attributes."""
    return _part("attributes", product, place, checks.changes(bodies.decode(body, bodies.Changes).images))


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
        ),
    )


def cleanups(body: bytes) -> Parts:
    """Read many cleanups: a part each."""
    asked = bodies.decode(body, bodies.Cleanups)
    checks.cleanups(asked.galleries)
    switches = {"removeReference": asked.remove_reference, "dryRun": asked.dry_run, "purge": asked.purge}
    return tuple(
        part
        for row in asked.galleries
        for part in clean(row.product, row.gallery, None if row.image_name is UNSET else row.image_name, switches)
    )


def event(body: bytes) -> tuple[str, Parts]:
    """Read a signed event: its type, and what it asks for. Rejected (400)."""
    one = bodies.decode(body, bodies.Event)
    read = _EVENTS.get(one.type)
    if read is None:
        known = ", ".join(_EVENTS)
        raise Rejected(400, Flaw("unknown-type", f"there is no such type of event; there are: {known}", "type"))
    try:
        return one.type, read(bytes(one.data))
    except Rejected as rejected:
        raise Rejected(rejected.status, *(_of_data(flaw) for flaw in rejected.flaws)) from None


def _of_data(flaw: Flaw) -> Flaw:
    return replace(flaw, path=f"data.{flaw.path}" if flaw.path else "data")


def _insert(data: bytes) -> Parts:
    asked = bodies.decode(data, bodies.GalleryPictures)
    return _part("insert", asked.product, asked.gallery, checks.pictures(asked.images))


def _source(data: bytes) -> Parts:
    asked = bodies.decode(data, bodies.GalleryReplacements)
    return _part("source", asked.product, asked.gallery, checks.replacements(asked.images))


def _update(data: bytes) -> Parts:
    asked = bodies.decode(data, bodies.GalleryChanges)
    return _part("attributes", asked.product, asked.gallery, checks.changes(asked.images))


def _delete(data: bytes) -> Parts:
    asked = bodies.decode(data, bodies.DeleteImage)
    switches = {"removeReference": asked.remove_reference, "dryRun": asked.dry_run}
    return clean(asked.product, asked.gallery, asked.name, switches)


def _clean(data: bytes) -> Parts:
    asked = bodies.decode(data, bodies.CleanGallery)
    switches = {"removeReference": asked.remove_reference, "dryRun": asked.dry_run, "purge": asked.purge}
    return clean(asked.product, asked.gallery, None, switches)


def _sync(data: bytes) -> Parts:
    asked = bodies.decode(data, bodies.OneGallery)
    return sync(asked.product, asked.gallery)


_EVENTS: Final[Mapping[str, Callable[[bytes], Parts]]] = {
    "images.insert": _insert,
    "images.source": _source,
    "images.update": _update,
    "image.delete": _delete,
    "gallery.clean": _clean,
    "galleries.clean": cleanups,
    "gallery.sync": _sync,
}


def _part(kind: Kind, product: str, place: Gallery, images: tuple[AskedImage, ...] = ()) -> Parts:
    checks.product(product)
    return (Part(kind, product, place, images),)
