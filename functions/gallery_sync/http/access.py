"""Who may call over HTTP: API keys, of which the configuration holds the SHA-256 only, and the secrets of signed events. Pure."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeVar, get_args

Right = Literal["read", "write", "clean"]
"""To look at galleries and operations; to insert, replace and describe images; to delete them."""

WEBHOOKS: Final = "webhooks"
"""The caller that signed events have in common. No API key has this name."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # how every secret begins
MIN_SECRET: Final = 24
"""Bytes of a secret (Standard Webhooks, "Signature scheme": 24 to 64 bytes)."""

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


class BadKey(ValueError):
    """An entry of API_KEYS or WEBHOOK_SECRETS that is none; the message holds nothing of the entry.

    Not even its name: whoever leaves the rest out, or mixes up the order, has written the key where the name belongs.
    """


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A caller: its name, its rights, and the SHA-256 of its key. Two keys of one name are one caller, while it changes."""

    name: str
    rights: frozenset[Right]
    digest: bytes = field(repr=False)

    def may(self, right: Right) -> bool:
        """Whether this caller has a right."""
        return right in self.rights


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signs events: a name for the log, what its events may ask for, and the secret that they are signed with."""

    name: str
    rights: frozenset[Right]
    secret: str = field(repr=False)


def parse_key(entry: str) -> ApiKey:
    """Read `name:right+right:sha256`, the last in hexadecimal. Raises BadKey."""
    name, _, rest = entry.partition(":")
    rights, _, digest = rest.partition(":")
    _check_name(name, "key")
    known = _rights(rights)
    if not _DIGEST.fullmatch(digest):
        raise BadKey("what follows the rights is not the SHA-256 of a key in hexadecimal: write name:rights:sha256")
    return ApiKey(name, known, bytes.fromhex(digest))


def parse_keys(entries: Sequence[str]) -> tuple[ApiKey, ...]:
    """Read all entries of API_KEYS. Raises BadKey, which says at which place, also for a key that stands there twice."""
    keys = _each(parse_key, entries)
    for place, key in enumerate(keys):
        twin = next((before for before, other in enumerate(keys[:place]) if other.digest == key.digest), None)
        if twin is not None:
            raise BadKey(f"entries {twin + 1} and {place + 1} have the same key: give each caller its own")
    return keys


def parse_sender(entry: str) -> Sender:
    """Read `name:right+right:whsec_…`, or `whsec_…` alone, whose events may ask for anything. Raises BadKey."""
    name, named, rest = entry.partition(":")
    if not named:
        check_secret(entry)
        return Sender(WEBHOOKS, frozenset(get_args(Right)), entry)
    rights, _, secret = rest.partition(":")
    _check_name(name, "secret")
    known = _rights(rights)
    check_secret(secret)
    return Sender(name, known, secret)


def parse_senders(entries: Sequence[str]) -> tuple[Sender, ...]:
    """Read all entries of WEBHOOK_SECRETS. Raises BadKey, which says at which place."""
    return _each(parse_sender, entries)


def find(keys: Sequence[ApiKey], authorization: str | None) -> ApiKey | None:
    """Give the caller whose key an `Authorization: Bearer` header holds; None for a missing or wrong one.

    Every configured key is compared, each in constant time: how long it takes tells nothing about any of them.
    """
    scheme, _, token = (authorization or "").strip().partition(" ")
    digest = hashlib.sha256(token.strip().encode(errors="replace")).digest()
    found = None
    for key in keys:
        fits = hmac.compare_digest(key.digest, digest)
        found = key if fits else found
    return found if scheme.lower() == "bearer" and token.strip() else None


def check_secret(secret: str) -> None:
    """Refuse a secret that signs nothing or that could be guessed. Raises BadKey."""
    try:
        raw = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadKey(f"a secret is {SECRET_PREFIX} and base64 text") from None
    if len(raw) < MIN_SECRET:
        raise BadKey(f"a secret has {MIN_SECRET} random bytes or more: {SECRET_PREFIX} and their base64 text")


def _each(parse: Callable[[str], T], entries: Sequence[str]) -> tuple[T, ...]:
    parsed = []
    for place, entry in enumerate(entries, 1):
        try:
            parsed.append(parse(entry))
        except BadKey as error:
            raise BadKey(f"entry {place} of {len(entries)}: {error}") from None
    return tuple(parsed)


def _check_name(name: str, of: str) -> None:
    if not _NAME.fullmatch(name) or name == WEBHOOKS:
        raise BadKey(f"a {of}'s name holds 1 to 64 letters, digits, '.', '_' and '-', and is not '{WEBHOOKS}'")


def _rights(text: str) -> frozenset[Right]:
    asked = text.split("+")
    known = frozenset(right for right in get_args(Right) if right in asked)
    if not known or len(known) != len(asked):
        raise BadKey(f"the rights behind the name are one or more of {', '.join(get_args(Right))}, with a + between")
    return known
