"""`fetch_images`: fetches pictures from the shop's own site: to see what landed, and to keep what is about to be deleted."""

import os

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.fetch import fetch_world
from gallery_sync.connect.settings import FetchImages, read_or_exit
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import BadTask, TasksError, parse_fetch_task
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work import fetch as work
from gallery_sync.work.world import FetchWorld

SETTINGS: FetchImages = read_or_exit(FetchImages, os.environ)


@once
def world() -> FetchWorld:
    """Connect at the first task: the server forks after it has loaded this file."""
    return fetch_world(SETTINGS)


@functions_framework.http
@logged_as("fetch_images")
def fetch_images(request: Request) -> ResponseReturnValue:
    """Fetch what a gallery needs. 503 where storage or tasks fail: the task comes again; 204 for a body that is no task's."""
    try:
        task = parse_fetch_task(request.get_data(cache=False))
    except BadTask as error:
        world().log.say("ERROR", str(error))
        return "", 204
    try:
        work.fetch(world(), task)
    except (StorageUnavailable, TasksError, BadDocument) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
