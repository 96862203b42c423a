"""Links to the page: who has one may look, or manage, until it ends or is revoked. Pure.

A link is `/l/{id}.{secret}`; what is kept of its secret is the SHA-256, as of API keys.
"""

import hashlib
import hmac
import re
from typing import Final, Literal

import msgspec

Right = Literal["view", "drop", "manage"]
"""To look; to upload pictures as well; to press the buttons, too."""

RIGHTS: Final[tuple[Right, ...]] = ("view", "drop", "manage")
"""Each holds those before it."""

_TOKEN: Final = re.compile(r"([0-9a-f]{16})\.([A-Za-z0-9_-]{43})")


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A link: `digest` is the SHA-256 of its secret, `until` when it ends (epoch seconds). `product`: the guid of the only one
    that it shows; empty: all. `note`: for whom it was made.
    """

    id: str
    digest: str
    right: Right
    made: float
    until: float
    product: str = ""
    note: str = ""

    def may(self, right: Right) -> bool:
        """Whether it has a right."""
        return RIGHTS.index(right) <= RIGHTS.index(self.right)

    def shows(self, guid: str) -> bool:
        """Whether it shows a product."""
        return self.product in ("", guid)


def parse(token: str) -> tuple[str, str] | None:
    """Read a token: a link's id, and its secret; None for anything else."""
    found = _TOKEN.fullmatch(token)
    return (found[1], found[2]) if found is not None else None


def digest(secret: str) -> str:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_good(link: Link, secret: str, now: float) -> bool:
    """Whether this is the link's secret, and the link has not ended. How long it takes tells nothing of the secret."""
    return hmac.compare_digest(link.digest, digest(secret)) and now < link.until


def form_token(link: Link) -> str:
    """Give what a form has to hold so that it counts as sent from a page of this link: nobody else's page knows it."""
    return hmac.new(link.digest.encode(), b"form", hashlib.sha256).hexdigest()[:32]
