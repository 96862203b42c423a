"""Keeps the shop's catalogue: a snapshot once a day, by a job as all others, and what changed in between at every sweep.

Nothing hangs on it: where the token may not have it, where the job fails or its result is broken, the last catalogue stays,
and whoever finds nothing in it asks Shoptet as if there were none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

import msgspec

from gallery_sync.core.catalogue import BadLine, Changed, read_codes, read_line, with_changes
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.core.shop_times import epoch
from gallery_sync.core.shop_values import Change
from gallery_sync.ports import shop_errors
from gallery_sync.ports.storage import Documents, PreconditionFailed
from gallery_sync.state import catalogue, checkpoints, jobindex, paused
from gallery_sync.state.catalogue import Catalogue, Head, Sample, Writer
from gallery_sync.work import catalogue_news
from gallery_sync.work.world import BaseWorld, CatalogueWorld

replace = msgspec.structs.replace

T = TypeVar("T")

PATH: Final = "catalogue-reading.json"
NOTED_EVERY: Final = HOUR / 2
"""Seconds after which it is noted that nothing changed."""
MOST_TRIES: Final = 3
"""Of reading one snapshot: a run that is killed while it reads leaves no word of why."""


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far reading came: the job that makes the snapshot, when it was ordered (epoch seconds), how often reading it was begun.

    `not_before`: no other is ordered before this moment. `denied`: why Shoptet does not give one, as it was told. `compared`:
    the set that all galleries were compared with last, and `compared_at` when.
    """

    job: str = ""
    ordered_at: float = 0.0
    tries: int = 0
    not_before: float = 0.0
    denied: str = ""
    compared: str = ""
    compared_at: float = 0.0


def read_catalogue(world: CatalogueWorld, ended: str | None = None) -> None:
    """Go on reading the catalogue. `ended`: the job that has ended, as the list of jobs shows.

    Raises StorageUnavailable, TasksError.
    """
    reading, generation = checkpoints.read(world.documents, PATH, Reading, world.log)
    reading = reading or Reading()
    head, head_generation = checkpoints.read(world.documents, catalogue.PATH, Head, world.log)
    if ended is None:
        after = _order(world, reading, head)
        if after != reading:
            checkpoints.write(world.documents, PATH, after, generation)
    elif ended == reading.job:
        head = _read(world, reading, generation, head, head_generation) or head
    else:
        # Another run saw to it, or it was ordered twice, as an answer was lost.
        jobindex.remove(world.documents, ended)
    if head is not None:
        _note_changes(world, head)
        _compare(world, head)


def compared_at(world: BaseWorld) -> float:
    """Give when all galleries were compared with a catalogue last (epoch seconds), 0 where they never were."""
    reading, _ = checkpoints.read(world.documents, PATH, Reading, world.log)
    return reading.compared_at if reading is not None else 0.0


def denied(documents: Documents) -> str:
    """Give why Shoptet does not give the catalogue, as it was told last; nothing where it does, or nobody knows."""
    stored = documents.read(PATH)
    try:
        return msgspec.json.decode(stored.body, type=Reading).denied if stored is not None else ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _compare(world: CatalogueWorld, head: Head) -> None:
    """Once for each catalogue: see to what is news in it. Who is killed before it is noted does it again, which does no harm."""
    reading, generation = checkpoints.read(world.documents, PATH, Reading, world.log)
    reading = reading or Reading()
    if reading.compared == head.set or paused.is_paused(world.documents):
        return
    now, found = world.clock.now(), Catalogue(world.documents, head)
    try:
        folders, differing = catalogue_news.enqueue_found(world, found), catalogue_news.compare(world, found)
    except BadDocument as error:
        world.log.say("ERROR", str(error))
        return
    checkpoints.write(world.documents, PATH, replace(reading, compared=head.set, compared_at=now), generation)
    left = max(0, differing - catalogue_news.MOST_COMPARED)
    world.log.say(
        "WARNING" if left else "INFO",
        "the shop was compared with its catalogue",
        differing=differing,
        left_for_the_next=left,
        folders_found=folders,
    )


def _order(world: CatalogueWorld, reading: Reading, head: Head | None) -> Reading:
    """Order the day's snapshot where it is time, and give how far reading came."""
    now = world.clock.now()
    if reading.job and now <= reading.ordered_at + world.timing.job_lost + HOUR:
        return reading
    if now < max(reading.not_before, head.asked_at + DAY if head is not None else 0.0):
        return replace(reading, job="")
    try:
        job = world.shop.order_snapshot()
    except (shop_errors.NotAllowed, shop_errors.Refused) as error:
        why = f"{error.message}: {error.advice}" if isinstance(error, shop_errors.NotAllowed) else error.message
        if why != reading.denied:
            world.log.say(
                "WARNING",
                f"the shop's catalogue is not to be had, so each code is asked for alone, and each gallery compared once in "
                f"28 days: {error}",
            )
        return replace(reading, job="", not_before=now + DAY, denied=why)
    except shop_errors.TryLater as error:
        world.log.say("INFO", f"not now: {error}")
        return replace(reading, job="", not_before=error.at)
    except shop_errors.AnswerLost as error:
        # If it was ordered, there will be a snapshot that nobody reads.
        world.log.say("INFO", f"not now: {error}")
        return replace(reading, job="", not_before=now + HOUR)
    jobindex.add(world.documents, jobindex.snapshot(job, now))
    world.queue.poll(now)
    return replace(reading, job=job, ordered_at=now, tries=0, not_before=0.0, denied="")


