"""Signed events: signature, event, operation, answer. The work itself is a task: the sender waits for a second at most."""

from collections.abc import Callable, Sequence
from typing import Final

from flask import Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

from gallery_sync.http import parts
from gallery_sync.http.access import Right, Sender
from gallery_sync.http.answers import Answer, Flaw, Rejected, not_now, refusal
from gallery_sync.http.asked import Asked, Headers, from_flask, request_id, to_flask
from gallery_sync.http.begin import answer_later, begin_event, told_paused
from gallery_sync.http.limit import Limit
from gallery_sync.log import Log, of_request
from gallery_sync.ports.queue import TasksError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work.world import BaseWorld

PATH: Final = "/v1/events"
HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
RETRY_SECONDS: Final = 5.0
"""When a sender may send again after the cloud could not do its part."""


def respond(
    request: Request,
    senders: Sequence[Sender],
    connect: Callable[[], BaseWorld],
    log: Log,
    limit: Limit,
    *,
    private: bool = False,
) -> Response:
    """Answer an event; `connect` is called for one that is genuine only. `private`: as in rest.Service."""
    name = request_id(request.headers)
    with of_request(name):
        try:
            given = _answer(from_flask(request), senders, connect, log, limit, private)
        except Rejected as rejected:
            given = refusal(rejected, name)
    return to_flask(given, name)


def genuine(raw: bytes, headers: Headers, secrets: Sequence[str]) -> bool:
    """Whether the raw body was signed under one of the secrets, at most 5 minutes ago or ahead.

    Source: Standard Webhooks 1.0, "Verifying webhooks"; the package compares in constant time.
    """
    found = False
    for secret in secrets:
        try:
            Webhook(secret).verify(raw, {name: headers.get(name, "") for name in HEADERS}, json_parse=False)
        except (WebhookVerificationError, ValueError, TypeError, OverflowError):
            # Beside its own error the package raises what it stumbles over in a malformed signature or body.
            continue
        found = True
    return found


def _answer(
    asked: Asked, senders: Sequence[Sender], connect: Callable[[], BaseWorld], log: Log, limit: Limit, private: bool
) -> Answer:
    if asked.path != PATH:
        raise Rejected(404, Flaw("no-such-route", f"there is nothing at this path: send events to {PATH}"))
    if asked.method != "POST":
        raise Rejected(405, Flaw("no-such-method", "this path takes POST only"), headers={"Allow": "POST"})
    raw = asked.raw()
    # Each is tried, whichever fits: how long it takes tells nothing about any of them.
    signers = [sender for sender in senders if genuine(raw, asked.headers, [sender.secret])]
    if not signers:
        log.say("WARNING", "an event without a valid signature was refused")
        message = "the signature is missing or wrong, or more than 5 minutes old"
        raise Rejected(401, Flaw("no-signature", message))
    asked.check_json()
    kind, wanted = parts.event(raw, private=private)
    right: Right = "clean" if any(part.kind in ("clean", "delete") for part in wanted) else "write"
    name = signers[0].name
    if not any(right in sender.rights for sender in signers):
        log.say("WARNING", "an event was refused: its secret lacks the right", sender=name, type=kind, right=right)
        raise Rejected(403, Flaw("no-right", f"the secret of '{name}' has no right to {right}"))
    with limit.place(name):
        operation, given = _taken(connect(), asked, wanted, log)
    log.say("INFO", "an event was taken", sender=name, type=kind, operation=operation)
    return given


def _taken(world: BaseWorld, asked: Asked, wanted: parts.Parts, log: Log) -> tuple[str, Answer]:
    """Write an event down and enqueue it; give its operation's id, and the answer."""
    try:
        operation = begin_event(world.documents, asked.headers.get(HEADERS[0], ""), wanted)
        # Also for a repetition: whoever took the first may have died before this.
        world.queue.operation(operation.id, world.clock.now())
        given = told_paused(answer_later(operation), world.documents)
    except (StorageUnavailable, TasksError) as error:
        log.say("ERROR", str(error))
        raise not_now(RETRY_SECONDS, "the cloud could not do its part: send the same event again") from None
    return operation.id, given
