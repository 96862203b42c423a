"""Resource names, as Cloud Tasks allows them.

Source: Cloud Tasks reference, `Queue.name` and `Task.name`.
"""

import re

from .errors import invalid

_LOCATION = r"projects/[A-Za-z0-9.:-]+/locations/[A-Za-z0-9-]+"
_QUEUE = rf"{_LOCATION}/queues/[A-Za-z0-9-]{{1,100}}"
_TASK = rf"({_QUEUE})/tasks/[A-Za-z0-9_-]{{1,500}}"


def location(name: str) -> str:
    """The name itself; raises CallError where it is no `projects/P/locations/L`."""
    return _checked(name, _LOCATION, "projects/PROJECT_ID/locations/LOCATION_ID").group(0)


def queue(name: str) -> str:
    """The name itself; raises CallError where it is no `projects/P/locations/L/queues/Q`."""
    return _checked(name, _QUEUE, "projects/PROJECT_ID/locations/LOCATION_ID/queues/QUEUE_ID").group(0)


def queue_of_task(name: str) -> str:
    """The name of the queue that a task's full name holds; raises CallError where it is no task's name."""
    return _checked(name, _TASK, "projects/PROJECT_ID/locations/LOCATION_ID/queues/QUEUE_ID/tasks/TASK_ID").group(1)


def short(name: str) -> str:
    """The last part of a name: the id of the queue or the task."""
    return name.rpartition("/")[2]


def _checked(name: str, pattern: str, form: str) -> re.Match[str]:
    match = re.fullmatch(pattern, name)
    if match is None:
        raise invalid(f"The name {name[:600]!r} must have the form {form!r}.")
    return match
