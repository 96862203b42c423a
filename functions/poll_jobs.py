"""`poll_jobs`: polls the jobs under way, all with one list; those that ended are settled by `sync_gallery`."""

import os

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from gallery_sync.connect.poll import poll_world
from gallery_sync.connect.settings import PollJobs, read_or_exit
from gallery_sync.entry import logged_as
from gallery_sync.once import once
from gallery_sync.ports.queue import TasksError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work.poll import poll
from gallery_sync.work.world import PollWorld

SETTINGS: PollJobs = read_or_exit(PollJobs, os.environ)


@once
def world() -> PollWorld:
    """Connect at the first task: the server forks after it has loaded this file."""
    return poll_world(SETTINGS)


@functions_framework.http
@logged_as("poll_jobs")
def poll_jobs(_request: Request) -> ResponseReturnValue:
    """Poll the jobs; the task needs to be told nothing. 503 where storage or tasks fail: the task comes again."""
    try:
        poll(world())
    except (StorageUnavailable, TasksError) as error:
        world().log.say("ERROR", str(error))
        return {"error": str(error)}, 503
    return "", 204
