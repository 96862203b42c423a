"""What a storage event leads to: a look at the gallery that the object's name means, and nothing else."""

from gallery_sync import names
from gallery_sync.clock import Clock
from gallery_sync.events import Changed
from gallery_sync.log import Log
from gallery_sync.looks import TaskLooks


def drop(changed: Changed, looks: TaskLooks, clock: Clock, log: Log) -> None:
    """Enqueue a look. A refused name gets one too: it keeps the refusal where a person finds it. Raises TasksError."""
    meaning = names.parse(changed.name, changed.size)
    match meaning:
        case names.Drop():
            looks.drop(meaning.prefix, meaning.gallery, clock.now())
        case names.Refusal():
            log.say("WARNING", f"{names.shortened(changed.name)} is refused: {meaning.reason}", code=meaning.code)
            looks.refused(changed.name)
        case names.Folder():
            return
