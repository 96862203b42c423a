"""`status_link`: the page on which people see what happens to their pictures. Public; who may see what, their links say."""

import os

import functions_framework
from flask import Request, current_app
from flask.typing import ResponseReturnValue

from gallery_sync.connect.page import page_world
from gallery_sync.connect.server import keep_thawed_workers
from gallery_sync.connect.settings import StatusLink, read_or_exit
from gallery_sync.entry import logged_as
from gallery_sync.http.asked import take_every_path
from gallery_sync.http.body import never_hold
from gallery_sync.once import once
from gallery_sync.pages import site, visit
from gallery_sync.work.world import PageWorld

SETTINGS: StatusLink = read_or_exit(StatusLink, os.environ)
keep_thawed_workers(os.environ)


@once
def world() -> PageWorld:
    """Connect at the first call: the server forks after it has loaded this file."""
    return page_world(SETTINGS, "status_link")


SERVICE = visit.Service(world, is_local=SETTINGS.storage_emulator_host is not None)


@functions_framework.http
@logged_as("status_link")
def status_link(request: Request) -> ResponseReturnValue:
    """Answer a visit."""
    return site.respond(request, SERVICE)


take_every_path(current_app, status_link)
never_hold(current_app)
