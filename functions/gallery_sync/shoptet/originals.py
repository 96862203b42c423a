"""Fetches pictures from the shop's own site, in their original resolution (docs/shoptet.md, "Image cuts"): no call of the API.

The address is the shop's, as Shoptet told it: nothing is fetched from elsewhere, no redirect followed, no login sent. One
picture at a time, each with bounds.
"""

from typing import Final
from urllib.parse import quote, urlsplit

import requests

from gallery_sync.clock import Clock
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.shoptet.addresses import is_loopback
from gallery_sync.shoptet.transport import Broken, NotSent, Timeouts, stream

__all__ = ["Originals"]

TIMEOUTS: Final = Timeouts(connect=5.0, read=15.0, total=60.0)
MOST: Final = 60 * 1024 * 1024
"""Bytes of one picture; Shoptet itself is known to lose what is larger than 10 MB."""


class Originals:
    """The pictures that a shop shows, at an address of its own that ends with `/`; ValueError for any other."""

    def __init__(
        self, session: requests.Session, clock: Clock, address: str, timeouts: Timeouts = TIMEOUTS, most: int = MOST
    ) -> None:
        parts = urlsplit(address)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(address))
        if not (is_safe and parts.hostname and address.endswith("/") and not parts.query and not parts.username):
            raise ValueError("the address of the shop's pictures is no https:// address that ends with /")
        self._session, self._clock, self._address = session, clock, address
        self._timeouts, self._most = timeouts, most

    def fetch(self, name: str) -> bytes:
        """Give the picture of the image that has this name. Raises NoOriginal where it is not to be had, or too large."""
        content = bytearray()
        try:
            for piece in stream(self._session, self._clock, self._timeouts, self._address + quote(name, safe="")):
                content += piece
                if len(content) > self._most:
                    raise NoOriginal(f"it is larger than {self._most // 1024 // 1024} MB")
        except (Broken, NotSent) as error:
            raise NoOriginal(str(error)) from None
        return bytes(content)
