"""Signed URLs, checked: the key that signs, and the check of a V4 signature.

Source: https://cloud.google.com/storage/docs/authentication/canonical-requests
"""

import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.local.storage.errors import XmlError

__all__ = ["SigningKey", "canonical_request", "check_signed_request"]

MAX_EXPIRES = 7 * 24 * 60 * 60
"""Seconds; nothing is signed for longer than a week."""

_ALGORITHM = "GOOG4-RSA-SHA256"
_SKEW = timedelta(minutes=15)
_CREDENTIAL = re.compile(r"(?P<email>[^/]+@[^/]+)/(?P<scope>(?P<date>\d{8})/[^/]+/storage/goog4_request)")


class SigningKey:
    """The one RSA key of the local service accounts, made anew for each server."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        der = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.key_id = hashlib.sha1(der, usedforsecurity=False).hexdigest()

    def sign(self, message: bytes) -> bytes:
        """An RSA-SHA256 signature (PKCS 1 v1.5), as IAM's signBlob gives it."""
        return self._private.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made `signature` for `message`."""
        try:
            self._private.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def check_signed_request(
    method: str, target: str, headers: Mapping[str, str], now: datetime, verifies: Callable[[bytes, bytes], bool]
) -> None:
    """Raise XmlError unless the request carries a V4 signature that is valid at `now` (aware) for just this request.

    403: unsigned, or the signature is another request's. 400: malformed, or expired. `headers` are looked up without
    regard to case. Expiry is checked before the signature, as Google does.
    """
    path, _, query_text = target.partition("?")
    query = parse_qsl(query_text, keep_blank_values=True)
    given = {name.lower(): value for name, value in query}
    if "x-goog-signature" not in given:
        details = "Anonymous caller does not have storage.objects.get access to the Google Cloud Storage object."
        raise XmlError(403, "AccessDenied", "Access denied.", details)
    if _wanted(given, "X-Goog-Algorithm") != _ALGORITHM:
        raise _malformed("X-Goog-Algorithm", f"only {_ALGORITHM} is supported")
    stamp = _wanted(given, "X-Goog-Date")
    scope = _check_credential(_wanted(given, "X-Goog-Credential"), stamp)
    _check_time(stamp, _wanted(given, "X-Goog-Expires"), now)
    signed_headers = _wanted(given, "X-Goog-SignedHeaders")
    request = canonical_request(method, path, query, headers, signed_headers)
    message = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    try:
        signature = binascii.unhexlify(given["x-goog-signature"])
    except ValueError as error:
        raise _malformed("X-Goog-Signature", "not hexadecimal") from error
    if not verifies(signature, message.encode()):
        raise XmlError(403, "SignatureDoesNotMatch", "Access denied.", "The request is not the one that was signed.")


def canonical_request(
    method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], signed_headers: str
) -> str:
    """The request as its signer wrote it down.

    Path and query are decoded and encoded anew: HTTP clients on the way (a shop's among them) may encode more or less
    than the signer did, and Google bears that. Raises XmlError 400 where a header that was signed is missing.
    """
    names = signed_headers.split(";")
    if names != sorted(names) or names != signed_headers.lower().split(";") or "host" not in names:
        raise _malformed("X-Goog-SignedHeaders", "must be lower case, sorted, and hold host")
    values = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    if missing := [name for name in names if name not in values]:
        raise XmlError(
            400, "MalformedSecurityHeader", "Invalid argument.", f"Header was signed, not sent: {missing[0]}"
        )
    pairs = sorted(
        (quote(name, safe="~"), quote(value, safe="~")) for name, value in query if name.lower() != "x-goog-signature"
    )
    return "\n".join(
        (
            method,
            quote(unquote_to_bytes(path), safe="/~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(f"{name}:{values[name]}\n" for name in names),
            signed_headers,
            values["x-goog-content-sha256"] if "x-goog-content-sha256" in names else "UNSIGNED-PAYLOAD",
        )
    )


def _check_credential(credential: str, stamp: str) -> str:
    match = _CREDENTIAL.fullmatch(credential)
    if match is None:
        raise _malformed("X-Goog-Credential", "must be email/date/location/storage/goog4_request")
    if match["date"] != stamp[:8]:
        raise _malformed("X-Goog-Credential", "its date is not that of X-Goog-Date")
    return match["scope"]


def _check_time(stamp: str, expires: str, now: datetime) -> None:
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise _malformed("X-Goog-Date", "must be like 20260102T123456Z") from error
    if not (expires.isascii() and expires.isdigit() and 1 <= int(expires) <= MAX_EXPIRES):
        raise _malformed("X-Goog-Expires", f"must be 1 to {MAX_EXPIRES} seconds")
    if signed > now + _SKEW:
        raise XmlError(403, "RequestTimeTooSkewed", "The request was signed for a time that has not come yet.")
    end = signed + timedelta(seconds=int(expires))
    if now >= end:
        details = f"Request signature expired at: {end.isoformat()}"
        raise XmlError(400, "ExpiredToken", "The provided token has expired.", details)


def _wanted(given: Mapping[str, str], name: str) -> str:
    if name.lower() not in given:
        raise _malformed(name, "is missing")
    return given[name.lower()]


def _malformed(parameter: str, details: str) -> XmlError:
    message = "Your request has a malformed header."
    return XmlError(400, "MalformedSecurityHeader", message, f"{parameter} {details}", parameter)
