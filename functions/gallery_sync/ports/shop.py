"""Shoptet as the work needs it, as a protocol: the client implements it, and so do the tests' memories."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from gallery_sync.core.shop_values import (
    Attributes,
    Change,
    Gallery,
    Image,
    Job,
    JobDetail,
    NewImage,
    NewSource,
    Product,
    ResultRow,
    RowError,
    Updated,
)


class CatalogueShop(Protocol):
    """What reading the shop's catalogue calls; `gallery_sync.shoptet.client.Shoptet` says what each raises."""

    def order_snapshot(self) -> str:
        """Order the whole catalogue, and give its job's id."""
        ...

    def changes(self, *, since: float) -> tuple[Change, ...] | None:
        """List the products that changed since a moment (epoch seconds); None: too many."""
        ...

    def job(self, job_id: str) -> JobDetail:
        """Give one job."""
        ...

    def product(self, guid: str) -> Product:
        """Give a product with its codes and the images of its galleries."""
        ...


class OriginalsShop(Protocol):
    """What fetching the shop's pictures calls; `gallery_sync.shoptet.client.Shoptet` says what it raises."""

    def product(self, guid: str) -> Product:
        """Give a product with its codes and the images of its galleries."""
        ...

    def originals(self) -> str | None:
        """Give the address of the shop's pictures in their original resolution."""
        ...


class Shop(Protocol):
    """What the work calls at Shoptet; `gallery_sync.shoptet.client.Shoptet` says what each raises."""

    def images(self, guid: str, gallery: Gallery) -> tuple[Image, ...]:
        """List a gallery."""
        ...

    def product(self, guid: str) -> Product:
        """Give a product with its codes and the images of its galleries."""
        ...

    def insert(self, guid: str, gallery: Gallery, images: Sequence[NewImage], *, send_until: float) -> str:
        """Start an insertion, and give its job's id."""
        ...

    def update_source(self, guid: str, gallery: Gallery, images: Sequence[NewSource], *, send_until: float) -> str:
        """Start a source update, and give its job's id."""
        ...

    def update_attributes(
        self, guid: str, gallery: Gallery, images: Sequence[Attributes], *, send_until: float
    ) -> Updated:
        """Change attributes at once."""
        ...

    def delete_all(
        self, guid: str, gallery: Gallery, *, remove_reference: bool, send_until: float
    ) -> tuple[RowError, ...]:
        """Delete all images of a gallery, and give those that it left."""
        ...

    def delete(self, guid: str, gallery: Gallery, name: str, *, remove_reference: bool, send_until: float) -> None:
        """Delete one image."""
        ...

    def refer(self, guid: str, images: Mapping[str, str], *, send_until: float) -> None:
        """Let variants reference images, by the variants' codes; an empty name: none any more."""
        ...

    def jobs(self, *, created_from: float) -> tuple[Job, ...]:
        """List all jobs since a moment (epoch seconds)."""
        ...

    def job(self, job_id: str) -> JobDetail:
        """Give one job."""
        ...

    def result(self, detail: JobDetail) -> tuple[ResultRow, ...] | None:
        """Give what a job's result says, as far as it is there and understood."""
        ...

    def guid_of(self, code: str) -> str:
        """Give the guid of the product that has this code, or whose variant has it."""
        ...
