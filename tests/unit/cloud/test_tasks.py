"""What is asked of Cloud Tasks, and what its refusals mean, without a server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import tasks_v2

from gallery_sync.cloud.tasks import CloudTasks, Task, connect
from gallery_sync.ports.queue import EnqueueFailed, QueueMissing, TasksError

QUEUE = "projects/p/locations/l/queues/sync"


class Client(tasks_v2.CloudTasksClient):
    """Notes what it is asked, and answers with the errors it was given, one a call."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(credentials=AnonymousCredentials())
        self.errors = list(errors)
        self.asked: list[tasks_v2.Task] = []

    def create_task(self, request: Any = None, **arguments: Any) -> tasks_v2.Task:
        def call() -> tasks_v2.Task:
            self.asked.append(arguments["task"])
            if self.errors:
                raise self.errors.pop(0)
            return tasks_v2.Task()

        assert arguments["parent"] == QUEUE
        created: tasks_v2.Task = arguments["retry"](call)()
        return created


def an_error(kind: type[exceptions.GoogleAPICallError], message: str = "no") -> exceptions.GoogleAPICallError:
    return kind(message)


def a_task(**changes: Any) -> Task:
    values: dict[str, Any] = {
        "queue": QUEUE,
        "url": "https://sync.example/run",
        "body": b'{"guid":"g"}',
        "at": 1_700_000_000.25,
        "name": "a-1_B",
        "dispatch_deadline": 90.0,
    }
    return Task(**(values | changes))


def test_a_task_is_a_post_of_json_at_its_time() -> None:
    client = Client()
    assert CloudTasks(client, None).enqueue(a_task()) is True
    (asked,) = client.asked
    assert asked.name == f"{QUEUE}/tasks/a-1_B"
    assert asked.schedule_time == datetime.fromtimestamp(1_700_000_000.25, UTC)
    assert asked.dispatch_deadline == timedelta(seconds=90)
    request = asked.http_request
    assert (request.http_method, request.url) == (tasks_v2.HttpMethod.POST, "https://sync.example/run")
    assert (request.body, dict(request.headers)) == (b'{"guid":"g"}', {"Content-Type": "application/json"})


def test_an_unnamed_task_leaves_its_name_to_cloud_tasks() -> None:
    client = Client()
    CloudTasks(client, None).enqueue(a_task(name=None))
    assert client.asked[0].name == ""


def test_without_a_service_account_there_is_no_token() -> None:
    client = Client()
    CloudTasks(client, None).enqueue(a_task())
    assert "oidc_token" not in client.asked[0].http_request


def test_the_tokens_audience_is_the_url_without_its_query() -> None:
    client = Client()
    CloudTasks(client, "tasks@p.iam.gserviceaccount.com").enqueue(a_task(url="https://sync.example/run?a=1#b"))
    token = client.asked[0].http_request.oidc_token
    assert token.service_account_email == "tasks@p.iam.gserviceaccount.com"
    assert token.audience == "https://sync.example/run"


def test_a_name_that_is_used_is_success() -> None:
    assert CloudTasks(Client(an_error(exceptions.AlreadyExists)), None).enqueue(a_task()) is False


@pytest.mark.parametrize(
    "passing",
    [
        exceptions.ServiceUnavailable,
        exceptions.DeadlineExceeded,
        exceptions.ResourceExhausted,
        exceptions.Aborted,
        exceptions.InternalServerError,
    ],
)
def test_what_passes_is_tried_again(passing: type[exceptions.GoogleAPICallError]) -> None:
    client = Client(an_error(passing))
    assert CloudTasks(client, None).enqueue(a_task()) is True
    assert len(client.asked) == 2


@pytest.mark.parametrize("refusal", [exceptions.NotFound, exceptions.FailedPrecondition])
def test_a_missing_queue_is_named_and_not_tried_again(refusal: type[exceptions.GoogleAPICallError]) -> None:
    client = Client(an_error(refusal))
    with pytest.raises(QueueMissing, match=QUEUE) as caught:
        CloudTasks(client, None).enqueue(a_task())
    assert caught.value.queue == QUEUE
    assert isinstance(caught.value, TasksError)
    assert len(client.asked) == 1


def test_a_refusal_for_good_is_not_tried_again_and_says_why() -> None:
    client = Client(an_error(exceptions.PermissionDenied, "cloudtasks.tasks.create is not granted"))
    with pytest.raises(EnqueueFailed, match=r"cloudtasks\.tasks\.create is not granted"):
        CloudTasks(client, None).enqueue(a_task())
    assert len(client.asked) == 1


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a.b", "á", "x" * 501, "a\n"])
def test_a_name_that_cloud_tasks_refuses_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        a_task(name=name)


@pytest.mark.parametrize("deadline", [14.9, 1800.1, -1.0])
def test_a_deadline_that_cloud_tasks_refuses_is_refused(deadline: float) -> None:
    with pytest.raises(ValueError, match="deadline"):
        a_task(dispatch_deadline=deadline)


@pytest.mark.parametrize("deadline", [15.0, 1800.0])
def test_the_outermost_deadlines_are_accepted(deadline: float) -> None:
    assert a_task(dispatch_deadline=deadline).dispatch_deadline == deadline


def test_a_connection_to_an_emulator_needs_no_credentials() -> None:
    with connect("127.0.0.1:1") as client:
        assert client.transport.kind == "grpc"
