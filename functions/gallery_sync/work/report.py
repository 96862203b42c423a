"""What people are told, as log lines: what a change of a ledger means, and what came of a caller's request."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gallery_sync.core import folders
from gallery_sync.core.ledger import Entry, Ledger, Live, Receipt, object_name
from gallery_sync.core.names import object_of, shortened
from gallery_sync.core.operation import Kind, Outcome, Problem
from gallery_sync.log import Log
from gallery_sync.ports.shop_errors import NotAllowed, Refused

CALLERS_OWN: Final = (200, 404, 409, 429)
"""Refusals (200 that lists an error among them) that say that what was asked does not fit the gallery: the caller's to put
right, and no alarm for the shop's people."""
MOST_NAMED: Final = 5
"""Images that one line names; how many there are it tells in any case."""


def where(ledger: Ledger) -> dict[str, str]:
    """The fields that say which gallery a line is about."""
    return {"guid": ledger.guid, "gallery": ledger.gallery}


def report(log: Log, before: Ledger, after: Ledger) -> None:
    """Log what became of the keys: live and tries that failed in one line, every failure for good in one of its own.

    Images that a person deleted in the shop are one line, when that is noticed; so are deletions that are held.
    """
    _report_warnings(log, before, after)
    _report_variants(log, before, after)
    _report_replaced(log, before, after)
    live, again = 0, 0
    gone: list[str] = []
    for key, entry in after.entries.items():
        old = before.entries.get(key)
        if entry.failure is not None and (old is None or old.failure != entry.failure):
            log.say(
                "ERROR",
                f"{shortened(key)} failed for good: {entry.failure.reason}",
                **where(after),
                key=key,
                code=entry.failure.code,
                request_id=entry.failure.request_id,
            )
        elif (
            entry.live is not None
            and entry.live.gone
            and old is not None
            and old.live is not None
            and not old.live.gone
        ):
            gone.append(f"{entry.live.name} ({key})")
        elif entry.live is not None and not entry.live.gone and (old is None or _shows(old) != _shows(entry)):
            live += 1
        elif old is not None and entry.attempts > old.attempts:
            again += 1
            log.say("WARNING", f"{shortened(key)} is tried again: {entry.last_reason}", **where(after), key=key)
    _report_same(log, before, after)
    _report_hold(log, before, after)
    _report_moved(log, before, after)
    if live:
        log.say("INFO", f"{live} images live", **where(after), live=live, again=again)
    if gone:
        few = _few(gone)
        log.say(
            "INFO",
            f"no longer in the gallery, so a person deleted them in the shop; they stay out until their files change or "
            f"are dropped again: {few}",
            **where(after),
            gone=len(gone),
        )


def _report_replaced(log: Log, before: Ledger, after: Ledger) -> None:
    """Tell once of each image that shows another picture than was sent, and that was changed in the shop since."""
    for key, entry in after.entries.items():
        receipt, old = _receipt(entry), _receipt(before.entries.get(key, Entry()))
        if receipt is not None and receipt.saw == "replaced" and (old is None or old.saw != "replaced"):
            name = shortened(object_name(key, entry))
            message = (
                f"{name}: the shop shows another picture than the one that was sent, and was changed there since, so it "
                "stays; to bring this one back, delete that image there, and drop the file again"
            )
            log.say("WARNING", message, **where(after), key=key)


def _receipt(entry: Entry) -> Receipt | None:
    return entry.live.receipt if entry.live is not None else None


def _shows(entry: Entry) -> Live | None:
    """What is live, whatever was seen of it since, and whatever variants show it."""
    return msgspec.structs.replace(entry.live, receipt=None, variants=()) if entry.live is not None else None


def _report_warnings(log: Log, before: Ledger, after: Ledger) -> None:
    for key, entry in after.entries.items():
        old = before.entries.get(key)
        if entry.warning is not None and (old is None or old.warning != entry.warning):
            message = f"{shortened(key)} comes without a part of its metadata: {entry.warning}"
            log.say("WARNING", message, **where(after), key=key)


