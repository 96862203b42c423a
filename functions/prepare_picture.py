"""`prepare_picture`: opens dropped files before they are sent, and makes of them what the shop can show."""

import os

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.prepare import prepare_world
from gallery_sync.connect.settings import PreparePicture, read_or_exit
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import BadTask, TasksError, parse_prepare_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work import prepare as work
from gallery_sync.work.world import PrepareWorld

SETTINGS: PreparePicture = read_or_exit(PreparePicture, os.environ)


@once
def world() -> PrepareWorld:
    """Connect at the first task: the server forks after it has loaded this file."""
    return prepare_world(SETTINGS)


@functions_framework.http
@logged_as("prepare_picture")
def prepare_picture(request: Request) -> ResponseReturnValue:
    """Prepare a gallery's files. 503 where storage or tasks fail: the task comes again; 204 for a body that is no task's."""
    try:
        task = parse_prepare_task(request.get_data(cache=False))
    except BadTask as error:
        world().log.say("ERROR", str(error))
        return "", 204
    try:
        work.prepare(world(), task)
    except (StorageUnavailable, TasksError, BadDocument) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
