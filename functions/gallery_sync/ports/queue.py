"""The queue of reconciles: what makes somebody look at a gallery again, as a protocol, and what a task's body says.

TasksError
├── QueueMissing      the queue does not exist, or takes no tasks: for a person to set right
└── EnqueueFailed     the task was not taken within the time there was, or was refused
"""

from typing import Protocol

import msgspec

from gallery_sync.core.shop_values import Gallery


class TasksError(Exception):
    """A task was not enqueued, as far as is known; the module's docstring says which kinds there are."""


class QueueMissing(TasksError):
    """The queue does not exist or is disabled (NOT_FOUND, FAILED_PRECONDITION)."""

    def __init__(self, queue: str) -> None:
        super().__init__(f"the queue {queue} does not exist or takes no tasks: create it, or correct the setting")
        self.queue = queue


class EnqueueFailed(TasksError):
    """The task was not taken. It may have been created all the same, where only the answer was lost."""


class Reconcile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a sync task, which carries names only: a lost one loses nothing.

    It names the gallery that a folder feeds, or a gallery by guid, or an object whose name was refused, or an operation
    whose request is to be accepted into the ledgers. `job` is a hint: the list of jobs showed that this job of the gallery has
    ended. `audit`: the gallery is listed at Shoptet although bucket and ledger agree; only for a gallery by guid.
    """

    gallery: Gallery | None = None
    prefix: str | None = None
    guid: str | None = None
    job: str | None = None
    refused: str | None = None
    operation: str | None = None
    # Tasks that an earlier version enqueued call it so.
    audit: bool = msgspec.field(default=False, name="check")


class ReadCatalogue(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a catalogue task. `job`: the list of jobs showed that this one, which makes the snapshot, has ended."""

    job: str | None = None


class Fetch(msgspec.Struct, frozen=True):
    """The body of a task that fetches a gallery's pictures from the shop's own site, for whatever they are needed."""

    guid: str
    gallery: Gallery


class Prepare(msgspec.Struct, frozen=True):
    """The body of a task that prepares a gallery's files before they are sent."""

    guid: str
    gallery: Gallery


class PlaceNames(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a task that places names in no product's folder: those that wait, or `everything` that there is."""

    everything: bool = False


class BadTask(ValueError):
    """A task's body that names nothing to reconcile; says what is wrong with it."""


class WorkQueue(Protocol):
    """Enqueues reconciles and polls. Each may be lost or come twice: reconciling again is always safe."""

    def folder(self, prefix: str, gallery: Gallery, at: float) -> None:
        """Reconcile the gallery that this folder of the drop bucket feeds, at `at` (epoch seconds) or soon after."""
        ...

    def refused(self, name: str) -> None:
        """Look at an object whose name is outside the grammar, soon: its refusal is kept where a person finds it."""
        ...

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        """Reconcile a gallery again at `at` (epoch seconds) or soon after."""
        ...

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        """Compare a gallery with Shoptet itself at `at` (epoch seconds) or soon after, although nothing has changed.

        The same moment again is the same audit, also where it is over by now.
        """
        ...

    def operation(self, operation: str, at: float) -> None:
        """Accept an operation's request into the ledgers at `at` (epoch seconds) or soon after."""
        ...

    def job_ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        """Reconcile a gallery whose job has ended, now."""
        ...

    def catalogue(self) -> None:
        """Read what is new in the shop's catalogue, soon. Nothing is enqueued where nobody reads it."""
        ...

    def snapshot_ended(self, job_id: str) -> None:
        """Read the snapshot of the catalogue whose job has ended, now."""
        ...

    def fetch(self, guid: str, gallery: Gallery, at: float) -> None:
        """Fetch a gallery's pictures from the shop at `at` or soon after. Nothing is enqueued where nobody does that."""
        ...

    def prepare(self, guid: str, gallery: Gallery, at: float) -> None:
        """Prepare a gallery's files at `at` (epoch seconds) or soon after."""
        ...

    def prepared(self, guid: str, gallery: Gallery) -> None:
        """Reconcile a gallery whose files are prepared, now."""
        ...

    def place(self, *, everything: bool = False) -> None:
        """Place the names that wait, soon; or all that lie in no product's folder, as there is a new catalogue.

        Nothing is enqueued where nobody does that.
        """
        ...

    def poll(self, at: float) -> None:
        """Poll the jobs under way at `at` (epoch seconds) or soon after."""
        ...


def parse_task(body: bytes) -> Reconcile:
    """Read a sync task's body; raises BadTask."""
    try:
        task = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadTask(f"the task's body does not say what to reconcile: {error}") from None
    by_gallery = task.gallery is not None and (task.prefix is None) != (task.guid is None)
    if sum((by_gallery, task.refused is not None, task.operation is not None)) != 1:
        raise BadTask(
            "the task's body names neither one gallery (gallery and prefix or guid) nor a refused object or an operation"
        )
    if task.audit and task.guid is None:
        raise BadTask("the task's body asks for an audit of something else than a gallery by its guid")
    return task


def parse_catalogue_task(body: bytes) -> ReadCatalogue:
    """Read a catalogue task's body; raises BadTask."""
    try:
        return msgspec.json.decode(body, type=ReadCatalogue)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadTask(f"the task's body does not say what to read: {error}") from None


def parse_fetch_task(body: bytes) -> Fetch:
    """Read the body of a task that fetches pictures; raises BadTask."""
    try:
        return msgspec.json.decode(body, type=Fetch)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadTask(f"the task's body does not say which gallery to look at: {error}") from None


def parse_prepare_task(body: bytes) -> Prepare:
    """Read the body of a task that prepares files; raises BadTask."""
    try:
        return msgspec.json.decode(body, type=Prepare)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadTask(f"the task's body does not say which gallery's files to prepare: {error}") from None


def parse_place_task(body: bytes) -> PlaceNames:
    """Read the body of a task that places names; raises BadTask."""
    try:
        return msgspec.json.decode(body, type=PlaceNames)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadTask(f"the task's body does not say which names to place: {error}") from None


_decoder = msgspec.json.Decoder(Reconcile)
