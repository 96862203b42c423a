"""`galleries`: other systems list, insert, replace and describe images over HTTP. Public, by API key."""

import os

import functions_framework
from flask import Request, current_app
from flask.typing import ResponseReturnValue

from gallery_sync.connect.api import api_world
from gallery_sync.connect.server import keep_thawed_workers
from gallery_sync.connect.settings import Galleries, read_or_exit
from gallery_sync.entry import logged_as
from gallery_sync.http import access, rest
from gallery_sync.http.asked import take_every_path
from gallery_sync.http.body import never_hold
from gallery_sync.log import Log
from gallery_sync.once import once
from gallery_sync.work.world import RequestWorld

SETTINGS: Galleries = read_or_exit(Galleries, os.environ)
keep_thawed_workers(os.environ)


@once
def world() -> RequestWorld:
    """Connect at the first call: the server forks after it has loaded this file."""
    return api_world(SETTINGS, "galleries")


SERVICE = rest.Service(
    "galleries", access.parse_keys(SETTINGS.api_keys), world, Log("galleries"), SETTINGS.allow_private_sources
)


@functions_framework.http
@logged_as("galleries")
def galleries(request: Request) -> ResponseReturnValue:
    """Answer a call."""
    return rest.openapi(request) or rest.respond(request, SERVICE)


take_every_path(current_app, galleries)
never_hold(current_app)
