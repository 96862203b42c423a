"""What the shop holds: products, their variants, and images in two galleries."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from infra.local.sandbox.pictures import Picture

GALLERIES = ("shop", "shop360")


@dataclass(frozen=True)
class Image:
    """An image in a gallery. `serial` is the order of insertion, `changed` seconds since 1970."""

    name: str
    priority: int | None
    description: str | None
    changed: float
    picture: Picture
    serial: int


@dataclass
class Variant:
    """A variant; `image` is the name of one of its product's images."""

    code: str
    image: str | None = None
    ean: str | None = None


@dataclass
class Product:
    """A product with its two galleries, each a set of images by name.

    Moments are seconds since 1970. A change of images alone is kept apart, as nobody has seen whether it counts as one
    of the product: docs/shoptet.md, "Unknowns".
    """

    guid: str
    name: str
    code: str
    variants: list[Variant]
    created: float
    visibility: str = "visible"
    edited: float = 0.0
    images_edited: float = 0.0
    galleries: dict[str, dict[str, Image]] = field(default_factory=lambda: {gallery: {} for gallery in GALLERIES})

    def __post_init__(self) -> None:
        """A creation is the first change."""
        self.edited = max(self.edited, self.created)

    def changed(self, *, with_images: bool) -> float:
        """When it was changed last; `with_images` says whether a change of images alone counts."""
        return max(self.edited, self.images_edited) if with_images else self.edited

    def referring(self, name: str) -> tuple[str, ...]:
        """The codes of the variants that show this image."""
        return tuple(variant.code for variant in self.variants if variant.image == name)

    def has_image(self, name: str) -> bool:
        """Whether a gallery of the product holds an image of this name."""
        return any(name in images for images in self.galleries.values())

    def main_image(self) -> str | None:
        """The name of the main image: the first of the `shop` gallery."""
        return next((image.name for image in in_order(self.galleries["shop"].values())), None)


def in_order(images: Iterable[Image]) -> tuple[Image, ...]:
    """Images as the shop shows them: by priority, those without one last, equal ones as they were inserted."""
    return tuple(sorted(images, key=lambda image: (image.priority is None, image.priority or 0, image.serial)))


def slug(text: str) -> str:
    """The short label in an image's SEO name: `Kávový hrnek` gives `kavovy-hrnek`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "image"


def normalised(description: str | None) -> str | None:
    """A description without white space at its ends and doubled inside; null if nothing is left."""
    return " ".join((description or "").split()) or None
