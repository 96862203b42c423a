"""The calls of `google.cloud.tasks.v2.CloudTasks`, as far as this server knows them; others answer UNIMPLEMENTED.

gRPC's threads hand every call to the server's event loop, which alone touches queues and tasks: so of many creations
of one name exactly one wins, without locks.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

import grpc
from google.cloud import tasks_v2

from . import names
from .config import QueueConfig, from_message, to_message
from .errors import CallError, invalid, missing
from .faults import Faults
from .queue import LocalQueue

CALL_SECONDS = 60.0
"""How long a call may take in all, ordered delays included."""

THREADS = 32
"""Calls that are answered at a time."""

_MAX_PAGE = 1000

Call = Callable[[Any], Any]


class Service:
    """The queues, and what the calls do with them. Not thread-safe: it belongs to the server's event loop."""

    def __init__(self, open_queue: Callable[[QueueConfig], LocalQueue]) -> None:
        self._open = open_queue
        self._queues: dict[str, LocalQueue] = {}
        self._deleted: dict[str, LocalQueue] = {}

    def queues(self) -> list[LocalQueue]:
        """All queues, by name."""
        return [self._queues[name] for name in sorted(self._queues)]

    async def stop(self) -> None:
        """End every dispatcher, and break off what is under way."""
        await asyncio.gather(*(queue.stop() for queue in [*self._queues.values(), *self._deleted.values()]))

    def add(self, config: QueueConfig) -> LocalQueue:
        """Open a queue; raises CallError where the name is, or was, in use."""
        if config.name in self._queues:
            raise CallError(grpc.StatusCode.ALREADY_EXISTS, f"The queue {config.name!r} already exists.")
        if config.name in self._deleted:
            # Up to 3 days, says the reference of DeleteQueue: longer than any test.
            raise CallError(grpc.StatusCode.FAILED_PRECONDITION, f"A queue {config.name!r} existed too recently.")
        self._queues[config.name] = self._open(config)
        return self._queues[config.name]

    def create_queue(self, request: tasks_v2.CreateQueueRequest) -> tasks_v2.Queue:
        """CreateQueue."""
        config = from_message(request.queue)
        if not config.name.startswith(f"{names.location(request.parent)}/queues/"):
            raise invalid(f"The queue's name {config.name!r} must start with its parent {request.parent!r}.")
        return self.add(config).message()

    def get_queue(self, request: tasks_v2.GetQueueRequest) -> tasks_v2.Queue:
        """GetQueue."""
        return self._queue(request.name).message()

    def list_queues(self, request: tasks_v2.ListQueuesRequest) -> tasks_v2.ListQueuesResponse:
        """ListQueues, without filters."""
        if request.filter:
            raise CallError(grpc.StatusCode.UNIMPLEMENTED, "The local Cloud Tasks does not filter queues.")
        prefix = f"{names.location(request.parent)}/queues/"
        found = {name: queue for name, queue in self._queues.items() if name.startswith(prefix)}
        page, token = _page(sorted(found), request.page_size, request.page_token)
        return tasks_v2.ListQueuesResponse(queues=[found[name].message() for name in page], next_page_token=token)

    def update_queue(self, request: tasks_v2.UpdateQueueRequest) -> tasks_v2.Queue:
        """UpdateQueue: creates the queue where there is none, and only touches what the mask names, if it names any."""
        name = names.queue(request.queue.name)
        if name not in self._queues:
            return self.add(from_message(request.queue)).message()
        wanted = tasks_v2.Queue(request.queue)
        mask = request.update_mask
        if mask.paths:
            if not mask.IsValidForDescriptor(tasks_v2.Queue.pb().DESCRIPTOR):
                raise invalid(f"update_mask names unknown fields: {', '.join(mask.paths)}.")
            wanted = to_message(self._queues[name].config)
            mask.MergeMessage(tasks_v2.Queue.pb(request.queue), tasks_v2.Queue.pb(wanted))
            wanted.name = name
        self._queues[name].configure(from_message(wanted))
        return self._queues[name].message()

    def pause_queue(self, request: tasks_v2.PauseQueueRequest) -> tasks_v2.Queue:
        """PauseQueue: tasks are still accepted."""
        self._queue(request.name).pause(True)
        return self._queue(request.name).message()

    def resume_queue(self, request: tasks_v2.ResumeQueueRequest) -> tasks_v2.Queue:
        """ResumeQueue."""
        self._queue(request.name).pause(False)
        return self._queue(request.name).message()

    def purge_queue(self, request: tasks_v2.PurgeQueueRequest) -> tasks_v2.Queue:
        """PurgeQueue, effective at once (Google: within a minute)."""
        self._queue(request.name).purge()
        return self._queue(request.name).message()

    def delete_queue(self, request: tasks_v2.DeleteQueueRequest) -> None:
        """DeleteQueue, with the tasks in it."""
        queue = self._queue(request.name)
        queue.purge()
        queue.pause(True)
        self._deleted[request.name] = self._queues.pop(request.name)

    def create_task(self, request: tasks_v2.CreateTaskRequest) -> tasks_v2.Task:
        """CreateTask."""
        return _viewed(self._queue(request.parent).create(request.task), request.response_view)

    def get_task(self, request: tasks_v2.GetTaskRequest) -> tasks_v2.Task:
        """GetTask."""
        queue = self._queue(names.queue_of_task(request.name))
        return _viewed(queue.book.get(request.name).task, request.response_view)

    def list_tasks(self, request: tasks_v2.ListTasksRequest) -> tasks_v2.ListTasksResponse:
        """ListTasks."""
        found = {held.task.name: held.task for held in self._queue(request.parent).book.tasks()}
        page, token = _page(list(found), request.page_size, request.page_token)
        tasks = [_viewed(found[name], request.response_view) for name in page]
        return tasks_v2.ListTasksResponse(tasks=tasks, next_page_token=token)

    def delete_task(self, request: tasks_v2.DeleteTaskRequest) -> None:
        """DeleteTask."""
        self._queue(names.queue_of_task(request.name)).delete(request.name)

    def run_task(self, request: tasks_v2.RunTaskRequest) -> tasks_v2.Task:
        """RunTask."""
        return _viewed(self._queue(names.queue_of_task(request.name)).run(request.name), request.response_view)

    def _queue(self, name: str) -> LocalQueue:
        if names.queue(name) not in self._queues:
            raise missing(f"The queue {name!r} does not exist.")
        return self._queues[name]


