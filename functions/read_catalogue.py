"""`read_catalogue`: keeps what is known of the whole shop, by a snapshot a day and the changes in between."""

import os

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.catalogue import catalogue_world
from gallery_sync.connect.settings import ReadCatalogue, read_or_exit
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import BadTask, TasksError, parse_catalogue_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work import catalogue as work
from gallery_sync.work.world import CatalogueWorld

SETTINGS: ReadCatalogue = read_or_exit(ReadCatalogue, os.environ)


@once
def world() -> CatalogueWorld:
    """Connect at the first task: the server forks after it has loaded this file."""
    return catalogue_world(SETTINGS)


@functions_framework.http
@logged_as("read_catalogue")
def read_catalogue(request: Request) -> ResponseReturnValue:
    """Go on reading the catalogue. 503 where storage or tasks fail: the task comes again; 204 for a body that is no task's."""
    try:
        task = parse_catalogue_task(request.get_data(cache=False))
    except BadTask as error:
        world().log.say("ERROR", str(error))
        return "", 204
    try:
        work.read_catalogue(world(), task.job)
    except (StorageUnavailable, TasksError) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
