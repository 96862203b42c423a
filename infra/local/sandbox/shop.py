"""The shop's state, and when it changed. In memory, without clock, network or threads."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from infra.local.sandbox.pictures import Picture
from infra.local.sandbox.products import Image, Product, Variant, in_order

PRIORITY_STEP = 10


class Unknown(Exception):
    """There is no such product, gallery or image; `what` says which of them, `instance` what was asked for."""

    def __init__(self, what: str, instance: str) -> None:
        super().__init__(f'{what.capitalize()} "{instance}" not found.')
        self.what = what
        self.instance = instance


class Referenced(Exception):
    """An image cannot go: variants show it."""


class Shop:
    """All products. Every method raises `Unknown` for a product, gallery or image that is not there."""

    def __init__(self, first_image_number: int) -> None:
        self.products: dict[str, Product] = {}
        self.removed: dict[str, float] = {}
        """When products were deleted that have not come back, in seconds since 1970."""
        self._numbers = count(first_image_number)
        self._serials = count(1)
        self._held: dict[tuple[str, str], tuple[float, tuple[Image, ...]]] = {}

    def put_product(
        self, guid: str, name: str, code: str, variants: Iterable[Variant], now: float, *, visibility: str = "visible"
    ) -> Product:
        """Add a product, or give an existing one these properties; its images stay."""
        wanted = Product(guid, name, code.upper(), list(variants) or [Variant(code.upper())], now, visibility)
        self.removed.pop(guid, None)
        product = self.products.setdefault(guid, wanted)
        if _properties(product) != _properties(wanted):
            product.name, product.code, product.variants = wanted.name, wanted.code, wanted.variants
            product.visibility, product.edited = visibility, now
        return product

    def put_variant(self, guid: str, code: str, now: float) -> Variant:
        """The product's variant of this code, in upper case; a new one if it has none."""
        product = self.product(guid)
        found = next((known for known in product.variants if known.code == code.upper()), None)
        if found is None:
            found = Variant(code.upper())
            product.variants.append(found)
            product.edited = now
        return found

    def show_by_variant(self, guid: str, code: str, image: str | None, now: float) -> None:
        """Let the product's variant of this code show an image of the product, or none."""
        variant = self.put_variant(guid, code, now)
        if variant.image != image:
            variant.image, self.product(guid).edited = image, now

    def remove_product(self, guid: str, now: float) -> None:
        """Remove a product with all its images."""
        self.product(guid)
        del self.products[guid]
        self.removed[guid] = now

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
        self.product(guid).images_edited = now
        return image

    def renumber(self, guid: str, gallery: str, now: float, first: int, step: int) -> None:
        """Give the images of a gallery new priorities in their present order: from `first`, a `step` apart."""
        images = self._gallery(guid, gallery)
        for place, image in enumerate(in_order(images.values())):
            images[image.name] = replace(image, priority=first + place * step)
        self.product(guid).images_edited = now

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
        product = self.product(guid)
        product.images_edited = now
        _refer(product, name, changed.name, now)
        return changed

    def delete(self, guid: str, gallery: str, name: str, now: float, *, remove_reference: bool) -> None:
        """Remove an image, with the references of variants to it if that is wanted.

        Raises:
            Referenced: if variants show it, and their references are to stay.
        """
        self.image(guid, gallery, name)
        product = self.product(guid)
        if product.referring(name) and not remove_reference:
            raise Referenced(name)
        _refer(product, name, None, now)
        product.images_edited = now
        del product.galleries[gallery][name]

    def clear(self, guid: str, gallery: str, now: float, *, remove_reference: bool) -> tuple[str, ...]:
        """Remove all images of a gallery; returns the names that were skipped because variants show them."""
        skipped = []
        for image in self.images(guid, gallery):
            try:
                self.delete(guid, gallery, image.name, now, remove_reference=remove_reference)
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


def _properties(product: Product) -> tuple[object, ...]:
    return product.name, product.code, product.variants, product.visibility


def _refer(product: Product, old: str, new: str | None, now: float) -> None:
    """Let the variants that show one image show another, or none. A variant's image is a property of the product."""
    for variant in product.variants:
        if variant.image == old != new:
            variant.image, product.edited = new, now
