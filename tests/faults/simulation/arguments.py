"""What the real client would not send: its own checks of its arguments, with nothing behind them."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from gallery_sync.shoptet.classify import Reply
from gallery_sync.shoptet.client import Shoptet
from gallery_sync.shoptet.http import Http
from gallery_sync.shoptet.results import Results

T = TypeVar("T")


class _Passed(Exception):
    """The call came through to where it would be sent."""


class _Nowhere(Http):
    """Connects to nothing, and sends nothing."""

    def __init__(self) -> None:
        pass

    def call(
        self,
        method: str,
        path: str,
        of: type[T],
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        send_until: float | None = None,
        counted: bool = False,
    ) -> Reply[T]:
        """See Http."""
        raise _Passed


class _NoResults(Results):
    def __init__(self) -> None:
        pass


_REAL: Final = Shoptet(_Nowhere(), _NoResults())


def flaw(call: Callable[[Shoptet], object]) -> str | None:
    """Say what the real client has against a call; None if it would send it."""
    try:
        call(_REAL)
    except _Passed:
        return None
    except ValueError as error:
        return str(error)
    return "it sends nothing"
