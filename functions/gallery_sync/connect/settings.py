"""What the environment says, per function: read once at the start, complete or refused with one line that names the setting.

The names of settings are those of the fields, in upper case: the same locally, in tests and in Terraform. Each function
demands only what it uses; `FUNCTIONS` is the list that a deployment can be checked against.
"""

import math
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Final, Self, Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from gallery_sync.core.descriptions import template_flaw
from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, SLASHES, BadPattern, Placing, read_patterns
from gallery_sync.core.recipe import Recipe
from gallery_sync.core.schedule import Timing
from gallery_sync.core.shop_facts import Verify
from gallery_sync.http import access
from gallery_sync.shoptet.addresses import secure_base

Keys = tuple[str, ...]

MAX_WINDOW: Final = 600.0
"""Seconds, as in Terraform. A task that is due beyond what a date can be would fail each event, not the start."""


class BadSetting(Exception):
    """A setting is missing or malformed. The message is one line, and never holds a secret's value."""


def _secret(*, default: Any = MISSING) -> Any:
    """Declare a setting whose value is never shown, not even when the settings are printed."""
    return field(default=default, repr=False, metadata={"secret": True})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings that every function has.

    `time_scale` makes the local cloud's waits shorter (0.1: a tenth); it stays 1 in a deployment.
    """

    sync_window_seconds: float = 5.0
    time_scale: float = 1.0

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read from the environment. Raises BadSetting for all settings that are missing, or the first that is malformed."""
        values: dict[str, Any] = {}
        missing = []
        hints = get_type_hints(cls)
        for f in fields(cls):
            name = f.name.upper()
            text = environ.get(name, "").strip()
            if text:
                values[f.name] = _parse(name, text, hints[f.name], secret="secret" in f.metadata)
            elif f.default is MISSING:
                missing.append(name)
        if len(missing) == 1:
            raise BadSetting(f"the setting {missing[0]} is missing: set the environment variable {missing[0]}")
        if missing:
            names = f"{', '.join(missing[:-1])} and {missing[-1]}"
            raise BadSetting(f"the settings {names} are missing: set the environment variables of these names")
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse what no field's type refuses. Raises BadSetting."""
        for f in fields(self):
            value, name = getattr(self, f.name), f.name.upper()
            if value is not None and name.endswith("_URL"):
                _check_url(name, value)
            if name.endswith("_QUEUE"):
                _check_queue(name, value)
            if value is not None and "secret" in f.metadata:
                _check_secret(name, value)
            if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
                raise BadSetting(f"the setting {name} is {value}: it must be more than 0")
        if self.sync_window_seconds > MAX_WINDOW:
            raise BadSetting(
                f"the setting SYNC_WINDOW_SECONDS is {self.sync_window_seconds:g}: it must be at most {MAX_WINDOW:g}"
            )

    @property
    def timing(self) -> Timing:
        """The durations that these settings choose."""
        return replace(Timing().scaled(self.time_scale), window=self.sync_window_seconds)


@dataclass(frozen=True, kw_only=True)
class QueueSettings(Settings):
    """Of whoever enqueues. `tasks_service_account` signs the tasks' OIDC tokens; unset where nobody checks them."""

    tasks_service_account: str | None = None
    cloud_tasks_emulator_host: str | None = None

    def check(self) -> None:
        """See Settings.check. Shorter waits than the platform's own timeouts would let an image be sent twice."""
        super().check()
        if self.time_scale != 1 and self.cloud_tasks_emulator_host is None:
            raise BadSetting(f"the setting TIME_SCALE is {self.time_scale}: it must be 1 outside the local cloud")


@dataclass(frozen=True, kw_only=True)
class SyncQueueSettings(QueueSettings):
    """Of whoever enqueues reconciles."""

    sync_queue: str
    sync_url: str


@dataclass(frozen=True, kw_only=True)
class PollQueueSettings(QueueSettings):
    """Of whoever enqueues polls."""

    poll_queue: str
    poll_url: str


@dataclass(frozen=True, kw_only=True)
class CatalogueQueueSettings(QueueSettings):
    """Of whoever enqueues readings of the catalogue."""

    catalogue_queue: str
    catalogue_url: str


@dataclass(frozen=True, kw_only=True)
class FetchQueueSettings(QueueSettings):
    """Of whoever enqueues what fetches pictures from the shop."""

    fetch_queue: str
    fetch_url: str


