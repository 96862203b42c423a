"""`job_finished`: Shoptet says that a job has ended; the jobs are looked at soon. Public, signed by Shoptet."""

import os
from functools import cache

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.clock import SystemClock
from gallery_sync.log import Log
from gallery_sync.looks import TaskLooks, connect_looks
from gallery_sync.settings import JobFinished, read_or_exit
from gallery_sync.shoptet import webhook
from gallery_sync.tasks import TasksError

SETTINGS: JobFinished = read_or_exit(JobFinished, os.environ)
LOG = Log("job_finished")
PATIENCE = 2.5
"""Seconds to enqueue: Shoptet gives up after 4 (facts.md, "Webhooks from Shoptet")."""


@cache
def looks() -> TaskLooks:
    """Connect at the first call: the server forks after it has loaded this file, and a gRPC channel survives no fork."""
    return connect_looks(SETTINGS, SystemClock(), SETTINGS.timing, PATIENCE)


@functions_framework.http
def job_finished(request: Request) -> ResponseReturnValue:
    """Check the signature over the raw body before anything else; then the event is a hint to look, nothing more."""
    raw = read(request)
    if raw is None:
        LOG.say("WARNING", "a call with too large a body was refused")
        return {"error": "the body is too large"}, 413
    if not webhook.verify(raw, request.headers.get("Shoptet-Webhook-Signature"), SETTINGS.shoptet_webhook_keys):
        LOG.say("WARNING", "a call without a valid Shoptet-Webhook-Signature was refused")
        return {"error": "the signature is missing or wrong"}, 401
    try:
        notification = webhook.parse(raw)
    except webhook.BadNotification as error:
        LOG.say("ERROR", str(error))
        return {"error": str(error)}, 400
    if notification.event == "job:finished":
        try:
            looks().jobs(SystemClock().now())
        except TasksError as error:
            LOG.say("ERROR", str(error), job=notification.event_instance)
            return {"error": "not now: send it again later"}, 503
        LOG.say("INFO", "a job has finished", job=notification.event_instance)
    return "", 200


def read(request: Request) -> bytes | None:
    """Read the raw body; None if it is larger than a notification can be. Nobody fills the memory."""
    if (request.content_length or 0) > webhook.MAX_BODY:
        return None
    # Without a Content-Length, reading ends there, and the next byte is what tells that there is more.
    request.max_content_length = webhook.MAX_BODY + 1
    raw = request.get_data()
    return raw if len(raw) <= webhook.MAX_BODY else None
