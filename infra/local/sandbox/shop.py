"""The shop's state: products, their variants and galleries. In memory, without clock, network or threads."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from infra.local.sandbox.pictures import Picture

GALLERIES = ("shop", "shop360")
PRIORITY_STEP = 10


class Unknown(Exception):
    """There is no such product, gallery or image; `what` says which of them, `instance` what was asked for."""

    def __init__(self, what: str, instance: str) -> None:
        super().__init__(f'{what.capitalize()} "{instance}" not found.')
        self.what = what
        self.instance = instance


class Referenced(Exception):
    """An image cannot go: variants show it."""


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


@dataclass
class Product:
    """A product with its two galleries, each a set of images by name."""

    guid: str
    name: str
    code: str
    variants: list[Variant]
    created: float
    galleries: dict[str, dict[str, Image]] = field(default_factory=lambda: {gallery: {} for gallery in GALLERIES})

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


class Shop:
    """All products. Every method raises `Unknown` for a product, gallery or image that is not there."""

    def __init__(self, first_image_number: int) -> None:
        self.products: dict[str, Product] = {}
        self._numbers = count(first_image_number)
        self._serials = count(1)
        self._held: dict[tuple[str, str], tuple[float, tuple[Image, ...]]] = {}

    def put_product(self, guid: str, name: str, code: str, variants: Iterable[Variant], now: float) -> Product:
        """Add a product, or give an existing one this name and these codes; its images stay."""
        found = list(variants) or [Variant(code.upper())]
        product = self.products.get(guid)
        if product is None:
            product = self.products[guid] = Product(guid, name, code.upper(), found, now)
        product.name, product.code, product.variants = name, code.upper(), found
        return product

    def remove_product(self, guid: str) -> None:
        """Remove a product with all its images."""
        self.product(guid)
        del self.products[guid]

    def product(self, guid: str) -> Product:
        """The product with this guid."""
        if guid not in self.products:
            raise Unknown("product", guid)
        return self.products[guid]

    def by_code(self, code: str) -> Product:
        """The product that has this code, or a variant with it. Codes are upper case."""
        wanted = code.upper()
        for product in self.products.values():
            if wanted == product.code or any(wanted == variant.code for variant in product.variants):
                return product
        raise Unknown("product", code)

    def images(self, guid: str, gallery: str) -> tuple[Image, ...]:
        """The images of a gallery, in order."""
        return in_order(self._gallery(guid, gallery).values())

    def image(self, guid: str, gallery: str, name: str) -> Image:
        """One image of a gallery."""
        images = self._gallery(guid, gallery)
        if name not in images:
            raise Unknown("image", name)
        return images[name]

    def listing(self, guid: str, gallery: str, now: float) -> tuple[Image, ...]:
        """The images as the API lists them: as they are, or as they were while the listing is held."""
        until, held = self._held.get((guid, gallery), (0.0, ()))
        current = self.images(guid, gallery)
        return held if now < until else current

    def hold_listing(self, guid: str, gallery: str, now: float, seconds: float) -> None:
        """Let the API go on for so long to list what it lists now."""
        self._held[guid, gallery] = (now + seconds, self.listing(guid, gallery, now))

    def new_name(self, extension: str) -> str:
        """The next free name: the shop counts its images, `127.png`."""
        return next(
            name for name in self._names(extension) if not any(p.has_image(name) for p in self.products.values())
        )

    def insert(
        self,
        guid: str,
        gallery: str,
        picture: Picture,
        now: float,
        *,
        name: str | None = None,
        priority: int | None = None,
        description: str | None = None,
    ) -> Image:
        """Add an image. Without a priority it goes to the end, without a name the shop chooses one."""
        images = self._gallery(guid, gallery)
        last = max((image.priority or 0 for image in images.values()), default=0)
        image = Image(
            name=name or self.new_name(picture.extension),
            priority=last + PRIORITY_STEP if priority is None else priority,
            description=description,
            changed=now,
            picture=picture,
            serial=next(self._serials),
        )
        images[image.name] = image
        return image

    def renumber(self, guid: str, gallery: str) -> None:
        """Give the images of a gallery the priorities 10, 20, 30, ... in their present order."""
        images = self._gallery(guid, gallery)
        for place, image in enumerate(in_order(images.values()), start=1):
            images[image.name] = replace(image, priority=place * PRIORITY_STEP)

    def change(
        self,
        guid: str,
        gallery: str,
        name: str,
        now: float,
        *,
        priority: int | None = None,
        description: str | None = None,
        picture: Picture | None = None,
        new_name: str | None = None,
    ) -> Image:
        """Change an image; what is None stays. A new name is followed by the variants that show it."""
        image = self.image(guid, gallery, name)
        changed = replace(
            image,
            name=new_name or image.name,
            priority=image.priority if priority is None else priority,
            description=image.description if description is None else description,
            picture=picture or image.picture,
            changed=now,
        )
        images = self._gallery(guid, gallery)
        del images[name]
        images[changed.name] = changed
        for variant in self.product(guid).variants:
            if variant.image == name:
                variant.image = changed.name
        return changed

    def delete(self, guid: str, gallery: str, name: str, *, remove_reference: bool) -> None:
        """Remove an image, with the references of variants to it if that is wanted.

        Raises:
            Referenced: if variants show it, and their references are to stay.
        """
        self.image(guid, gallery, name)
        product = self.product(guid)
        if product.referring(name) and not remove_reference:
            raise Referenced(name)
        for variant in product.variants:
            if variant.image == name:
                variant.image = None
        del product.galleries[gallery][name]

    def clear(self, guid: str, gallery: str, *, remove_reference: bool) -> tuple[str, ...]:
        """Remove all images of a gallery; returns the names that were skipped because variants show them."""
        skipped = []
        for image in self.images(guid, gallery):
            try:
                self.delete(guid, gallery, image.name, remove_reference=remove_reference)
            except Referenced:
                skipped.append(image.name)
        return tuple(skipped)

    def _gallery(self, guid: str, gallery: str) -> dict[str, Image]:
        galleries = self.product(guid).galleries
        if gallery not in galleries:
            raise Unknown("gallery", gallery)
        return galleries[gallery]

    def _names(self, extension: str) -> Iterator[str]:
        return (f"{number}.{extension}" for number in self._numbers)
