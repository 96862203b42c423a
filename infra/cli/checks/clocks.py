"""Whether Shoptet's clock and Google's agree: jobs are looked up by their creation time on Shoptet's."""

import email.utils
from collections.abc import Iterator
from typing import Final

import requests

from gallery_sync.clock import Clock
from gallery_sync.core.schedule import Timing
from infra.cli.checks.finding import Finding, cross, tick

__all__ = ["check_clocks"]

MARGIN: Final = Timing().clock_margin
"""Seconds that the functions allow for."""

OWN_MARGIN: Final = 60.0
"""Seconds that this machine may be wrong; signatures that are made here are refused beyond 15 minutes."""

TIMEOUT: Final = (5.0, 15.0)


def check_clocks(shoptet_url: str, storage_url: str, clock: Clock) -> Iterator[Finding]:
    """Compare the `Date` of an answer of each with this machine's clock, and so with each other."""
    ahead = {url: _ahead(url, clock) for url in (shoptet_url, storage_url)}
    shoptet, storage = ahead[shoptet_url], ahead[storage_url]
    what = "clocks of Shoptet and Cloud Storage"
    if shoptet is None or storage is None:
        silent = "Shoptet" if shoptet is None else "Cloud Storage"
        yield cross(what, f"{silent} does not tell the time", "check the addresses and the network; try again later")
        return
    if abs(shoptet - storage) > MARGIN:
        found = f"are {abs(shoptet - storage):.0f} s apart; the functions allow for {MARGIN:.0f} s"
        yield cross(what, found, "tell Shoptet's support: jobs are not found by their creation time")
    else:
        yield tick(what, f"are {abs(shoptet - storage):.0f} s apart")
    what = "clock of this machine"
    if abs(storage) > OWN_MARGIN:
        yield cross(what, f"is {abs(storage):.0f} s off", "set it by a time server")
    else:
        yield tick(what)


def _ahead(url: str, clock: Clock) -> float | None:
    """Seconds that a server's clock is ahead of ours, give or take one; None if it does not tell."""
    asked = clock.now()
    try:
        # Without a token: whatever it answers, it carries a date.
        answer = requests.get(f"{url.rstrip('/')}/", timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException:
        return None
    try:
        told = email.utils.parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except (ValueError, TypeError):
        return None
    # The header has whole seconds: on average it is half a second old.
    return told + 0.5 - (asked + clock.now()) / 2
