"""`sync_gallery`: a task says which gallery to reconcile; whatever it lacks is brought on its way."""

import os

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.settings import SyncGallery, read_or_exit
from gallery_sync.connect.sync import sync_world
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import BadTask, TasksError, parse_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work.reconcile import reconcile
from gallery_sync.work.world import ReconcileWorld

SETTINGS: SyncGallery = read_or_exit(SyncGallery, os.environ)


@once
def world() -> ReconcileWorld:
    """Connect at the first task: the server forks after it has loaded this file."""
    return sync_world(SETTINGS)


@functions_framework.http
@logged_as("sync_gallery")
def sync_gallery(request: Request) -> ResponseReturnValue:
    """Carry out a task. Where storage or tasks fail, the answer is 503, and Cloud Tasks repeats the task."""
    try:
        task = parse_task(request.get_data())
    except BadTask as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 400
    try:
        reconcile(world(), task)
    except (StorageUnavailable, TasksError, BadDocument) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