def _report_variants(log: Log, before: Ledger, after: Ledger) -> None:
    """Tell which variants show another image now, because of us, and what was asked of variants that cannot be."""
    shown = []
    for key, entry in after.entries.items():
        old = before.entries.get(key, Entry())
        flaw, was = (one.refers.flaw if one.refers is not None else "" for one in (entry, old))
        if flaw and flaw != was:
            message = f"{shortened(object_name(key, entry))}: {flaw}; the picture comes without that"
            log.say("WARNING", message, **where(after), key=key, code="no-such-variant")
        mine = old.live.variants if old.live is not None else ()
        shown += [code for code in (entry.live.variants if entry.live is not None else ()) if code not in mine]
    if shown:
        log.say("INFO", f"{len(shown)} variants show their images: {_few(shown)}", **where(after))


def _report_same(log: Log, before: Ledger, after: Ledger) -> None:
    """Tell once of each file that is not shown, as another one is: the same file spelled otherwise, or the same picture."""
    for key, entry in after.entries.items():
        old = before.entries.get(key, Entry())
        for name in entry.also.keys() - old.also.keys():
            counts = shortened(object_name(key, entry))
            message = f"{shortened(object_of(name))} is the same file as {counts}, which was dropped later and counts"
            log.say("INFO", message, **where(after), key=key)
        if entry.same_as is not None and entry.same_as != old.same_as:
            same = object_name(entry.same_as, after.entries.get(entry.same_as, Entry()))
            message = (
                f"{shortened(object_name(key, entry))} is the same picture as {shortened(same)}, so it is not shown twice; it "
                "takes the other's place when that file goes"
            )
            log.say("INFO", message, **where(after), key=key)


def _report_hold(log: Log, before: Ledger, after: Ledger) -> None:
    """Tell a hold once; again only if it has come to hold more, as then another list would be released."""
    if after.hold is not None and not set(after.hold.keys) <= set(before.hold.keys if before.hold is not None else ()):
        keys = after.hold.keys
        log.say(
            "ERROR",
            f"held: {len(keys)} of {after.hold.shown} images would be deleted, as their files are gone. They stay until a "
            f"person releases them (gallery-sync release {after.guid}) or drops the files again: "
            f"{_few([shortened(key) for key in keys])}",
            **where(after),
            held=len(keys),
        )
    if before.hold is not None and after.hold is None:
        log.say("INFO", "no longer held", **where(after))


def _report_moved(log: Log, before: Ledger, after: Ledger) -> None:
    """Tell once of each folder whose code means something else by now, and what of it still stands here."""
    behind = folders.left_behind(after)
    for prefix, moved in after.moved.items():
        old = before.moved.get(prefix)
        here = f"{moved.here or 'a product without a name'} ({after.guid})"
        if old is not None and old.guid == moved.guid:
            continue
        if moved.guid is None:
            log.say(
                "ERROR",
                f"no product has the code {shortened(prefix)} any more: what its folder brought to {here} stays, and nothing "
                "new of it is sent until a product has that code",
                **where(after),
                code="code-unknown",
            )
            continue
        keys = [key for key, its in behind.items() if its == moved]
        log.say(
            "ERROR",
            f"the code {shortened(prefix)} is another product's now: {moved.name or 'a product without a name'} ({moved.guid}) "
            f"gets the files of its folder. {len(keys)} images of them still stand at {here}: they go when they are live there, "
            f"if MIRROR_DELETES is on, or when a person removes them (gallery-sync release {after.guid}): "
            f"{_few([shortened(key) for key in keys])}",
            **where(after),
            code="code-moved",
            left=len(keys),
        )


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def refusal(error: Refused | NotAllowed) -> Problem:
    """Give a refusal of Shoptet's as what came of a request."""
    message = error.message if isinstance(error, Refused) else f"{error.message}: {error.advice}"
    return Problem(error.status, error.code or "refused", message, error.request_id)


def report_outcome(log: Log, kind: Kind, outcome: Outcome, **place: str) -> None:
    """Log that a request was carried out, or why not, and what it left out.

    `place` are the fields that say which gallery it is about.
    """
    problem = outcome.problem
    if problem is not None:
        own = problem.status in CALLERS_OWN
        log.say(
            "WARNING" if own else "ERROR",
            f"{kind} {'was refused' if own else 'failed for good'}: {problem.message}",
            **place,
            code=problem.code,
            request_id=problem.request_id,
        )
        return
    for image in outcome.images:
        if image.state in ("failed", "skipped"):
            left = image.name or image.key
            log.say("WARNING", f"{kind} left out {left}: {image.reason}", **place)
    log.say("INFO", f"{kind} carried out", **place, images=len(outcome.images))