def _read(
    world: CatalogueWorld, reading: Reading, generation: int, head: Head | None, head_generation: int
) -> Head | None:
    """Read the snapshot of a job that has ended, and give the new catalogue; None: whatever is wrong, the last one stays."""
    now = world.clock.now()
    try:
        if reading.tries >= MOST_TRIES:
            raise shop_errors.NoResult(f"reading it was begun {reading.tries} times, and never came to an end")
        tried = replace(reading, tries=reading.tries + 1)
        generation = world.documents.write(PATH, msgspec.json.encode(tried), generation=generation)
        detail = world.shop.job(reading.job)
        if detail.status != "completed":
            raise shop_errors.NoResult(f"its job ended as {detail.status}")
        new = _written(world, reading, detail.result_url or "", head, head_generation)
    except PreconditionFailed:
        # Another run reads it.
        return None
    except shop_errors.TryLater as error:
        # It was not begun; the next poll of the jobs enqueues it again.
        world.log.say("INFO", f"not now: {error}")
        checkpoints.write(world.documents, PATH, reading, generation)
        return None
    except (shop_errors.NoResult, shop_errors.Refused, shop_errors.NotAllowed) as error:
        world.log.say("ERROR", f"the snapshot of the catalogue was not read, and the last one stays: {error}")
        new, after = None, replace(reading, job="", tries=0, not_before=now + HOUR)
    else:
        after = replace(reading, job="", tries=0)
    checkpoints.write(world.documents, PATH, after, generation)
    jobindex.remove(world.documents, reading.job)
    if new is not None:
        catalogue.clear_old(world.documents, new, world.spread)
        # Also in a pause: where names stand is nothing that is sent.
        world.queue.place(everything=True)
        world.log.say("INFO", "the catalogue was read", products=new.products, codes=new.codes)
    return new


def _written(world: CatalogueWorld, reading: Reading, url: str, head: Head | None, generation: int) -> Head | None:
    """Read the lines twice: where shards have to begin so that they are even is known when all codes were seen.

    Raises NoResult, StorageUnavailable.
    """
    sample = Sample()
    for codes in _each(world.lines(url), read_codes):
        sample.offer(codes)
    if not sample.products and head is not None and head.products:
        raise shop_errors.NoResult("it lists no product")
    name = f"{int(reading.ordered_at)}-{world.new_id()}"
    writer = Writer(world.documents, name, sample.bounds(), sample.digits(), spread=world.spread)
    for product in _each(world.lines(url), read_line):
        writer.add(product)
    return writer.finish(reading.ordered_at, head, generation)


def _each(lines: Iterable[bytes], read: Callable[[bytes], T]) -> Iterator[T]:
    for number, line in enumerate(lines, 1):
        try:
            yield read(line)
        except BadLine as error:
            raise shop_errors.NoResult(f"its line {number} is no product: {error}") from None


def _note_changes(world: CatalogueWorld, head: Head) -> None:
    """Note which products changed since the catalogue was asked for, with one call, and see to what that concerns.

    Where anything of it is not to be had, nothing is noted, and the next run asks for the same changes.
    """
    changed, generation = checkpoints.read(world.documents, catalogue.CHANGES, Changed, world.log)
    before = changed or Changed()
    now = world.clock.now()
    since = max(before.until, head.asked_at) - world.timing.clock_margin
    try:
        found = world.shop.changes(since=since)
        if found:
            catalogue_news.look_at_changes(world, _new(found, before))
    except (shop_errors.TryLater, shop_errors.NotAllowed, shop_errors.Refused) as error:
        world.log.say("INFO", f"what changed in the shop is not to be had now: {error}")
        return
    after = with_changes(before, found, head.asked_at - world.timing.clock_margin, now)
    if replace(after, until=before.until) == before and now < before.until + NOTED_EVERY:
        return
    checkpoints.write(world.documents, catalogue.CHANGES, after, generation)


def _new(found: Sequence[Change], before: Changed) -> list[Change]:
    """Give the changes that were not listed before: each question overlaps the one before it, as clocks differ."""
    known = before.guids
    return [one for one in found if (at := epoch(one.change_time)) is None or known.get(one.guid.lower()) != at]
