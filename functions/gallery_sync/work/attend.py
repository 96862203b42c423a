"""What a person asks for on the page: try again, look now, let held deletions go. The gallery's next reconcile does it."""

from collections.abc import Collection

from gallery_sync.core import attention, brake, folders
from gallery_sync.core.ledger import Hold, Ledger
from gallery_sync.core.shop_values import Gallery
from gallery_sync.work.report import where
from gallery_sync.work.world import BaseWorld


def try_again(world: BaseWorld, guid: str, gallery: Gallery, keys: Collection[str], by: str) -> int:
    """Have failed images tried again, and give how many. `by`: who asked, for the log.

    Raises BadDocument, StorageUnavailable, TooManyWrites, TasksError.
    """
    tried: list[str] = []

    def decide(ledger: Ledger) -> Ledger:
        tried[:] = [key for key, entry in ledger.entries.items() if key in keys and attention.may_try_again(entry)]
        return attention.tried_again(ledger, tried, world.clock.now())

    after = world.ledgers.change(guid, gallery, decide)
    if tried:
        world.queue.gallery(guid, gallery, world.clock.now())
        world.log.say("INFO", f"{len(tried)} images are tried again, as a person asked", **where(after), by=by)
    return len(tried)


def look_now(world: BaseWorld, guid: str, gallery: Gallery, by: str) -> None:
    """Have a gallery looked at, also where there is nothing to do. Raises TasksError."""
    world.queue.audit(guid, gallery, world.clock.now())
    world.log.say("INFO", "it is looked at, as a person asked", guid=guid, gallery=gallery, by=by)


def release(world: BaseWorld, guid: str, gallery: Gallery, keys: tuple[str, ...], by: str) -> bool:
    """Let go exactly these images, which are held or left behind; False where others are by now, and nothing goes.

    Raises as `try_again` does.
    """

    def decide(ledger: Ledger) -> Ledger:
        now = world.clock.now()
        if ledger.hold is not None and ledger.hold.keys == keys:
            return brake.released(ledger, Hold(keys, ledger.hold.shown, ledger.hold.at), now)
        return folders.released(ledger, keys, now) if tuple(attention.left_behind(ledger)) == keys else ledger

    after = world.ledgers.change(guid, gallery, decide)
    if not keys or not set(keys) <= set(after.released):
        return False
    world.queue.gallery(guid, gallery, world.clock.now())
    world.log.say("INFO", f"{len(keys)} images go, as a person released them", **where(after), by=by)
    return True
