"""What a body may hold, field by field; unknown fields are refused. Pure.

Fields that may be left out are UNSET then: `null` is no value of any of them.
"""

from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from gallery_sync.core.shop_values import Gallery
from gallery_sync.http import fitted
from gallery_sync.http.answers import Flaw, Rejected

T = TypeVar("T")

MOST_FLAWS: Final = 50
"""That one answer lists."""


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class NewPicture(_Strict, frozen=True, kw_only=True):
    """A picture to insert."""

    source_url: str
    key: str | UnsetType = UNSET
    priority: int | float | UnsetType = UNSET
    description: str | UnsetType = UNSET


class Replacement(_Strict, frozen=True, kw_only=True):
    """Another picture for an image that is there, by name or by key."""

    source_url: str
    name: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    priority: int | float | UnsetType = UNSET
    description: str | UnsetType = UNSET


class Change(_Strict, frozen=True, kw_only=True):
    """Other attributes for an image, by name or by key."""

    name: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    priority: int | float | UnsetType = UNSET
    description: str | UnsetType = UNSET


class Pictures(_Strict, frozen=True, kw_only=True):
    """The body of an insertion."""

    images: list[NewPicture]


class Replacements(_Strict, frozen=True, kw_only=True):
    """The body of a source update."""

    images: list[Replacement]


class Changes(_Strict, frozen=True, kw_only=True):
    """The body of a change of attributes."""

    images: list[Change]


class Cleanup(_Strict, frozen=True, kw_only=True):
    """A gallery to clean, or one image of it."""

    product: str
    gallery: Gallery
    image_name: str | UnsetType = UNSET


class Cleanups(_Strict, frozen=True, kw_only=True):
    """The body of many cleanups."""

    galleries: list[Cleanup]
    remove_reference: bool
    dry_run: bool = False
    purge: bool = False
    keep: bool = True


class GalleryPictures(Pictures, frozen=True, kw_only=True):
    """The data of `images.insert`."""

    product: str
    gallery: Gallery


class GalleryReplacements(Replacements, frozen=True, kw_only=True):
    """The data of `images.source`."""

    product: str
    gallery: Gallery


class GalleryChanges(Changes, frozen=True, kw_only=True):
    """The data of `images.update`."""

    product: str
    gallery: Gallery


class OneGallery(_Strict, frozen=True, kw_only=True):
    """The data of `gallery.sync`."""

    product: str
    gallery: Gallery


class CleanGallery(OneGallery, frozen=True, kw_only=True):
    """The data of `gallery.clean`."""

    remove_reference: bool = False
    dry_run: bool = False
    purge: bool = False
    keep: bool = True


class DeleteImage(OneGallery, frozen=True, kw_only=True):
    """The data of `image.delete`."""

    name: str
    remove_reference: bool = False
    dry_run: bool = False
    keep: bool = True


class Event(_Strict, frozen=True, kw_only=True):
    """A signed event. Its data is read once its type is known."""

    type: str
    timestamp: str
    data: msgspec.Raw


def decode(body: bytes, of: type[T], check: Callable[[T], Iterable[Flaw]]) -> T:
    """Read a body. Rejected (400) with all that is wrong with it: fields, types, and what `check` finds in what can be read."""
    flaws: list[Flaw] = []
    try:
        value = msgspec.json.decode(body, type=of)
    except msgspec.ValidationError:
        value, flaws = fitted.fit(_anything(body), of)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(400, Flaw("not-json", f"the body is not JSON: {error}")) from None
    found = tuple(islice(chain(flaws, fitted.beside(flaws, check(value))), MOST_FLAWS))
    if found:
        raise Rejected(400, *found)
    return value


def _anything(body: bytes) -> Any:
    """Read a body that is JSON, but not what it should be. Rejected (400) where it cannot be read at all."""
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise Rejected(
            400, Flaw("wrong-type", "the body must be an object, not lists or objects within each other")
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Rejected(400, Flaw("not-json", f"the body is not JSON: {error}")) from None
