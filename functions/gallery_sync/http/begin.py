"""An operation under the caller's own id of the request: begun once, found again by whoever repeats it."""

import hashlib
import re
import secrets
from dataclasses import replace
from typing import Final

import msgspec

from gallery_sync.core.operation import Operation, Part, operation_id
from gallery_sync.http.access import WEBHOOKS
from gallery_sync.http.answers import Answer, Flaw, Rejected, answer
from gallery_sync.ports.storage import Documents
from gallery_sync.state import operations, paused

ID = re.compile(r"[0-9a-f]{32}")
"""An operation's id."""

PAUSED: Final = "Gallery-Sync-Paused"
"""The header of an answer to a request that waits until `gallery-sync resume`."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class _Accepted(msgspec.Struct, frozen=True):
    operation: str
    href: str


def check_key(key: str | None) -> None:
    """Refuse what cannot be a caller's id of a request. Rejected (400)."""
    if key is not None and not _KEY.fullmatch(key):
        raise Rejected(400, Flaw("bad-id", "the id of a request is 1 to 255 printable ASCII characters"))


def begin(documents: Documents, caller: str, key: str | None, parts: tuple[Part, ...]) -> Operation:
    """Write a request down under the caller's id of it, or a new one; the same request again gives the same operation.

    Rejected: 400 for an id that cannot be one, 409 where it was used for another request. What is asked is compared,
    not how it was written: white space and the order of fields do not count. Raises StorageUnavailable.
    """
    check_key(key)
    return _begun(documents, operation_id(caller, key) if key is not None else secrets.token_hex(16), caller, parts)


def begin_event(documents: Documents, event: str, parts: tuple[Part, ...]) -> Operation:
    """Write a signed event down, as `begin` does, under an operation that its id does not tell.

    Whoever has a key that may read may see the operations of events, and events' ids can be guessed, which operations' must
    not be. The first who takes an event chooses its operation, at random; whatever secret it is signed with when it comes
    again, it has that one. Raises as `begin` does.
    """
    check_key(event)
    # Earlier versions derived it from the event's id alone, and such an event may still be repeated.
    before = operation_id(WEBHOOKS, event)
    known = operations.find(documents, before) is not None
    name = before if known else operations.of_event(documents, event, secrets.token_hex(16))
    return _begun(documents, name, WEBHOOKS, parts)


def _begun(documents: Documents, name: str, caller: str, parts: tuple[Part, ...]) -> Operation:
    operation = Operation(name, caller, hashlib.sha256(msgspec.json.encode(parts)).hexdigest(), parts)
    try:
        operations.begin(documents, operation)
    except operations.AnotherRequest:
        message = "this id was used for another request: give each request its own"
        raise Rejected(409, Flaw("another-request", message)) from None
    return operation


def told_paused(given: Answer, documents: Documents) -> Answer:
    """Give an answer that says so where what was accepted waits, as all is paused. Raises StorageUnavailable."""
    if given.status != 202 or not paused.is_paused(documents):
        return given
    return replace(given, headers={**given.headers, PAUSED: "true"})


def answer_later(operation: Operation, preferred: bool = False) -> Answer:
    """Give the answer to a request that is run later: where its state is to be seen."""
    href = f"/v1/operations/{operation.id}"
    headers = {"Location": href, **({"Preference-Applied": "respond-async"} if preferred else {})}
    return answer(202, _Accepted(operation.id, href), headers)
