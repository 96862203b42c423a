"""Enqueueing at Cloud Tasks. The only module that imports its client, which takes half a second of a cold start."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import grpc
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud import tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from gallery_sync.ports.queue import EnqueueFailed, QueueMissing

PATIENCE_SECONDS: Final = 10.0
"""How long an enqueueing may take in all, retries included."""

MIN_DEADLINE: Final = 15.0
"""Seconds; Cloud Tasks refuses a shorter dispatch deadline for an HTTP target (reference, `Task.dispatch_deadline`)."""

MAX_DEADLINE: Final = 1800.0
"""Seconds; and a longer one."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,500}")

_PASSING: Final = if_exception_type(
    exceptions.ServiceUnavailable,  # UNAVAILABLE
    exceptions.DeadlineExceeded,
    exceptions.ResourceExhausted,
    exceptions.Aborted,
    exceptions.InternalServerError,  # INTERNAL
)


@dataclass(frozen=True, slots=True)
class Task:
    """A task to enqueue: an HTTP POST of `body` (JSON) to `url`, not before `at`.

    Raises ValueError for what Cloud Tasks would refuse (reference, `Task`).
    """

    queue: str
    """The queue's full name: projects/P/locations/L/queues/Q."""
    url: str
    body: bytes
    at: float
    """Epoch seconds; the past means now, and 30 days ahead is the most."""
    name: str | None
    """The task's short id, remembered by Cloud Tasks for up to a day; None: unnamed."""
    dispatch_deadline: float
    """Seconds, 15 to 1800, after which Cloud Tasks gives up an attempt and tries again."""

    def __post_init__(self) -> None:
        if self.name is not None and not _NAME.fullmatch(self.name):
            raise ValueError(f"a task's name holds 1 to 500 of [A-Za-z0-9_-], not {self.name!r}")
        if not MIN_DEADLINE <= self.dispatch_deadline <= MAX_DEADLINE:
            raise ValueError(f"a dispatch deadline is 15 to 1800 seconds, not {self.dispatch_deadline:g}")


class CloudTasks:
    """Enqueues tasks. `service_account` (email) is whom the tasks act as; None sends them without a token.

    `patience`: seconds that `enqueue` may take in all; a caller who must answer soon has less of it.
    """

    def __init__(
        self,
        client: tasks_v2.CloudTasksClient,
        service_account: str | None,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._service_account = service_account
        # A third for each call: after one that hangs there is time for another, and the last one ends in time.
        self._timeout = patience / 3
        retrying = patience - self._timeout
        self._retry = Retry(predicate=_PASSING, initial=0.1, maximum=1.0, multiplier=2.0, timeout=retrying)

    def enqueue(self, task: Task) -> bool:
        """Create the task, with retries; False if its name was already used, which is success too.

        False also comes where the first call created the task and only its answer was lost: the retry then meets the
        name. An unnamed task may be created twice that way, which is harmless: every task only makes somebody
        reconcile, and reconciling again is always safe. Raises QueueMissing and EnqueueFailed.
        """
        try:
            self._client.create_task(
                parent=task.queue, task=self._message(task), retry=self._retry, timeout=self._timeout
            )
        except exceptions.AlreadyExists:
            return False
        except (exceptions.NotFound, exceptions.FailedPrecondition) as error:
            raise QueueMissing(task.queue) from error
        except exceptions.GoogleAPIError as error:
            raise EnqueueFailed(f"{task.queue} did not take a task: {error}") from error
        return True

    def _message(self, task: Task) -> tasks_v2.Task:
        request = tasks_v2.HttpRequest(
            url=task.url,
            http_method=tasks_v2.HttpMethod.POST,
            headers={"Content-Type": "application/json"},
            body=task.body,
        )
        if self._service_account is not None:
            # Cloud Tasks would take the whole URL, its query included; a function only accepts its own plain URL.
            audience = urlsplit(task.url)._replace(query="", fragment="").geturl()
            request.oidc_token = tasks_v2.OidcToken(service_account_email=self._service_account, audience=audience)
        message = tasks_v2.Task(
            http_request=request,
            schedule_time=datetime.fromtimestamp(task.at, UTC),
            dispatch_deadline=timedelta(seconds=task.dispatch_deadline),
        )
        if task.name is not None:
            message.name = f"{task.queue}/tasks/{task.name}"
        return message


def connect(emulator_host: str | None) -> tasks_v2.CloudTasksClient:
    """A client: for the local Cloud Tasks at `emulator_host` (host:port), or with None for Google's.

    For Google's it raises google.auth.exceptions.DefaultCredentialsError where the environment has no credentials.
    """
    if emulator_host is None:
        return tasks_v2.CloudTasksClient()
    return tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(emulator_host)))
