"""What the commands read: the functions' own settings by their own names, and where the deployment is.

A secret that the environment does not hold is read from Secret Manager, where the functions get it from as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Final, TypeVar

from gallery_sync.connect.settings import FUNCTIONS, BadSetting, Settings, ShopSettings, StateSettings, check_secret
from infra.cli.secrets import NoSecret, Secrets
from infra.cli.stop import Stop

__all__ = [
    "SECRETS",
    "TOKENS",
    "WEBHOOK_KEYS",
    "Deployment",
    "Place",
    "Registration",
    "check_value",
    "read",
    "used_by",
    "with_secrets",
]

TOKENS: Final = ("SHOPTET_PRIVATE_API_TOKEN", "SHOPTET_OAUTH_TOKEN")
"""One of them lets a deployment in at Shoptet."""

WEBHOOK_KEYS: Final = "SHOPTET_WEBHOOK_KEYS"

SECRETS: Final = frozenset(
    f.name.upper() for settings in FUNCTIONS.values() for f in fields(settings) if f.metadata.get("secret")
)
"""The settings of the functions that are secrets."""

DEFAULT_PREFIX: Final = "gallery-sync"

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Registration(ShopSettings, StateSettings):
    """What the webhook commands need: the shop, and the address of `job_finished`.

    An add-on's access token is shared through the state bucket: at most five may be valid at a time.
    """

    job_finished_url: str


@dataclass(frozen=True, kw_only=True)
class Deployment(Registration):
    """What `check` looks at. `signing_service_account`: the account of `sync_gallery`, which signs the URLs."""

    drop_bucket: str
    sync_queue: str
    poll_queue: str
    signing_service_account: str | None = None
    cloud_tasks_emulator_host: str | None = None
    shoptet_webhook_keys: str | None = field(default=None, repr=False, metadata={"secret": True})


@dataclass(frozen=True, kw_only=True)
class DropSettings(StateSettings):
    """What `names` reads of the drop bucket."""

    drop_bucket: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the deployment is: its project, its region, and what all its names begin with."""

    project: str | None
    region: str | None
    prefix: str

    @classmethod
    def read(cls, environ: Mapping[str, str], project: str | None, region: str | None, prefix: str | None) -> "Place":
        """Take what the options say, else the environment."""
        return cls(
            project or environ.get("GOOGLE_CLOUD_PROJECT"),
            region or environ.get("GOOGLE_CLOUD_REGION"),
            prefix or environ.get("GALLERY_SYNC_PREFIX") or DEFAULT_PREFIX,
        )

    def service(self, function: str) -> str:
        """Name a function's Cloud Run service; those names hold no underscores."""
        return f"{self.prefix}-{function.replace('_', '-')}"

    def restart(self, functions: Iterable[str]) -> tuple[str, ...]:
        """Give the commands after which new instances of these functions have read the newest secrets.

        Secrets in the environment are read when an instance starts. A changed variable makes a new revision, which
        takes all requests once its first instance is up; the old revision's instances end by themselves.
        """
        project, region = self.project or "PROJECT", self.region or "REGION"
        return tuple(
            f"gcloud run services update {self.service(function)} --project={project} --region={region} "
            "--update-env-vars=SECRETS_READ_AT=$(date +%s)"
            for function in functions
        )


def check_value(name: str, value: str) -> None:
    """Refuse a value with which no function would start. Raises Stop, without the value."""
    try:
        check_secret(name, value)
    except BadSetting as error:
        raise Stop(f"no function would start with it: {error}") from None


def used_by(secret: str) -> tuple[str, ...]:
    """Give the functions that read this secret."""
    return tuple(name for name, settings in FUNCTIONS.items() if secret in {f.name.upper() for f in fields(settings)})


def with_secrets(environ: Mapping[str, str], secrets: Secrets | None) -> Mapping[str, str]:
    """Give the environment, with the token and the webhook keys from Secret Manager where it lacks them.

    Raises SecretsError where Secret Manager does not answer; a secret that is not there stays missing.
    """
    if secrets is None:
        return environ
    wanted = [] if any(environ.get(name) for name in TOKENS) else list(TOKENS)
    wanted += [] if environ.get(WEBHOOK_KEYS) else [WEBHOOK_KEYS]
    found: dict[str, str] = {}
    for name in wanted:
        if name in TOKENS and found:
            continue  # They exclude each other.
        try:
            version = secrets.latest(name)
        except NoSecret:
            continue
        if version is not None:
            found[name] = version.value
    return {**environ, **found}


def read(settings: type[S], environ: Mapping[str, str]) -> S:
    """Read settings. Raises Stop with the line that names the first that is missing or malformed."""
    try:
        return settings.read(environ)
    except BadSetting as error:
        raise Stop(f"{error}; Terraform's output `environment` has the lines for a shell") from None
