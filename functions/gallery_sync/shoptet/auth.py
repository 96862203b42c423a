"""The two ways in: a private token, or an add-on's OAuth token that is exchanged for short-lived access tokens.

Source: Shoptet's documentation, "How to call the API" (private) and "Requesting an access token" (add-ons): an access
token is valid for 30 minutes, and at most 5 of them at a time.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import msgspec
import requests

from gallery_sync.clock import Clock
from gallery_sync.ports.shop_errors import NotAllowed, ShoptetError, TryLater, Unavailable
from gallery_sync.ports.token import SharedToken, Token
from gallery_sync.shoptet.addresses import secure_base
from gallery_sync.shoptet.classify import CHECK_ACCESS
from gallery_sync.shoptet.transport import Broken, NotSent, RawAnswer, Timeouts, exchange

__all__ = ["AddonToken", "PrivateToken", "Tokens"]

PRIVATE_HEADER = "Shoptet-Private-API-Token"
ADDON_HEADER = "Shoptet-Access-Token"

MOST_VALID = 5
"""Access tokens that Shoptet lets be valid at a time."""

LIFETIME = 1_800.0
"""Seconds. What a token's life is assumed to be while it is being fetched."""

EARLY = 300.0
"""Seconds before its end that a token is replaced; of a shorter life, the last sixth."""

CLAIM = 60.0
"""Seconds for which whoever claimed the fetching keeps the others from it. Longer than a fetch takes, so that nobody
claims beside a fetch that still runs; and the pause between two tries while Shoptet does not answer."""

PATIENCE = 10.0
"""Seconds to wait for another instance's fetch, where no valid token is left to go on with."""

LOOK_EVERY = 0.5
"""Seconds between two looks for it."""

CALL = "GET /action/ApiOAuthServer/getAccessToken"

FETCH_TIMEOUTS = Timeouts(connect=5.0, read=15.0, total=30.0)


class Tokens(Protocol):
    """What signs the calls to Shoptet."""

    def headers(self) -> Mapping[str, str]:
        """The headers that let a call in. May fetch a token: raises ShoptetError where that fails."""
        ...

    def expired(self, refused: Mapping[str, str]) -> bool:
        """Told after a 401 which headers were refused; True if another try with new headers is worthwhile."""
        ...


def _checked(token: str, what: str) -> str:
    """The token, if it can stand in a header. Refused here, since requests would repeat it in its own error."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ValueError(f"{what} is empty or holds characters that no token has")
    return token


class PrivateToken:
    """A Premium shop's own token, which does not end."""

    def __init__(self, token: str) -> None:
        self._headers = {PRIVATE_HEADER: _checked(token, "the private API token")}

    def __repr__(self) -> str:
        return "PrivateToken(…)"

    def headers(self) -> Mapping[str, str]:
        """The header that lets a call in."""
        return self._headers

    def expired(self, refused: Mapping[str, str]) -> bool:
        """Never worth another try: there is no other token."""
        return False