def grpc_server(
    service: Service, faults: Faults, loop: asyncio.AbstractEventLoop, port: int
) -> tuple[grpc.Server, int]:
    """A gRPC server, not started yet, and the loopback port that it holds. Raises RuntimeError if the port is taken."""
    calls: dict[str, tuple[Call, Any, Any]] = {
        "CreateQueue": (service.create_queue, tasks_v2.CreateQueueRequest, tasks_v2.Queue.serialize),
        "GetQueue": (service.get_queue, tasks_v2.GetQueueRequest, tasks_v2.Queue.serialize),
        "ListQueues": (service.list_queues, tasks_v2.ListQueuesRequest, tasks_v2.ListQueuesResponse.serialize),
        "UpdateQueue": (service.update_queue, tasks_v2.UpdateQueueRequest, tasks_v2.Queue.serialize),
        "PauseQueue": (service.pause_queue, tasks_v2.PauseQueueRequest, tasks_v2.Queue.serialize),
        "ResumeQueue": (service.resume_queue, tasks_v2.ResumeQueueRequest, tasks_v2.Queue.serialize),
        "PurgeQueue": (service.purge_queue, tasks_v2.PurgeQueueRequest, tasks_v2.Queue.serialize),
        "DeleteQueue": (service.delete_queue, tasks_v2.DeleteQueueRequest, _empty),
        "CreateTask": (service.create_task, tasks_v2.CreateTaskRequest, tasks_v2.Task.serialize),
        "GetTask": (service.get_task, tasks_v2.GetTaskRequest, tasks_v2.Task.serialize),
        "ListTasks": (service.list_tasks, tasks_v2.ListTasksRequest, tasks_v2.ListTasksResponse.serialize),
        "DeleteTask": (service.delete_task, tasks_v2.DeleteTaskRequest, _empty),
        "RunTask": (service.run_task, tasks_v2.RunTaskRequest, tasks_v2.Task.serialize),
    }
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            _handler(name, call, faults, loop), request_deserializer=request.deserialize, response_serializer=serialize
        )
        for name, (call, request, serialize) in calls.items()
    }
    # Without so_reuseport=0 a second server on a taken port would silently share its calls.
    server = grpc.server(ThreadPoolExecutor(THREADS, "local-tasks"), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("google.cloud.tasks.v2.CloudTasks", handlers),)
    )
    return server, int(server.add_insecure_port(f"127.0.0.1:{port}"))


def _handler(name: str, call: Call, faults: Faults, loop: asyncio.AbstractEventLoop) -> Callable[[Any, Any], Any]:
    async def on_loop(request: Any) -> Any:
        fault = faults.for_call(name)
        if fault is None:
            return call(request)
        if fault.when == "before":
            await _misbehave(fault.delay, fault.code)
            return call(request)
        answer = call(request)
        await _misbehave(fault.delay, fault.code)
        return answer

    def handle(request: Any, context: Any) -> Any:
        answer = asyncio.run_coroutine_threadsafe(on_loop(request), loop)
        # A caller who gave up, or a server that stops, ends an ordered delay.
        context.add_callback(answer.cancel)
        try:
            return answer.result(CALL_SECONDS)
        except CallError as error:
            return context.abort(error.code, str(error))
        except CancelledError:
            return context.abort(grpc.StatusCode.CANCELLED, "The call was given up.")

    return handle


def _empty(_: None) -> bytes:
    """google.protobuf.Empty on the wire."""
    return b""


async def _misbehave(delay: float, code: str | None) -> None:
    await asyncio.sleep(delay)
    if code is not None:
        raise CallError(grpc.StatusCode[code], "This failure was ordered over /_control/faults.")


def _page(found: list[str], size: int, token: str) -> tuple[list[str], str]:
    """A page of sorted names, and the token of the next one: the last name of this page."""
    if size < 0:
        raise invalid("page_size must not be negative.")
    rest = [name for name in found if name > token]
    page = rest[: min(size or _MAX_PAGE, _MAX_PAGE)]
    return page, page[-1] if len(page) < len(rest) else ""


def _viewed(task: tasks_v2.Task, view: tasks_v2.Task.View) -> tasks_v2.Task:
    """The task as the view shows it: only FULL shows the body."""
    views = tasks_v2.Task.View
    full = view == views.FULL
    shown = tasks_v2.Task(task, view=views.FULL if full else views.BASIC)
    if not full:
        shown.http_request.body = b""
    return shown
