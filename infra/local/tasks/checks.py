"""What a new task must look like, and the task that Cloud Tasks makes of it.

Sources: Cloud Tasks reference, `CreateTaskRequest`, `Task`, `HttpRequest`; "Quotas and limits".
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.cloud import tasks_v2

from . import names
from .errors import CallError, invalid

MAX_SCHEDULE_SECONDS = 30 * 24 * 3600.0
MIN_DEADLINE_SECONDS, DEFAULT_DEADLINE_SECONDS, MAX_DEADLINE_SECONDS = 15.0, 600.0, 1800.0
MAX_TASK_BYTES = 1024 * 1024
"""Of a task with an HTTP target. (The reference of CreateTask still says 100 KB, which holds for App Engine tasks.)"""
MAX_HEADER_BYTES = 80 * 1024
MAX_URL_CHARACTERS = 2083

_WITH_BODY = (tasks_v2.HttpMethod.POST, tasks_v2.HttpMethod.PUT, tasks_v2.HttpMethod.PATCH)


def accepted(queue: str, asked: tasks_v2.Task, now: float) -> tasks_v2.Task:
    """The task to keep: named, scheduled, with its defaults filled in; `now` in epoch seconds.

    Output-only fields that the caller filled in are dropped. Raises CallError INVALID_ARGUMENT for what Cloud Tasks
    refuses, and UNIMPLEMENTED for what it can do and this server cannot.
    """
    if tasks_v2.Task.pb(asked).ByteSize() > MAX_TASK_BYTES:
        raise invalid(f"The task is larger than {MAX_TASK_BYTES} bytes.")
    name = asked.name or f"{queue}/tasks/{secrets.randbelow(10**19):019d}"
    if names.queue_of_task(name) != queue:
        raise invalid(f"The task's name {name!r} must start with its queue's name {queue!r}.")
    return tasks_v2.Task(
        name=name,
        http_request=_request(asked),
        schedule_time=_schedule(asked, now),
        create_time=datetime.fromtimestamp(int(now), UTC),
        dispatch_deadline=_deadline(asked),
    )


def timestamp(moment: float) -> datetime:
    """Epoch seconds as the messages carry them."""
    return datetime.fromtimestamp(moment, UTC)


def _request(asked: tasks_v2.Task) -> tasks_v2.HttpRequest:
    for part, message in (
        ("app_engine_http_request", asked),
        ("retry_config", asked),
        ("oauth_token", asked.http_request),
    ):
        if part in message:
            raise CallError(grpc.StatusCode.UNIMPLEMENTED, f"The local Cloud Tasks does not know {part}.")
    if "http_request" not in asked:
        raise invalid("A task must have an http_request.")
    method = asked.http_request.http_method or tasks_v2.HttpMethod.POST
    request = tasks_v2.HttpRequest(asked.http_request, http_method=method)
    if not request.url.startswith(("http://", "https://")) or len(request.url) > MAX_URL_CHARACTERS:
        raise invalid(
            f"http_request.url must begin with http:// or https:// and hold at most {MAX_URL_CHARACTERS} characters."
        )
    if sum(len(key) + len(value) for key, value in request.headers.items()) >= MAX_HEADER_BYTES:
        raise invalid(f"The headers must be smaller than {MAX_HEADER_BYTES} bytes.")
    if request.body and request.http_method not in _WITH_BODY:
        raise invalid("A body is allowed only with POST, PUT and PATCH.")
    if "oidc_token" in request and not request.oidc_token.service_account_email:
        raise invalid("http_request.oidc_token needs a service_account_email.")
    return request


def _schedule(asked: tasks_v2.Task, now: float) -> datetime:
    moment: Any = asked.schedule_time
    scheduled = now if moment is None else moment.timestamp()
    if scheduled > now + MAX_SCHEDULE_SECONDS:
        raise invalid("schedule_time must not be more than 30 days ahead.")
    return timestamp(max(now, scheduled))


def _deadline(asked: tasks_v2.Task) -> timedelta:
    if "dispatch_deadline" not in asked:
        return timedelta(seconds=DEFAULT_DEADLINE_SECONDS)
    deadline: timedelta = asked.dispatch_deadline
    if not MIN_DEADLINE_SECONDS <= deadline.total_seconds() <= MAX_DEADLINE_SECONDS:
        raise invalid(
            f"dispatch_deadline must be between {MIN_DEADLINE_SECONDS:g} and {MAX_DEADLINE_SECONDS:g} seconds."
        )
    return deadline