class AddonToken:
    """An add-on's access token, shared with the other instances and replaced before it ends.

    Who finds that a new one is needed claims the fetching in the shared document first, and fetches only if that
    write was the first one: so one new token is fetched, not one an instance. While the old token still holds, the
    others go on with it; where none is left, they wait a little. Every fetch is entered in `issued` before it is made:
    a sixth valid token is impossible even where fetches were lost or every new token is refused.

    Threads of one process share one instance of this class.
    """

    def __init__(
        self, eshop_url: str, oauth_token: str, shared: SharedToken, session: requests.Session, clock: Clock
    ) -> None:
        self._url = secure_base(eshop_url, "the e-shop's URL") + "/action/ApiOAuthServer/getAccessToken"
        self._oauth_token = _checked(oauth_token, "the OAuth token")
        self._shared = shared
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._known = Token()

    def __repr__(self) -> str:
        return "AddonToken(…)"

    def headers(self) -> Mapping[str, str]:
        """The header that lets a call in.

        Raises NotAllowed where the OAuth token is refused, TryLater where no token can be had now.
        """
        with self._lock:
            if not self._known.value or self._clock.now() >= self._known.refresh_at:
                self._known = self._current(refused="")
            return {ADDON_HEADER: self._known.value}

    def expired(self, refused: Mapping[str, str]) -> bool:
        """After a 401: True, as there is now another token than the refused one. Raises like `headers`."""
        value = refused.get(ADDON_HEADER, "")
        with self._lock:
            self._known = self._current(refused=value)
            return True

    def _current(self, refused: str) -> Token:
        """The shared token if it will do, else a new one. `refused` is a value that will not do."""
        give_up = self._clock.now() + PATIENCE
        while True:
            token, version = self._shared.read() or (Token(), 0)
            now = self._clock.now()
            if refused and token.value == refused:
                token = replace(token, value="", refresh_at=0.0, ends_at=0.0)
            if token.value and now < token.refresh_at:
                return token
            usable = bool(token.value) and now < token.ends_at
            issued = tuple(end for end in token.issued if end > now)
            fetching = now < token.fetching_until
            if usable and (fetching or len(issued) >= MOST_VALID):
                return token
            if fetching:
                if now >= give_up:
                    raise _later("another instance is fetching an access token", token.fetching_until)
                self._clock.sleep(LOOK_EVERY)
                continue
            if len(issued) >= MOST_VALID:
                raise _later(f"{MOST_VALID} access tokens are still valid, and no more can be had", min(issued))
            assumed = now + CLAIM + LIFETIME
            claim = replace(token, fetching_until=now + CLAIM, issued=(*issued, assumed))
            if self._shared.write(claim, version):
                return self._fetched(claim, assumed, usable=usable)
            if now >= give_up:
                raise _later("the shared access token could not be written", now + CLAIM)
            self._clock.sleep(LOOK_EVERY)

    def _fetched(self, claim: Token, assumed: float, *, usable: bool) -> Token:
        """A new token, recorded for all. Where none comes, the old one, if it is usable."""
        asked_at = self._clock.now()
        try:
            value, lifetime = self._fetch()
        except ShoptetError as error:
            if not isinstance(error, Unavailable):
                # Refused: no token was made. The claim stays, as a pause before the next try.
                self._record(lambda token: replace(token, issued=_without(token.issued, assumed)))
            if usable:
                return claim
            raise
        # It was made between asking and now: it is used as if at the one, and counted as if at the other.
        ends_at, counts_until = asked_at + lifetime, self._clock.now() + lifetime
        new = Token(value=value, refresh_at=ends_at - min(EARLY, lifetime / 6), ends_at=ends_at)
        self._record(lambda token: replace(new, issued=(*_without(token.issued, assumed), counts_until)))
        return new

    def _record(self, change: Callable[[Token], Token]) -> None:
        """Write a change of the shared token. If others write all the time, the claim's own entry stands, and ends."""
        for _ in range(MOST_VALID):
            token, version = self._shared.read() or (Token(), 0)
            if self._shared.write(change(token), version):
                return

    def _fetch(self) -> tuple[str, float]:
        """A new access token and the seconds that it lives.

        Raises NotAllowed where the OAuth token is refused, TryLater where nothing came of it, Unavailable where a
        token may have been made.
        """
        headers = {
            "Authorization": f"Bearer {self._oauth_token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        now = self._clock.now()
        try:
            answer = exchange(self._session, self._clock, FETCH_TIMEOUTS, "GET", self._url, headers)
        except NotSent as error:
            raise _later(str(error), now + CLAIM) from None
        except Broken as error:
            raise _unavailable(str(error), now) from None
        if 400 <= answer.status < 500:
            if answer.status in (408, 429):
                raise _later(f"{answer.status} for the access token", now + CLAIM)
            raise NotAllowed(
                f"{answer.status} for the access token", call=CALL, status=answer.status, advice=CHECK_ACCESS
            )
        return self._understood(answer, now)

    def _understood(self, answer: RawAnswer, now: float) -> tuple[str, float]:
        try:
            grant = msgspec.json.decode(answer.body, type=_Grant, strict=False) if answer.status == 200 else None
            if grant and grant.expires_in > 0:
                return _checked(grant.access_token, "the access token"), grant.expires_in
        except (msgspec.MsgspecError, ValueError):
            grant = None
        raise _unavailable(f"{answer.status} without an access token that could be understood", now)


class _Grant(msgspec.Struct):
    """The OAuth server's answer; `expires_in` in seconds."""

    access_token: str
    expires_in: float


def _without(issued: tuple[float, ...], end: float) -> tuple[float, ...]:
    """The ends without one of this value."""
    at = issued.index(end) if end in issued else len(issued)
    return issued[:at] + issued[at + 1 :]


def _later(message: str, at: float) -> TryLater:
    return TryLater(message, call=CALL, at=at)


def _unavailable(message: str, now: float) -> Unavailable:
    return Unavailable(message, call=CALL, at=now + CLAIM)
