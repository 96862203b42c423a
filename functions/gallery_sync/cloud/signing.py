"""V4 signed URLs for the outbox.

Functions have no private key: their URLs are signed by IAM's `signBlob`, one call each, whose signatures count for 12 hours
at most (IAM Credentials API, "projects.serviceAccounts.signBlob").
"""

import base64
from datetime import timedelta
from typing import Any, Final

import msgspec
import requests
from google.auth.credentials import Signing
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Bucket

from gallery_sync.clock import Clock
from gallery_sync.ports.storage import StorageUnavailable

IAM_URL: Final = "https://iamcredentials.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
PAUSES: Final = (0.0, 0.5, 2.0)
"""Seconds before each try."""
TIMEOUT: Final = 20.0
"""Seconds, of each try."""
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})


class SigningRefused(StorageUnavailable):
    """IAM did not sign. Says why, and neither what was to be signed nor what IAM answered."""


class IamSigner(Signing):
    """Signs as a service account through IAM; needs the right `iam.serviceAccounts.signBlob` on that account."""

    def __init__(
        self, session: AuthorizedSession, email: str, clock: Clock, iam_url: str = IAM_URL, timeout: float = TIMEOUT
    ) -> None:
        self._session = session
        self._email = email
        self._clock = clock
        self._timeout = timeout
        self._url = f"{iam_url}/v1/projects/-/serviceAccounts/{email}:signBlob"

    @property
    def signer_email(self) -> str:
        """The account that signs."""
        return self._email

    @property
    def signer(self) -> "IamSigner":
        """Itself."""
        return self

    def sign_bytes(self, message: bytes) -> bytes:
        """Sign; what may pass is tried again, as signing twice does no harm. Raises SigningRefused."""
        body = {"payload": base64.b64encode(message).decode()}
        failed = ""
        for pause in PAUSES:
            self._clock.sleep(pause)
            try:
                response = self._session.post(self._url, json=body, timeout=self._timeout)
            except (requests.RequestException, GoogleAuthError) as error:
                failed = f"IAM was not reached ({type(error).__name__}) to sign as {self._email}"
                continue
            if response.status_code == 200:
                return _signature(response.content)
            failed = f"IAM answered {response.status_code} to signBlob for {self._email}"
            if response.status_code not in PASSING:
                advice = "grant the function roles/iam.serviceAccountTokenCreator on that account"
                raise SigningRefused(f"{failed}: {advice}")
        raise SigningRefused(failed)


def _signature(answer: bytes) -> bytes:
    try:
        return base64.b64decode(msgspec.json.decode(answer, type=_Signed).signedBlob)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise SigningRefused("IAM's answer to signBlob could not be understood") from None


class _Signed(msgspec.Struct):
    signedBlob: str  # noqa: N815  # Google's name


class UrlSigner:
    """Gives signed URLs for GET of the state bucket's objects, valid for `seconds`."""

    def __init__(self, bucket: Bucket, signer: Signing, seconds: float, endpoint: str) -> None:
        self._bucket = bucket
        self._signer = signer
        self._valid = timedelta(seconds=seconds)
        self._endpoint = endpoint

    def __call__(self, path: str) -> str:
        """Sign a URL; it is a secret for as long as it is valid."""
        url: Any = self._bucket.blob(path).generate_signed_url(
            version="v4",
            method="GET",
            expiration=self._valid,
            credentials=self._signer,
            api_access_endpoint=self._endpoint,
        )
        return str(url)