@dataclass(frozen=True, kw_only=True)
class PrepareQueueSettings(QueueSettings):
    """Of whoever enqueues what prepares pictures."""

    prepare_queue: str
    prepare_url: str


@dataclass(frozen=True, kw_only=True)
class PlaceQueueSettings(QueueSettings):
    """Of whoever enqueues what places names."""

    place_queue: str
    place_url: str


@dataclass(frozen=True, kw_only=True)
class NameSettings(Settings):
    """Of whoever reads names. `name_patterns`: how files in no product's folder are named, with `;` between, or `off`.

    `slash_signs`: what may stand for a `/` of a code there.
    """

    name_patterns: str = DEFAULT_PATTERNS
    slash_signs: str = SLASHES

    def check(self) -> None:
        """See Settings.check."""
        super().check()
        try:
            read_patterns(self.name_patterns)
        except BadPattern as error:
            raise BadSetting(f"the setting NAME_PATTERNS is malformed: {error}") from None
        wrong = [sign for sign in self.slash_signs if sign.isalnum() or sign.isspace() or sign in "/%;{}"]
        if wrong or len(self.slash_signs) > 8:
            raise BadSetting(
                f"the setting SLASH_SIGNS is {self.slash_signs!a}: write signs such as -_ without spaces between"
            )

    @property
    def placing(self) -> Placing:
        """What these settings choose."""
        return Placing(read_patterns(self.name_patterns), self.slash_signs)


@dataclass(frozen=True, kw_only=True)
class RecipeSettings(Settings):
    """Of whoever knows what is done to a picture before it is sent (`core.recipe`).

    `prepare`: on, or off where pictures are only checked. `min_pixels`: of the longer side, below which a picture is refused;
    unset, a small one only gets a warning. `background`: the colour that what is transparent is put on.
    """

    prepare: str = "on"
    accept_webp: bool = False
    max_picture_bytes: int = 6_000_000
    max_picture_pixels: int = 4096
    min_pixels: int | None = None
    background: str | None = None

    def check(self) -> None:
        """See Settings.check."""
        super().check()
        if self.prepare not in ("on", "off"):
            raise BadSetting(f"the setting PREPARE is {self.prepare!r}: write on or off")
        if self.background is not None and not re.fullmatch(r"#[0-9A-Fa-f]{6}", self.background):
            raise BadSetting(f"the setting BACKGROUND is {self.background!r}: write a colour as #ffffff")
        for name, least in (("MAX_PICTURE_BYTES", 100_000), ("MAX_PICTURE_PIXELS", 500)):
            if getattr(self, name.lower()) < least:
                raise BadSetting(f"the setting {name} is {getattr(self, name.lower())}: it must be at least {least}")

    @property
    def recipe(self) -> Recipe:
        """What these settings choose."""
        return Recipe(
            repairs=self.prepare == "on",
            webp=self.accept_webp,
            max_bytes=self.max_picture_bytes,
            max_side=self.max_picture_pixels,
            min_side=self.min_pixels or 0,
            background=self.background or "",
        )


@dataclass(frozen=True, kw_only=True)
class VerifySettings(Settings):
    """Of whoever sees to what landed. `verify`: whether it is looked at in the shop (`core.shop_facts`)."""

    verify: Verify = "auto"

    def check(self) -> None:
        """See Settings.check."""
        super().check()
        if self.verify not in get_args(Verify):
            raise BadSetting(f"the setting VERIFY is {self.verify!r}: write auto, on or off")


@dataclass(frozen=True, kw_only=True)
class StateSettings(Settings):
    """Of whoever reads and writes documents."""

    state_bucket: str
    storage_emulator_host: str | None = None


@dataclass(frozen=True, kw_only=True)
class ShopSettings(Settings):
    """Of whoever calls Shoptet: with a private token, or as an add-on with an OAuth token and the e-shop's address."""

    shoptet_api_url: str = "https://api.myshoptet.com"
    shoptet_private_api_token: str | None = _secret(default=None)
    shoptet_oauth_token: str | None = _secret(default=None)
    shoptet_eshop_url: str | None = None

    def check(self) -> None:
        """See Settings.check. What the client refuses is refused here, where it stops the start and not each call."""
        super().check()
        for url in ("shoptet_api_url", "shoptet_eshop_url"):
            if getattr(self, url) is not None:
                _check_base(url.upper(), getattr(self, url))
        if self.shoptet_private_api_token and self.shoptet_oauth_token:
            raise BadSetting(
                "the settings SHOPTET_PRIVATE_API_TOKEN and SHOPTET_OAUTH_TOKEN exclude each other: set one"
            )
        if self.shoptet_private_api_token is None and self.shoptet_oauth_token is None:
            raise BadSetting(
                "the setting SHOPTET_PRIVATE_API_TOKEN is missing: set it, or SHOPTET_OAUTH_TOKEN for an add-on"
            )
        if self.shoptet_oauth_token is not None and self.shoptet_eshop_url is None:
            raise BadSetting(
                "the setting SHOPTET_ESHOP_URL is missing: with SHOPTET_OAUTH_TOKEN, set the e-shop's address"
            )


