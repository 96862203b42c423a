"""V4 signed URLs for the outbox.

Functions have no private key: their URLs are signed by IAM's `signBlob`, one call each, whose signatures count for 12 hours
at most (IAM Credentials API, "projects.serviceAccounts.signBlob").
"""

import base64
from datetime import timedelta
from typing import Any, Final

import msgspec
from google.auth import credentials, exceptions
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Bucket

IAM_URL: Final = "https://iamcredentials.googleapis.com"
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
TRIES: Final = 3
TIMEOUT: Final = 20.0


class SigningRefused(exceptions.GoogleAuthError):
    """IAM did not sign."""


class IamSigner(credentials.Signing):
    """Signs as a service account through IAM; needs the right `iam.serviceAccounts.signBlob` on that account."""

    def __init__(self, session: AuthorizedSession, email: str, iam_url: str = IAM_URL) -> None:
        self._session = session
        self._email = email
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
        """Sign; raises SigningRefused where IAM did not, with its status and never its body."""
        body = {"payload": base64.b64encode(message).decode()}
        status = 0
        for _ in range(TRIES):
            response = self._session.post(self._url, json=body, timeout=TIMEOUT)
            status = response.status_code
            if status == 200:
                return base64.b64decode(msgspec.json.decode(response.content, type=_Signed).signedBlob)
            if status not in (429, 500, 502, 503, 504):
                break
        raise exceptions.TransportError(
            f"IAM answered {status} to signBlob for {self._email}: may it sign as that account?"
        )


class _Signed(msgspec.Struct):
    signedBlob: str  # noqa: N815  # Google's name


class UrlSigner:
    """Gives signed URLs for GET of the state bucket's objects, valid for `seconds`."""

    def __init__(self, bucket: Bucket, signer: credentials.Signing, seconds: float, endpoint: str) -> None:
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
