"""A result that is too large to be held: gzipped lines, read while they arrive, from trusted hosts only and without any token.

Source: Shoptet's description of its snapshots: the result file is compressed with gzip, one JSON object a line.
"""

import zlib
from collections.abc import Iterator
from typing import Final

import requests

from gallery_sync.clock import Clock
from gallery_sync.ports.shop_errors import NoResult
from gallery_sync.shoptet.addresses import ResultHosts
from gallery_sync.shoptet.transport import Broken, NotSent, Timeouts, stream

__all__ = ["Lines"]

TIMEOUTS: Final = Timeouts(connect=5.0, read=30.0, total=75.0)
"""A snapshot is read twice, within the time of one function (180 s): what takes longer is told, and not killed."""
MOST_OF_A_LINE: Final = 16 * 1024 * 1024
"""Bytes of one product. Its descriptions, variants and images have a few kilobytes as a rule."""
_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 256 * 1024


class Lines:
    """Reads results line by line. The arguments are those of `results.Results`."""

    def __init__(
        self,
        session: requests.Session,
        clock: Clock,
        *,
        api_url: str,
        shop_url: str | None = None,
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        self._session = session
        self._clock = clock
        self._hosts = ResultHosts.of(api_url, shop_url)
        self._timeouts = timeouts

    def read(self, url: str) -> Iterator[bytes]:
        """Give each line of the file at this URL that is not empty, without its end.

        Raises NoResult where it is not to be had, or not whole: whoever began to use it has to drop what it read.
        """
        if not self._hosts.trust(url):
            raise NoResult("its address is on no host of Shoptet's or the shop's")
        try:
            yield from _split(_unpacked(stream(self._session, self._clock, self._timeouts, url)))
        except (NotSent, Broken) as error:
            raise NoResult(str(error)) from None
        except zlib.error as error:
            raise NoResult(f"it is not packed as it should be ({error})") from None


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack as far as pieces arrive, never more than `_PIECE` at a time. A file that is not packed is taken as it is."""
    unpacker: zlib._Decompress | None = None
    first = True
    for piece in pieces:
        if first and piece.startswith(_GZIP[: len(piece)]):
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        first = False
        if unpacker is None:
            yield piece
            continue
        packed = piece
        while packed:
            if unpacker.eof:
                # Files that were packed one after the other are one file.
                unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            yield unpacker.decompress(packed, _PIECE)
            packed = unpacker.unconsumed_tail or unpacker.unused_data
    if unpacker is not None:
        # What the last piece held may be more than was taken of it.
        while rest := unpacker.decompress(b"", _PIECE):
            yield rest
        if not unpacker.eof:
            raise NoResult("it was cut off")
    if first:
        raise NoResult("it is empty")


def _split(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = bytearray()
    for piece in pieces:
        *whole, end = piece.split(b"\n")
        for line in whole:
            rest += line
            if stripped := bytes(rest).strip():
                yield stripped
            rest.clear()
        rest += end
        if len(rest) > MOST_OF_A_LINE:
            raise NoResult(f"one of its lines has more than {MOST_OF_A_LINE // 1024 // 1024} MB")
    if stripped := bytes(rest).strip():
        yield stripped
