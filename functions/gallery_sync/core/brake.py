"""The brake: deletions that nobody asked for by name stop before they empty a gallery. Pure.

A file that is gone takes its image along (`Policy.mirror_deletes`). That may be meant, or a folder deleted by mistake, or a
listing of the bucket that lacks half of it: nothing tells them apart but their size.

what is to be deleted                     what follows
no more than a share of the gallery       it may go: it is `released`, and stays so until it is deleted or wanted again
more than that                            a hold: it waits for a person's word (`gallery-sync release`)
what a person released                    it may go, exactly that list

Counted is what the gallery would lose: new pictures in the place of old ones are no loss, and what went within the hour
counts along, as a folder that is being deleted is seen piece by piece.
"""

from typing import Final

import msgspec

from gallery_sync.core import folders
from gallery_sync.core.ledger import Hold, Ledger, Loss, is_abandoned, is_adopted, is_shown, is_waiting
from gallery_sync.core.plan import Policy
from gallery_sync.core.schedule import HOUR

replace = msgspec.structs.replace

MOST_PERCENT: Final = 30
"""Of what a gallery shows; more may not be deleted without a person's word."""
SMALLEST: Final = 5
"""Images; a gallery that shows fewer has no brake, as each of them is a large share of it."""


def deletions(ledger: Ledger, policy: Policy) -> tuple[str, ...]:
    """Give the keys whose images are to go because their files are gone, held or not.

    Without those that are left behind: their files are not gone (see folders).
    """
    if not policy.mirror_deletes:
        return ()
    behind = folders.left_behind(ledger)
    gone = (
        k
        for k, entry in ledger.entries.items()
        if entry.failure is None and is_abandoned(entry) and not is_adopted(entry)
    )
    return tuple(sorted(key for key in gone if key not in behind))


def is_news(ledger: Ledger, policy: Policy) -> bool:
    """Whether a hold has to be judged anew, with a listing of the gallery: other deletions are due than it holds."""
    if ledger.hold is None:
        return False
    return set(ledger.hold.keys) != set(deletions(ledger, policy)) - set(ledger.released)


def used_up(ledger: Ledger, policy: Policy) -> Ledger:
    """Give the ledger in which nothing is released but what is still to be deleted: a release counts for its list, once."""
    due = {*deletions(ledger, policy), *folders.left_behind(ledger)}
    return replace(ledger, released=tuple(key for key in ledger.released if key in due))


def braked(ledger: Ledger, shown: int, policy: Policy, now: float) -> Ledger:
    """Give the ledger with its deletions judged, and its hold set or ended; the gallery shows `shown` images now.

    A hold ends by itself once the gallery would lose no more than it may: against what it showed when the hold began.
    """
    ledger = used_up(ledger, policy)
    fresh = tuple(key for key in deletions(ledger, policy) if key not in ledger.released)
    if not fresh:
        return replace(ledger, hold=None)
    lost = ledger.lost if ledger.lost is not None and now < ledger.lost.since + HOUR else Loss(0, now)
    stays = shown - len(ledger.released)
    before = ledger.hold.shown if ledger.hold is not None else stays + lost.images
    new = sum(1 for entry in ledger.entries.values() if is_waiting(entry) and not is_shown(entry))
    loss = before - (stays - len(fresh) + new)
    if before >= SMALLEST and 100 * loss > MOST_PERCENT * before:
        at = ledger.hold.at if ledger.hold is not None else now
        return replace(ledger, hold=Hold(fresh, before, at))
    net = len(fresh) - new
    return replace(
        ledger,
        hold=None,
        released=(*ledger.released, *fresh),
        lost=Loss(lost.images + net, lost.since) if net > 0 else ledger.lost,
    )


def released(ledger: Ledger, hold: Hold, now: float) -> Ledger:
    """Give the ledger in which a person released exactly this list; unchanged where another is held by now."""
    if ledger.hold is None or ledger.hold.keys != hold.keys:
        return ledger
    keys = tuple(dict.fromkeys((*ledger.released, *hold.keys)))
    return replace(ledger, hold=None, released=keys, due_at=ledger.due_at or now)
