"""`sweep`: called by Cloud Scheduler; what got stuck or lost is reconciled again."""

import os
from dataclasses import asdict

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.settings import Sweep, read_or_exit
from gallery_sync.connect.sweep import sweep_world
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import TasksError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work import sweep as work
from gallery_sync.work.world import SweepWorld

SETTINGS: Sweep = read_or_exit(Sweep, os.environ)


@once
def world() -> SweepWorld:
    """Connect at the first call: the server forks after it has loaded this file."""
    return sweep_world(SETTINGS)


@functions_framework.http
@logged_as("sweep")
def sweep(_request: Request) -> ResponseReturnValue:
    """Go through all galleries, and answer what was found; 503 where storage or tasks fail: the next sweep goes on."""
    try:
        swept = asdict(work.sweep(world()))
    except (StorageUnavailable, TasksError) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    world().log.say("INFO", "swept", **swept)
    return swept, 200
