"""What a storage event leads to: a reconcile of the gallery that the object's name means, or its name waits to be placed."""

from collections.abc import Callable
from dataclasses import dataclass

from gallery_sync.clock import Clock
from gallery_sync.core import archive, names, placing
from gallery_sync.core.events import Changed
from gallery_sync.core.name_patterns import NO_PATTERNS, Placing
from gallery_sync.core.table import Table
from gallery_sync.log import Log
from gallery_sync.ports.queue import WorkQueue


@dataclass(frozen=True, slots=True)
class LooseNames:
    """How names in no product's folder are read, and what lets one `wait`: only the catalogue tells whose it is.

    Tables and ZIPs wait there, too, wherever they lie.
    """

    placing: Placing
    wait: Callable[[str], None]


def drop(changed: Changed, queue: WorkQueue, clock: Clock, log: Log, loose: LooseNames | None = None) -> None:
    """Enqueue a reconcile. A refused name gets one too: it keeps the refusal where a person finds it.

    `loose`: None where names in no product's folder are refused. Raises TasksError, and what `wait` raises.
    """
    if loose is not None and archive.read_name(changed.name) is not None:
        loose.wait(changed.name)
        queue.place()
        return
    meaning = placing.meaning(changed.name, changed.size, loose.placing if loose is not None else NO_PATTERNS)
    match meaning:
        case names.Drop():
            queue.folder(meaning.prefix, meaning.gallery, clock.now())
        case names.Refusal():
            log.say("WARNING", f"{names.shortened(changed.name)} is refused: {meaning.reason}", code=meaning.code)
            queue.refused(changed.name)
        case placing.Loose() | Table() if loose is not None:
            loose.wait(changed.name)
            queue.place()
        case _:
            return
