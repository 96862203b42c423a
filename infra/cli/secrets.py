"""Secret Manager, as the commands use it: the newest version of a secret, and a new one.

SecretsError
└── NoSecret   the secret itself is not there: Terraform makes it, a command only fills it
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

import grpc
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import secretmanager
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

__all__ = ["GoogleSecrets", "NoSecret", "Secrets", "SecretsError", "Version", "secrets_client"]

ADD: Final = "secretmanager.versions.add"
ACCESS: Final = "secretmanager.versions.access"
TIMEOUT: Final = 20.0

# Adding is repeated too: of two versions with the same value, the newest counts.
_RETRY: Final = Retry(
    predicate=if_exception_type(exceptions.ServiceUnavailable, exceptions.DeadlineExceeded),
    initial=0.2,
    maximum=2.0,
    timeout=TIMEOUT,
)


class SecretsError(Exception):
    """Secret Manager did not do it; says what, and what to do, never a value."""


class NoSecret(SecretsError):
    """The secret is not there."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a secret: its number, and its value."""

    number: str
    value: str = field(repr=False)


class Secrets(Protocol):
    """Where a deployment's secrets are. Each is called by the name of its setting. Raises SecretsError."""

    def named(self, name: str) -> str:
        """Give the secret's own name, for people."""
        ...

    def latest(self, name: str) -> Version | None:
        """Give the newest version; None if there is none that can be read. NoSecret: there is no such secret."""
        ...

    def add(self, name: str, value: str) -> str:
        """Add a version, which is the newest from then on; give its number."""
        ...

    def may_replace(self, name: str) -> bool:
        """Tell whether the caller may read and add versions, without doing either."""
        ...


class GoogleSecrets:
    """`Secrets` in Secret Manager: `{prefix}-{setting, in lower case, with hyphens}` in one project."""

    def __init__(self, client: secretmanager.SecretManagerServiceClient, project: str, prefix: str) -> None:
        self._client = client
        self._project = project
        self._prefix = prefix

    def named(self, name: str) -> str:
        """See Secrets."""
        return f"{self._prefix}-{name.lower().replace('_', '-')}"

    def latest(self, name: str) -> Version | None:
        """See Secrets. A newest version that is disabled or destroyed counts as none: no instance could read it."""
        with self._translated(name):
            try:
                answer = self._client.access_secret_version(
                    name=f"{self._path(name)}/versions/latest", retry=_RETRY, timeout=TIMEOUT
                )
            except exceptions.FailedPrecondition:
                return None
            except exceptions.NotFound:
                # Neither says whether the secret or only its version is missing: asking for the secret does.
                self._client.get_secret(name=self._path(name), retry=_RETRY, timeout=TIMEOUT)
                return None
        try:
            return Version(answer.name.rpartition("/")[2], answer.payload.data.decode())
        except UnicodeDecodeError:
            raise SecretsError(f"the newest version of {self.named(name)} is no text: set it anew") from None

    def add(self, name: str, value: str) -> str:
        """See Secrets."""
        with self._translated(name):
            added = self._client.add_secret_version(
                parent=self._path(name),
                payload=secretmanager.SecretPayload(data=value.encode()),
                retry=_RETRY,
                timeout=TIMEOUT,
            )
        return added.name.rpartition("/")[2]

    def may_replace(self, name: str) -> bool:
        """See Secrets."""
        wanted = [ADD, ACCESS]
        with self._translated(name):
            answer = self._client.test_iam_permissions(
                request={"resource": self._path(name), "permissions": wanted}, retry=_RETRY, timeout=TIMEOUT
            )
        return set(wanted) <= set(answer.permissions)

    def _path(self, name: str) -> str:
        return f"projects/{self._project}/secrets/{self.named(name)}"

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        secret = f"{self.named(name)} in project {self._project}"
        try:
            yield
        except exceptions.NotFound:
            raise NoSecret(
                f"there is no secret {secret}: terraform apply makes it; check --project, --prefix"
            ) from None
        except (exceptions.PermissionDenied, exceptions.Unauthenticated):
            raise SecretsError(
                f"you may not use the secret {secret}: ask for the roles Secret Manager Secret Accessor and "
                "Secret Version Adder on it, or log in with: gcloud auth application-default login"
            ) from None
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise SecretsError(f"Secret Manager did not answer for {secret} ({type(error).__name__})") from None


def secrets_client(emulator_host: str | None = None) -> secretmanager.SecretManagerServiceClient:
    """Give a client: Google's, or for a stand-in at `emulator_host` (host:port).

    Raises google.auth.exceptions.DefaultCredentialsError where the environment has no credentials.
    """
    if emulator_host is None:
        return secretmanager.SecretManagerServiceClient()
    channel = grpc.insecure_channel(emulator_host)
    return secretmanager.SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
