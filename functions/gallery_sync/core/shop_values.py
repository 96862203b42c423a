"""The values that go to Shoptet and come back: frozen, validated when decoded, named as Shoptet names them.

Source: Shoptet's official OpenAPI description, "Product images", "Jobs" and "Webhooks". Fields that this project does
not use are not declared, and unknown fields are ignored: Shoptet adds fields without notice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

Gallery = Literal["shop", "shop360"]
"""`shop` is the normal gallery, `shop360` the one of 360° photos."""

GALLERIES: tuple[Gallery, ...] = ("shop", "shop360")

MAX_IMAGES_PER_CALL = 100
"""Insertion and attributes refuse more; source update states no maximum, and gets the same."""

MAX_PRIORITY = 65_535
"""Of insertion and attributes. (Source update alone would take 99999.)"""

MAX_SOURCE_URL = 2_000
"""Characters of a `sourceUrl`."""


class Image(msgspec.Struct, frozen=True, rename="camel"):
    """An image as the gallery lists it. `name` is its identifier; Shoptet chose it."""

    name: str
    priority: int | None = None
    description: str | None = None
    change_time: str | None = None
    cdn_name: str | None = None
    is_main_image: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it is now: the codes that mean it (its own and its variants'), and the images of each gallery.

    `has_variants` and `visibility` (as `hidden`) are None where Shoptet did not tell.
    """

    guid: str
    name: str | None
    codes: frozenset[str]
    images: Mapping[Gallery, tuple[Image, ...]]
    has_variants: bool | None = None
    visibility: str | None = None
    shows: Mapping[str, str] = field(default_factory=dict)
    """The image that each variant references, by the variant's code; empty for none."""


class NewImage(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An image to insert. Shoptet downloads `source_url` (1-2000 characters) later, on its own."""

    source_url: str
    priority: int | None = None
    description: str | None = None


class NewSource(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """New content for the image `name`. Attributes that are left out stay as they are."""

    name: str
    source_url: str
    priority: int | None = None
    description: str | None = None


class Attributes(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """New attributes for the image `name`. What is left out stays as it is."""

    name: str
    priority: int | None = None
    description: str | None = None


class RowError(msgspec.Struct, frozen=True, rename="camel"):
    """One row of an answer's `errors`: what Shoptet skipped or refused, and why. `instance` is often the image's name."""

    error_code: str
    message: str
    instance: str = ""


class Updated(msgspec.Struct, frozen=True):
    """What came of an attributes call: the images as they are now, and the rows that Shoptet skipped."""

    images: tuple[Image, ...]
    skipped: tuple[RowError, ...]


class Job(msgspec.Struct, frozen=True, rename="camel"):
    """A job as the list of jobs shows it. Times are Shoptet's, like `2018-05-29T09:02:27+0200`."""

    job_id: str
    endpoint: str
    status: str
    creation_time: str | None = None
    completion_time: str | None = None
    valid_until: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it: every status but `pending` and `running`."""
        return self.status not in ("pending", "running")


class JobDetail(Job, frozen=True, rename="camel"):
    """A job as its detail shows it: with where its result can be downloaded until `valid_until`."""

    duration: str | None = None
    result_url: str | None = None
    log: str | None = None


class ResultRow(msgspec.Struct, frozen=True):
    """What a job's result says of one image, as far as it could be understood; its format is not documented.

    `index` is the row's place in the request, counted from 0, where the result tells it; `name` the image's name;
    `source_url` the URL that was sent; `error` Shoptet's words where that image failed. `apart`: it stands among the result's
    errors, apart from the rows of the images, so its place says nothing.
    """

    index: int | None = None
    name: str | None = None
    source_url: str | None = None
    priority: int | None = None
    error: str | None = None
    apart: bool = False


class Change(msgspec.Struct, frozen=True, rename="camel"):
    """A product that was changed or deleted: its last change alone. Shoptet calls a creation `edit`, too."""

    guid: str
    change_type: str
    change_time: str | None = None


class Webhook(msgspec.Struct, frozen=True, rename="camel"):
    """A registered webhook. One URL an event."""

    id: int
    event: str
    url: str
