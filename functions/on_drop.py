"""`on_drop`: a file was dropped, replaced, deleted or described anew; its gallery is reconciled soon."""

import os
from collections.abc import Callable

import functions_framework
from cloudevents.http import CloudEvent
from flask import abort

from gallery_sync.clock import SystemClock
from gallery_sync.cloud.queue import TaskQueue
from gallery_sync.connect.queue import work_queue
from gallery_sync.connect.server import keep_thawed_workers
from gallery_sync.connect.settings import OnDrop, read_or_exit
from gallery_sync.core import events
from gallery_sync.entry import logged_as
from gallery_sync.log import Log
from gallery_sync.once import once
from gallery_sync.ports.queue import TasksError
from gallery_sync.work.drop import LooseNames, drop

SETTINGS: OnDrop = read_or_exit(OnDrop, os.environ)
keep_thawed_workers(os.environ)
LOG = Log("on_drop")


@once
def queue() -> TaskQueue:
    """Connect at the first event: the server forks after it has loaded this file, and a gRPC channel survives no fork."""
    return work_queue(SETTINGS, SystemClock(), SETTINGS.timing)


@once
def waiting() -> Callable[[str], None]:
    """Connect at the first name that has to wait: most shops have folders, and a start without storage is a quick one."""
    from gallery_sync.connect.waiting import waiting_names  # noqa: PLC0415

    return waiting_names(SETTINGS)


def wait(name: str) -> None:
    """Let a name wait to be placed. Raises EnqueueFailed."""
    waiting()(name)


@functions_framework.cloud_event
@logged_as("on_drop")
def on_drop(event: CloudEvent) -> None:
    """Take a storage event. One that is not for us is logged and done with: Eventarc would repeat an error for a day."""
    try:
        changed = events.parse(event["type"], event.data, SETTINGS.drop_bucket)
    except events.BadEvent as error:
        LOG.say("ERROR", str(error), event=str(event["id"]))
        return
    try:
        drop(changed, queue(), SystemClock(), LOG, LooseNames(SETTINGS.placing, wait))
    except TasksError as error:
        LOG.say("ERROR", str(error), event=str(event["id"]))
        abort(503)  # Eventarc repeats the event.
