"""The sandbox's clock, which a test can put forward, and Shoptet's way of writing times."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta, timezone

SHOP_ZONE = timezone(timedelta(hours=2))
"""The shop's time zone: fixed, so that no time zone database is needed."""


class Clock:
    """Seconds since 1970, ahead of the machine's clock by as much as `advance` was told."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._advanced = asyncio.Event()

    def now(self) -> float:
        """The current moment, in seconds since 1970."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Put the clock forward. Whoever waits for a moment that has passed thereby goes on at once."""
        self._ahead += seconds
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def until(self, moment: float) -> None:
        """Wait until the clock shows this moment."""
        while (left := moment - self.now()) > 0:
            # Not wait_for: before Python 3.12 it forgets a cancellation that comes as the waiting ends.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._advanced.wait()


def shown(moment: float) -> str:
    """A moment as Shoptet writes it, `2018-05-29T09:02:27+0200`: whole seconds, no colon in the zone."""
    return datetime.fromtimestamp(int(moment), SHOP_ZONE).strftime("%Y-%m-%dT%H:%M:%S%z")


def shown_or_none(moment: float | None) -> str | None:
    """A moment as Shoptet writes it, or null."""
    return None if moment is None else shown(moment)


def parsed(text: str) -> float:
    """The moment that a filter names, in seconds since 1970; a time without a zone is the shop's.

    Raises:
        ValueError: if it is not an ISO 8601 time; so when a `+` was not percent-encoded and came as a space.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHOP_ZONE)).timestamp()


def http_date(moment: float) -> str:
    """A moment as HTTP headers write it, `Mon, 01 Jul 2024 12:01:11 GMT`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
