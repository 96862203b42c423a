"""Whether the two queues are there, run, and keep to the number of connections that Shoptet lets a token have."""

from collections.abc import Iterator
from typing import Final

from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError
from google.cloud import tasks_v2

from infra.cli.checks.finding import Finding, cross, tick

__all__ = ["POLL_AT_ONCE", "SYNC_AT_ONCE", "check_queue"]

SYNC_AT_ONCE: Final = 2
POLL_AT_ONCE: Final = 1
"""Together Shoptet's 3 connections a token (docs/shoptet.md, "Limits")."""

TIMEOUT: Final = 20.0


def check_queue(client: tasks_v2.CloudTasksClient, name: str, setting: str, at_once: int) -> Iterator[Finding]:
    """Look at one queue; `at_once` is the most tasks that it may dispatch at a time."""
    short = name.rpartition("/")[2]
    what = f"queue {short}"
    try:
        queue = client.get_queue(name=name, timeout=TIMEOUT)
    except (exceptions.GoogleAPIError, GoogleAuthError) as error:
        if isinstance(error, exceptions.NotFound):
            yield cross(what, "is not there", f"terraform apply makes it; check {setting}")
        elif isinstance(error, exceptions.PermissionDenied | exceptions.Unauthenticated):
            yield cross(what, "you may not look at it", "ask for the role Cloud Tasks Viewer")
        else:
            yield cross(what, f"could not be told ({type(error).__name__})", "run the check again later")
        return
    if queue.state != tasks_v2.Queue.State.RUNNING:
        yield cross(what, f"is {queue.state.name.lower()}: nothing moves", f"gcloud tasks queues resume {name}")
    else:
        yield tick(what, "runs")
    what = f"queue {short} keeps to {at_once} at a time"
    limit = queue.rate_limits.max_concurrent_dispatches
    if limit > at_once:
        yield cross(what, f"it takes {limit}, and Shoptet lets a token have 3 connections", "terraform apply")
    else:
        yield tick(what)
