"""`place_names`: finds out whose the pictures are that lie in no product's folder, by the codes and EANs of the catalogue."""

import os

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.place import place_world
from gallery_sync.connect.settings import PlaceNames, read_or_exit
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import BadTask, TasksError, parse_place_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work import place as work
from gallery_sync.work.world import PlaceWorld

SETTINGS: PlaceNames = read_or_exit(PlaceNames, os.environ)


@once
def world() -> PlaceWorld:
    """Connect at the first task: the server forks after it has loaded this file."""
    return place_world(SETTINGS)


@functions_framework.http
@logged_as("place_names")
def place_names(request: Request) -> ResponseReturnValue:
    """Place names. 503 where storage or tasks fail: the task comes again; 204 for a body that is no task's."""
    try:
        task = parse_place_task(request.get_data(cache=False))
    except BadTask as error:
        world().log.say("ERROR", str(error))
        return "", 204
    try:
        work.place(world(), task)
    except (StorageUnavailable, TasksError, BadDocument) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
