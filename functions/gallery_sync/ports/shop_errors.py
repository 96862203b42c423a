"""What can go wrong between us and Shoptet.

    ShoptetError
    ├── Refused             for good: the same request never succeeds (400, 422, other 4xx)
    │   ├── NotFound        404: no such product, image, job or webhook
    │   ├── TooMany         413: too many items; nothing was done
    │   └── Conflict        409: above all an image that a variant references
    ├── TryLater            nothing was done; `at` says when to try again (429, full bucket)
    │   ├── Crowded         429 that asks for no pause: more than 3 connections at a time
    │   ├── Locked          423: another write to the same URL is running
    │   ├── Unavailable     it cannot be reached, or a GET was not answered as it should be
    │   └── TooLate         the caller's `send_until` has passed; nothing was sent
    ├── NotAllowed          401, 403: a person has to do what `advice` says
    │   └── DetailsExhausted  the detail of one unfinished job was asked for more than 10 times
    └── AnswerLost          a write that may have happened: reset, timeout, 5xx, HTML, truncated or unexpected answer

Beside them stands NoResult: a job's result cannot be downloaded or read as a whole.

`str(error)` is one line: the call (method and path, never a query), the status, Shoptet's message, and the request id
that Shoptet's support asks for. Tokens, queries of URLs and bodies never get into an error.
"""

from gallery_sync.core.shop_values import RowError

__all__ = [
    "AnswerLost",
    "Conflict",
    "Crowded",
    "DetailsExhausted",
    "Locked",
    "NoResult",
    "NotAllowed",
    "NotFound",
    "Refused",
    "ShoptetError",
    "TooLate",
    "TooMany",
    "TryLater",
    "Unavailable",
]


class ShoptetError(Exception):
    """A call to Shoptet that did not do what it should.

    `call` is the method and path, `request_id` Shoptet's id of the request where an answer came, `code` the first
    `errorCode` of the answer, `message` what happened, on one line.
    """

    def __init__(self, message: str, *, call: str, request_id: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.call = call
        self.request_id = request_id
        self.code = code

    def __str__(self) -> str:
        line = f"{self.call}: {self.message}"
        return f"{line} (request {self.request_id})" if self.request_id else line


class Refused(ShoptetError):
    """Shoptet refuses this request for good: repeating it never helps. `rows` is what it says of each item."""

    def __init__(
        self,
        message: str,
        *,
        call: str,
        status: int,
        rows: tuple[RowError, ...] = (),
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, call=call, request_id=request_id, code=code)
        self.status = status
        self.rows = rows


class NotFound(Refused):
    """404 in Shoptet's own words: there is no such product, image, job or webhook."""


class TooMany(Refused):
    """413: more items than the call takes. Nothing was done."""


class Conflict(Refused):
    """409: relations forbid it, above all a variant that references the image. Nothing was done."""


class TryLater(ShoptetError):
    """Nothing was done, and trying again may help. `at`: not before this moment, in seconds since the epoch."""

    def __init__(
        self, message: str, *, call: str, at: float, request_id: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, call=call, request_id=request_id, code=code)
        self.at = at


class Crowded(TryLater):
    """429 without `Retry-After`: others of this token hold its 3 connections. `at` is only a guess."""


class Locked(TryLater):
    """423: another write to the same URL is running; Shoptet holds such a lock for 5 seconds at most."""


class Unavailable(TryLater):
    """Shoptet could not be reached, or did not answer a GET as it should: nothing can have happened."""


class TooLate(TryLater):
    """`send_until` passed before the request was sent: the caller has to plan anew, nothing was sent."""


class NotAllowed(ShoptetError):
    """401 or 403: only a person can help, by doing what `advice` says. Nothing was done."""

    def __init__(
        self,
        message: str,
        *,
        call: str,
        status: int,
        advice: str,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, call=call, request_id=request_id, code=code)
        self.status = status
        self.advice = advice

    def __str__(self) -> str:
        return f"{super().__str__()}: {self.advice}"


class DetailsExhausted(NotAllowed):
    """403 `job-detail-try-counter-exceeded-limit`: wait until the list of jobs shows the end of this job."""


class NoResult(Exception):
    """What a job made is not to be had, or not whole: the message says why. It may be ordered again."""


class NoOriginal(Exception):
    """A picture that the shop shows is not to be had: the message says why, without its address."""


class AnswerLost(ShoptetError):
    """A write that may have happened: only a look at Shoptet tells. `status` is None where no whole answer came."""

    def __init__(
        self,
        message: str,
        *,
        call: str,
        status: int | None = None,
        request_id: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message, call=call, request_id=request_id, code=code)
        self.status = status
