"""Whether the buckets are there and behave as the design needs, and whether a signed URL can be downloaded."""

import secrets
from collections.abc import Iterator
from typing import Any, Final

import requests
from google.api_core import exceptions
from google.auth.credentials import Signing
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Bucket, Client
from google.cloud.storage.retry import DEFAULT_RETRY

from gallery_sync.cloud.signing import SigningRefused, UrlSigner
from infra.cli.checks.finding import Finding, cross, tick

__all__ = ["check_drop_bucket", "check_state_bucket"]

BODY: Final = b'{"check": true}'
VALID: Final = 300.0
"""Seconds that the signed URL of the check is valid."""

_CALL: Final[dict[str, Any]] = {"timeout": (5.0, 20.0), "retry": DEFAULT_RETRY.with_timeout(20.0)}
_FAILED: Final = (exceptions.GoogleAPICallError, exceptions.RetryError, GoogleAuthError, requests.RequestException)


def check_drop_bucket(client: Client, name: str) -> Iterator[Finding]:
    """Look whether it is there, can be listed, and keeps no old versions."""
    what = f"drop bucket {name}"
    try:
        bucket = client.get_bucket(name, **_CALL)
        next(iter(client.list_blobs(bucket, max_results=1, **_CALL)), None)
    except _FAILED as error:
        yield _missing(what, error, "DROP_BUCKET")
        return
    yield tick(what, "is there and can be read")
    what = "drop bucket keeps no versions"
    if bucket.versioning_enabled:
        yield cross(
            what,
            "it does: deleting a file would archive it, which is another event than a deletion",
            f"gcloud storage buckets update gs://{name} --no-versioning",
        )
    else:
        yield tick(what)


def check_state_bucket(client: Client, name: str, signer: Signing | None, *, dry_run: bool) -> Iterator[Finding]:
    """Write a document, see that a precondition refuses a second, download it by a signed URL, and remove it."""
    bucket = client.bucket(name)
    what = f"state bucket {name}"
    try:
        if dry_run:
            client.get_bucket(name, **_CALL)
            yield tick(what, "is there")
            return
        probe = bucket.blob(f"check/{secrets.token_hex(8)}.json")
        probe.upload_from_string(BODY, content_type="application/json", if_generation_match=0, **_CALL)
    except _FAILED as error:
        yield _missing(what, error, "STATE_BUCKET")
        return
    generation = int(probe.generation)
    try:
        yield tick(what, "can be written")
        yield _precondition(bucket, probe.name)
        yield _signing(bucket, probe.name, signer, client.api_endpoint)
    finally:
        removed = _removed(what, probe, generation)
    yield removed


def _precondition(bucket: Bucket, name: str) -> Finding:
    what = "state bucket holds preconditions"
    try:
        bucket.blob(name).upload_from_string(b"{}", if_generation_match=0, **_CALL)
    except exceptions.PreconditionFailed:
        return tick(what)
    except _FAILED as error:
        return cross(what, f"could not be told ({type(error).__name__})", "run the check again later")
    return cross(what, "a second creation was let through", "use Cloud Storage itself: nothing is safe without them")


def _signing(bucket: Bucket, name: str, signer: Signing | None, endpoint: str) -> Finding:
    what = "signed URLs can be downloaded"
    advice = (
        "set SIGNING_SERVICE_ACCOUNT to the account of sync_gallery, and have the role Service Account Token Creator on "
        "it; the functions' own right is in Terraform"
    )
    if signer is None:
        return cross(what, "your credentials cannot sign", advice)
    try:
        url = UrlSigner(bucket, signer, VALID, endpoint)(name)
    except SigningRefused as error:
        return cross(what, str(error), advice)
    except (GoogleAuthError, requests.RequestException) as error:
        return cross(what, f"signing failed ({type(error).__name__})", advice)
    try:
        answer = requests.get(url, timeout=(5.0, 20.0))
    except requests.RequestException as error:  # Its message holds the URL, which is a secret.
        return cross(
            what, f"the download failed ({type(error).__name__})", "check the network, and run the check again"
        )
    if answer.status_code != 200 or answer.content != BODY:
        return cross(
            what,
            f"the download gave {answer.status_code}",
            "let the account that signs read the state bucket, and check this machine's clock",
        )
    return tick(what)


def _removed(what: str, probe: Blob, generation: int) -> Finding:
    what = f"{what}: documents can be removed"
    try:
        probe.delete(if_generation_match=generation, **_CALL)
    except _FAILED as error:
        return cross(
            what,
            f"{probe.name} stays ({type(error).__name__})",
            "grant Storage Object Admin on it, and remove the file",
        )
    return tick(what)


def _missing(what: str, error: Exception, setting: str) -> Finding:
    if isinstance(error, exceptions.NotFound):
        return cross(what, "is not there", f"terraform apply makes it; check {setting}")
    if isinstance(error, exceptions.Forbidden | exceptions.Unauthorized):
        return cross(what, "you may not use it", "ask for the role Storage Admin on it, to check it")
    return cross(
        what, f"does not answer ({type(error).__name__})", "log in with: gcloud auth application-default login"
    )