@dataclass(frozen=True, kw_only=True)
class OnDrop(StateSettings, SyncQueueSettings, PlaceQueueSettings, NameSettings):
    """The function `on_drop`."""

    drop_bucket: str


@dataclass(frozen=True, kw_only=True)
class PollJobs(ShopSettings, StateSettings, SyncQueueSettings, PollQueueSettings, CatalogueQueueSettings):
    """The function `poll_jobs`."""


@dataclass(frozen=True, kw_only=True)
class ReadCatalogue(ShopSettings, StateSettings, SyncQueueSettings, PollQueueSettings, PlaceQueueSettings):
    """The function `read_catalogue`."""


@dataclass(frozen=True, kw_only=True)
class OnlySettings(Settings):
    """Of whoever sends to the shop, or sees to it: guids or codes of the products that a trial is for; none: all."""

    only_products: Keys = ()


@dataclass(frozen=True, kw_only=True)
class SyncGallery(
    ShopSettings,
    StateSettings,
    SyncQueueSettings,
    PollQueueSettings,
    FetchQueueSettings,
    PrepareQueueSettings,
    RecipeSettings,
    NameSettings,
    VerifySettings,
    OnlySettings,
):
    """The function `sync_gallery`."""

    drop_bucket: str
    mirror_deletes: bool = False
    remove_reference: bool = False
    max_attempts: int = 5
    description_template: str = ""
    variant_folders: bool = False

    def check(self) -> None:
        """See Settings.check."""
        super().check()
        if (wrong := template_flaw(self.description_template)) is not None:
            raise BadSetting(f"the setting DESCRIPTION_TEMPLATE {wrong}")


@dataclass(frozen=True, kw_only=True)
class FetchImages(ShopSettings, StateSettings, SyncQueueSettings, FetchQueueSettings, VerifySettings):
    """The function `fetch_images`."""

    drop_bucket: str


@dataclass(frozen=True, kw_only=True)
class PreparePicture(StateSettings, SyncQueueSettings, PrepareQueueSettings, RecipeSettings):
    """The function `prepare_picture`."""

    drop_bucket: str


@dataclass(frozen=True, kw_only=True)
class PlaceNames(StateSettings, SyncQueueSettings, CatalogueQueueSettings, PlaceQueueSettings, NameSettings):
    """The function `place_names`."""

    drop_bucket: str


@dataclass(frozen=True, kw_only=True)
class JobFinished(PollQueueSettings):
    """The function `job_finished`: the signature keys of Shoptet's webhooks, one, or two while a key is being changed.

    `shoptet_eshop_id`: the one shop whose notifications are taken, by Shoptet's number of it; unset, any shop's are.
    """

    shoptet_webhook_keys: Keys = _secret()  # noqa: RUF009  # it returns a field
    shoptet_eshop_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Sweep(
    StateSettings,
    SyncQueueSettings,
    PollQueueSettings,
    CatalogueQueueSettings,
    PlaceQueueSettings,
    NameSettings,
    OnlySettings,
):
    """The function `sweep`."""

    drop_bucket: str


@dataclass(frozen=True, kw_only=True)
class ApiSettings(ShopSettings, StateSettings, SyncQueueSettings, OnlySettings):
    """Of the functions that callers reach with an API key: `name:right+right:sha256`, several with commas between."""

    drop_bucket: str
    api_keys: Keys = _secret()  # noqa: RUF009  # it returns a field
    max_attempts: int = 5


@dataclass(frozen=True, kw_only=True)
class Galleries(ApiSettings):
    """The function `galleries`. `allow_private_sources`: a sourceUrl may be `http://` and a private address's."""

    allow_private_sources: bool = False


