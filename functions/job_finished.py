"""`job_finished`: Shoptet says that a job has ended; the jobs are polled soon. Public, signed by Shoptet."""

import os

import functions_framework
from flask import Request, current_app, make_response
from flask.typing import ResponseReturnValue

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.queue import TaskQueue
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.server import keep_thawed_workers
from gallery_sync.connect.settings import JobFinished, read_or_exit
from gallery_sync.entry import logged_as
from gallery_sync.http import body
from gallery_sync.http.asked import request_id
from gallery_sync.log import Log, of_request
from gallery_sync.once import once
from gallery_sync.ports.queue import TasksError
from gallery_sync.shoptet import webhook

SETTINGS: JobFinished = read_or_exit(JobFinished, os.environ)
keep_thawed_workers(os.environ)
LOG = Log("job_finished")
JOB_FINISHED = "job:finished"
PATIENCE = 2.5
"""Seconds to enqueue: Shoptet gives up after 4 (docs/shoptet.md, "Webhooks from Shoptet")."""


@once
def queue() -> TaskQueue:
    """Connect at the first call: the server forks after it has loaded this file, and a gRPC channel survives no fork."""
    return work_queue(SETTINGS, SystemClock(), SETTINGS.timing, PATIENCE)


@functions_framework.http
@logged_as("job_finished")
def job_finished(request: Request) -> ResponseReturnValue:
    """Take a call; its id stands in the answer and in each line of the log."""
    name = request_id(request.headers)
    with of_request(name):
        answer = make_response(_answer(request))
    answer.headers.update({"X-Request-Id": name, "X-Content-Type-Options": "nosniff"})
    return answer


def _answer(request: Request) -> ResponseReturnValue:
    """Check the signature over the raw body before anything else; then the event is a hint to poll, nothing more."""
    try:
        raw = body.read(request.stream, request.content_length, webhook.MAX_BODY)
    except body.TooLarge:
        LOG.say("WARNING", "a call with too large a body was refused")
        return {"error": "the body is too large"}, 413
    except body.Unreadable:
        LOG.say("WARNING", "a call with a broken body was refused")
        return {"error": "the body is not what its headers say, or ended too early"}, 400
    if not webhook.verify(raw, request.headers.get("Shoptet-Webhook-Signature"), SETTINGS.shoptet_webhook_keys):
        LOG.say("WARNING", "a call without a valid Shoptet-Webhook-Signature was refused")
        return {"error": "the signature is missing or wrong"}, 401
    if request.method != "POST":
        LOG.say("WARNING", f"a signed call with {request.method[:20]} was refused")
        return {"error": "this function takes POST only"}, 405, {"Allow": "POST"}
    try:
        notification = webhook.parse(raw)
        # Of any other event, such as that of `gallery-sync check`, nothing comes.
        if notification.event == JOB_FINISHED:
            webhook.check(notification, now=SystemClock().now(), eshop_id=SETTINGS.shoptet_eshop_id)
    except webhook.BadNotification as error:
        LOG.say("ERROR", str(error))
        return {"error": str(error)}, 400
    if notification.event == JOB_FINISHED:
        try:
            queue().poll(SystemClock().now())
        except TasksError as error:
            LOG.say("ERROR", str(error), job=notification.event_instance)
            return {"error": "not now: send it again later"}, 503
        LOG.say("INFO", "a job has finished", job=notification.event_instance, eshop=notification.eshop_id)
    return "", 200


body.never_hold(current_app)
