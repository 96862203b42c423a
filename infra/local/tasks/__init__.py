"""A small, strict Cloud Tasks for this machine, spoken to by Google's own client.

    client = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(address)))

It keeps the rules of the real service that this project depends on (names that stay used, schedule times, dispatch
deadlines, rate limits, retries, throttling) and misbehaves on order. Not there: App Engine targets, OAuth tokens, retry
settings of a single task, batches, IAM, queue-level routing, the slow start of an idle queue.
"""

from .config import QueueConfig, parse
from .queue import Settings
from .server import TasksServer, served_tasks

__all__ = ["QueueConfig", "Settings", "TasksServer", "parse", "served_tasks"]