@dataclass(frozen=True, kw_only=True)
class CleanGallery(ApiSettings, FetchQueueSettings):
    """The function `clean_gallery`."""


@dataclass(frozen=True, kw_only=True)
class Webhooks(StateSettings, SyncQueueSettings):
    """The function `webhooks`: the secrets of signed events, `whsec_…` or `name:right+right:whsec_…`.

    One, or several: of several senders, or while one is being changed. `allow_private_sources`: as of galleries.
    """

    webhook_secrets: Keys = _secret()  # noqa: RUF009  # it returns a field
    allow_private_sources: bool = False


@dataclass(frozen=True, kw_only=True)
class StatusLink(StateSettings, SyncQueueSettings, NameSettings):
    """The function `status_link`: the page for people who have a link."""

    drop_bucket: str


FUNCTIONS: Final[Mapping[str, type[Settings]]] = {
    "on_drop": OnDrop,
    "sync_gallery": SyncGallery,
    "poll_jobs": PollJobs,
    "read_catalogue": ReadCatalogue,
    "fetch_images": FetchImages,
    "prepare_picture": PreparePicture,
    "place_names": PlaceNames,
    "job_finished": JobFinished,
    "sweep": Sweep,
    "galleries": Galleries,
    "clean_gallery": CleanGallery,
    "webhooks": Webhooks,
    "status_link": StatusLink,
}
"""Which settings each function reads."""


def read_or_exit(settings: type[Settings], environ: Mapping[str, str]) -> Any:
    """Read, or end the process with one line: a function that lacks a setting must not start."""
    try:
        return settings.read(environ)
    except BadSetting as error:
        raise SystemExit(f"gallery-sync cannot start: {error}") from None


def check_secret(name: str, text: str) -> None:
    """Refuse a value of the secret `name` with which no function would start. Raises BadSetting, without the value."""
    hints = {key.upper(): hint for settings in FUNCTIONS.values() for key, hint in get_type_hints(settings).items()}
    _check_secret(name, _parse(name, text.strip(), hints[name], secret=True))


def _check_secret(name: str, value: Any) -> None:
    """Refuse a secret that is no token, no API keys or no secrets of signed events, whichever it should be."""
    if name in ("SHOPTET_PRIVATE_API_TOKEN", "SHOPTET_OAUTH_TOKEN") and not re.fullmatch(r"[!-~]+", value):
        raise BadSetting(f"the setting {name} holds characters that no token has: copy it again")
    try:
        if name == "API_KEYS":
            access.parse_keys(value)
        if name == "WEBHOOK_SECRETS":
            access.parse_senders(value)
    except access.BadKey as error:
        raise BadSetting(f"the setting {name} is malformed: {error}") from None


def _parse(name: str, text: str, hint: Any, *, secret: bool) -> Any:
    """Read one value as its field's type. Raises BadSetting, without the value of a secret."""
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    shown = "what it holds" if secret else repr(text)
    if bool in kinds:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise BadSetting(f"the setting {name} is {shown}: write true or false")
    for kind, what in ((int, "a whole number"), (float, "a number")):
        if kind in kinds:
            try:
                number = kind(text)
                finite = math.isfinite(number)
            except (ValueError, OverflowError):
                finite = False
            if not finite:
                raise BadSetting(f"the setting {name} is {shown}: write {what}")
            return number
    if hint == Keys:
        keys = tuple(part for part in text.replace(",", " ").split() if part)
        if not keys:
            raise BadSetting(f"the setting {name} holds no key: write one, or two with a comma between")
        return keys
    return text


_QUEUE: Final = re.compile(r"projects/[^/\s]+/locations/[^/\s]+/queues/[^/\s]+")


def _check_url(name: str, value: str) -> None:
    if not _is_address(value):
        raise BadSetting(f"the setting {name} is {value!r}: write an address that begins with https://")


def _is_address(value: str) -> bool:
    """Whether this is an https address, or a plain one of this machine (the local cloud)."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    # urlsplit drops line breaks silently.
    return bool(parts.hostname) and (parts.scheme == "https" or local) and not re.search(r"\s", value)


def _check_base(name: str, value: str) -> None:
    try:
        secure_base(value, f"the setting {name}")
    except ValueError as error:
        raise BadSetting(str(error)) from None


def _check_queue(name: str, value: str) -> None:
    if not _QUEUE.fullmatch(value):
        raise BadSetting(f"the setting {name} is {value!r}: write projects/PROJECT/locations/REGION/queues/QUEUE")
