"""`verify_images`: looks at pictures in the shop itself, and notes whether they are those that were sent."""

import os

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.settings import VerifyImages, read_or_exit
from gallery_sync.connect.verify import verify_world
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import BadTask, TasksError, parse_verify_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work import verify as work
from gallery_sync.work.world import VerifyWorld

SETTINGS: VerifyImages = read_or_exit(VerifyImages, os.environ)


@once
def world() -> VerifyWorld:
    """Connect at the first task: the server forks after it has loaded this file."""
    return verify_world(SETTINGS)


@functions_framework.http
@logged_as("verify_images")
def verify_images(request: Request) -> ResponseReturnValue:
    """Look at a gallery. 503 where storage or tasks fail: the task comes again; 204 for a body that is no task's."""
    try:
        task = parse_verify_task(request.get_data(cache=False))
    except BadTask as error:
        world().log.say("ERROR", str(error))
        return "", 204
    try:
        work.verify(world(), task)
    except (StorageUnavailable, TasksError, BadDocument) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
