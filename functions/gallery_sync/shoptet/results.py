"""The download of a job's result: from trusted hosts only, without any token, bounded, and never an exception.

A result only helps to find names sooner; the gallery decides what is live. So whatever goes wrong here is None.
"""

import requests

from gallery_sync.clock import Clock
from gallery_sync.shoptet.addresses import ResultHosts
from gallery_sync.shoptet.result_format import parse_result
from gallery_sync.shoptet.transport import Broken, NotSent, RawAnswer, Timeouts, exchange

__all__ = ["Results", "parse_result"]

TIMEOUTS = Timeouts(connect=5.0, read=10.0, total=20.0)

TRIES = 2
"""Where no whole answer came, or a 5xx or 429."""

PAUSE = 1.0


class Results:
    """Downloads from `shop_url`'s host or Shoptet's domains.

    `api_url` is the API's base URL: if that is plain http on loopback (the local cloud), results are fetched from
    loopback instead. `shop_url` is the shop's own address, where it is known.
    """

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

    def fetch(self, url: str) -> bytes | None:
        """The file at this URL; None if it is gone, too large, not answered, redirected, or on a host not trusted."""
        if not self._hosts.trust(url):
            return None
        for attempt in range(TRIES):
            self._clock.sleep(PAUSE * attempt)
            answer = self._once(url)
            if answer and answer.status == 200:
                return answer.body
            if answer and answer.status < 500 and answer.status != 429:
                return None
        return None

    def _once(self, url: str) -> RawAnswer | None:
        try:
            return exchange(self._session, self._clock, self._timeouts, "GET", url, {"Accept": "application/json"})
        except (NotSent, Broken):
            return None
