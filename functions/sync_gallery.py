"""`sync_gallery`: a task says which gallery to look at; whatever it lacks is brought on its way."""

import os
from functools import cache

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.sync import sync_world
from gallery_sync.ledger import BadDocument
from gallery_sync.looks import BadLook, parse
from gallery_sync.ports import StorageUnavailable
from gallery_sync.settings import SyncGallery, read_or_exit
from gallery_sync.sync import sync
from gallery_sync.tasks import TasksError
from gallery_sync.world import World

SETTINGS: SyncGallery = read_or_exit(SyncGallery, os.environ)


@cache
def world() -> World:
    """Connect at the first task: the server forks after it has loaded this file."""
    return sync_world(SETTINGS)


@functions_framework.http
def sync_gallery(request: Request) -> ResponseReturnValue:
    """Carry out a look. Where storage or tasks fail, the answer is 503, and Cloud Tasks repeats the task."""
    try:
        look = parse(request.get_data())
    except BadLook as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 400
    try:
        sync(world(), look)
    except (StorageUnavailable, TasksError, BadDocument) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
