"""`webhooks`: other systems send what they want as signed events; it is written down and enqueued. Public, by signature."""

import os

import functions_framework
from flask import Request, current_app
from flask.typing import ResponseReturnValue

from gallery_sync.connect.server import keep_thawed_workers
from gallery_sync.connect.settings import Webhooks, read_or_exit
from gallery_sync.connect.webhooks import webhooks_world
from gallery_sync.entry import logged_as
from gallery_sync.http import access, signed
from gallery_sync.http.asked import take_every_path
from gallery_sync.http.body import never_hold
from gallery_sync.http.limit import Limit
from gallery_sync.log import Log
from gallery_sync.once import once
from gallery_sync.work.world import BaseWorld

SETTINGS: Webhooks = read_or_exit(Webhooks, os.environ)
keep_thawed_workers(os.environ)
SENDERS = access.parse_senders(SETTINGS.webhook_secrets)
LOG = Log("webhooks")
LIMIT = Limit(sender.name for sender in SENDERS)


@once
def world() -> BaseWorld:
    """Connect at the first event: the server forks after it has loaded this file."""
    return webhooks_world(SETTINGS)


@functions_framework.http
@logged_as("webhooks")
def webhooks(request: Request) -> ResponseReturnValue:
    """Take an event."""
    return signed.respond(request, SENDERS, world, LOG, LIMIT, private=SETTINGS.allow_private_sources)


take_every_path(current_app, webhooks)
never_hold(current_app)
