"""What the sandbox is told at its start: the shop, the tokens, every duration, and a switch for each unknown.

All durations are seconds, and pairs are the shortest and the longest (drawn evenly in between). Most settings can be
changed while it runs, with `POST /_control/settings`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

Span = tuple[float, float]
"""The shortest and the longest duration, in seconds."""

FIXED = frozenset({"products", "private_tokens", "oauth_tokens", "eshop_id"})
"""What cannot be changed while the sandbox runs: it has become state."""


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A private token or an add-on's OAuth token. `rights` are patterns of operations, such as `images.*`."""

    value: str
    rights: tuple[str, ...] = ("*",)


Visibility = Literal[
    "hidden",
    "visible",
    "blocked",
    "show-registered",
    "block-unregistered",
    "cash-desk-only",
    "detail-only",
]
"""What Shoptet's code list "Product visibility" has."""


class VariantSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A variant of a product; `image` is the name of an image that the product has."""

    code: str
    image: str | None = None
    ean: str | None = None


class ImageSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An image that is in the shop from the start: a plain picture of this size (pixels) and colour."""

    name: str
    gallery: str = "shop"
    priority: int | None = None
    description: str | None = None
    width: int = 64
    height: int = 48
    colour: str = "#8899aa"


class ProductSeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product of the shop. Without variants it has the one that carries its own code."""

    guid: str
    name: str
    code: str
    variants: tuple[VariantSeed, ...] = ()
    images: tuple[ImageSeed, ...] = ()
    visibility: Visibility = "visible"


class SandboxConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the sandbox can be told. The defaults are Shoptet's own limits and a shop that answers quickly."""

    eshop_id: int = 222_651
    products: tuple[ProductSeed, ...] = ()
    private_tokens: tuple[Token, ...] = (Token("sandbox-private-token"),)
    oauth_tokens: tuple[Token, ...] = (Token("sandbox-oauth-token"),)
    public_url: str | None = None
    """Base of `resultUrl`; without it, the address under which the job was ordered."""
    seed: int = 1
    """Of the durations that are drawn."""

    # Access: an add-on's token lives 30 minutes, five at a time.
    access_token_seconds: float = 1_800
    access_tokens_at_once: int = 5

    # Limits: "Rate limiting" of Shoptet's documentation.
    connections_per_token: int = 3
    connections_per_address: int = 50
    bucket_size: float = 200
    bucket_leak_per_second: float = 10
    read_cost: float = 1
    write_cost: float = 2
    call_costs: dict[str, float] = {}
    """Drops that one call of an operation costs, where it is neither `read_cost` nor `write_cost`."""
    read_seconds: Span = (0, 0)
    write_seconds: Span = (0.02, 0.06)
    lock_seconds: float = 5

    # Jobs.
    pending_seconds: Span = (0.02, 0.1)
    job_seconds: Span = (0.3, 1.0)
    jobs_at_once: int = 8
    downloads_at_once: int = 4
    download_seconds: float = 30
    """How long a download may take."""
    download_bytes: int = 100_000_000
    details_before_end: int = 10
    overdue_seconds: float = 3 * 3_600
    result_valid_seconds: float = 24 * 3_600
    record_seconds: float = 30 * 24 * 3_600
    silent_png_bytes: int = 10_000_000
    """A PNG above this is lost without a word."""

    # Catalogue.
    changes_seconds: float = 30 * 24 * 3_600
    """How far back the list of changed products goes."""

    # Webhooks.
    webhook_answer_seconds: float = 4
    webhook_attempts: int = 3
    webhook_retry_seconds: float = 900
    notification_seconds: float = 7 * 24 * 3_600

    # What is not documented: docs/shoptet.md, "Unknowns".
    result_format: Literal["names", "placed", "failed_urls", "bare", "html", "missing", "none"] = "names"
    """Rows with names; rows without; a page; a link to nothing; no link."""
    job_endpoint: Literal["full", "short"] = "full"
    job_detail: Literal["nested", "flat"] = "nested"
    """A job's detail as `data.job`, or as `data` itself."""
    foreign_jobs: int = 0
    """How many jobs of other people there are from the start."""
    list_foreign_jobs: bool = True
    listing_lag_seconds: float = 0
    """How long the gallery's listing stays as it was after a job has ended."""
    renumber: Literal["never", "insertions", "changes"] = "never"
    """A gallery is renumbered in its order after each insertion, or after whatever changes it."""
    renumber_from: int = 10
    renumber_step: int = 10
    null_numbers: bool = False
    """Priorities order the images, and are shown to nobody: null."""
    patched_numbers_kept: bool = True
    """A change of attributes may give an image another priority; else that is ignored without a word."""
    normalise_descriptions: bool = False
    """Descriptions lose white space at their ends and doubled inside; an empty one becomes null."""
    source_changes_extension: bool = False
    """A source update with another format renames `127.png` to `127.jpg`."""
    head_first: bool = False
    """A HEAD request goes before each download; what it answers does not matter."""
    webp: Literal["taken", "refused", "lost"] = "taken"
    """A WebP becomes an image, is refused, or never appears."""
    originals_encoded_again: bool = False
    """The cut `orig` is not the bytes that were sent."""
    originals_turned: bool = False
    """It is turned as its EXIF data says, and has none any more."""
    originals_of_both: bool = False
    """Those of `shop360` are where those of `shop` are; else nobody knows where."""
    shows_old_pictures: bool = False
    """A source update changes what the API says of an image, and the shop goes on to show the old picture."""
    shows_wrong_pictures: bool = False
    """An insertion's images show each other's pictures, each the one of the next."""
    changes_show_images: bool = True
    """A change of a product's images alone is a change of the product."""
    first_image_number: int = 101


def load_config(path: Path) -> SandboxConfig:
    """Read a configuration from a JSON file; raises `msgspec.ValidationError` that names the wrong field."""
    return msgspec.json.decode(path.read_bytes(), type=SandboxConfig)


def changed(config: SandboxConfig, changes: Mapping[str, object]) -> SandboxConfig:
    """The configuration with some settings changed.

    Raises:
        ValueError: for a setting that is unknown, of the wrong type, or in `FIXED`.
    """
    if fixed := sorted(FIXED & changes.keys()):
        raise ValueError(f"cannot be changed while the sandbox runs: {', '.join(fixed)}")
    return msgspec.convert({**msgspec.to_builtins(config), **changes}, type=SandboxConfig)


def default_config() -> SandboxConfig:
    """A shop of four products; the shirt has variants, and one variant's code holds a slash."""
    return SandboxConfig(products=DEFAULT_PRODUCTS)


DEFAULT_PRODUCTS = (
    ProductSeed(guid="92ca3575-7481-11e8-8216-002590dad85e", name="Kávový hrnek", code="HRNEK-01"),
    ProductSeed(guid="94fe7ffc-7481-11e8-8216-002590dad85e", name="Dřevěný stolek", code="STOLEK"),
    ProductSeed(
        guid="95b84d4b-7481-11e8-8216-002590dad85e",
        name="Modré tričko",
        code="62",
        variants=(VariantSeed("62/M"), VariantSeed("62/XL")),
    ),
    ProductSeed(guid="bffa3b98-d968-11e0-b04f-57a43310b768", name="Kožená peněženka", code="PENEZENKA-7"),
)
