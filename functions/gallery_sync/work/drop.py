"""What a storage event leads to: a reconcile of the gallery that the object's name means, and nothing else."""

from gallery_sync.clock import Clock
from gallery_sync.core import names
from gallery_sync.core.events import Changed
from gallery_sync.log import Log
from gallery_sync.ports.queue import WorkQueue


def drop(changed: Changed, queue: WorkQueue, clock: Clock, log: Log) -> None:
    """Enqueue a reconcile. A refused name gets one too: it keeps the refusal where a person finds it. Raises TasksError."""
    meaning = names.parse(changed.name, changed.size)
    match meaning:
        case names.Drop():
            queue.folder(meaning.prefix, meaning.gallery, clock.now())
        case names.Refusal():
            log.say("WARNING", f"{names.shortened(changed.name)} is refused: {meaning.reason}", code=meaning.code)
            queue.refused(changed.name)
        case names.Folder():
            return
