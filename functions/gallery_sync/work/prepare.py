"""Prepares a gallery's files before they are sent: each is opened once, and made into what the shop can show (`core.recipe`).

Whatever is wrong with a file is found here, with its reason, and costs Shoptet nothing.
"""

from collections.abc import Mapping
from typing import Final

from gallery_sync.core import preparing
from gallery_sync.core.ledger import Entry, Ledger, Preparation, object_name
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.names import object_of, shortened, thumbnail
from gallery_sync.core.recipe import Recipe, Verdict
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL
from gallery_sync.log import where_raised
from gallery_sync.ports.queue import Prepare, TasksError
from gallery_sync.ports.storage import StorageUnavailable
from gallery_sync.work.facts import known_facts
from gallery_sync.work.report import report, where
from gallery_sync.work.world import PrepareWorld

MOST_BYTES: Final = 60_000_000
"""Of a file that is opened here; what is read whole is bounded by that (`ports.storage.Sent`)."""


def prepare(world: PrepareWorld, task: Prepare) -> None:
    """Prepare what a gallery waits for, as much as there is time for. Raises StorageUnavailable, BadDocument, TasksError.

    A mistake of our own is said, and left: a task that failed would slow the whole queue, and whatever still waits is
    enqueued again by the next reconcile.
    """
    try:
        _prepare(world, task)
    except (StorageUnavailable, BadDocument, TasksError):
        raise
    except Exception as error:  # noqa: BLE001 -- see above
        reason = (
            f"gallery-sync itself fails at preparing this gallery's pictures; please report it: {where_raised(error)}"
        )
        world.log.say("ERROR", reason, code="unexpected", guid=task.guid, gallery=task.gallery)


def _prepare(world: PrepareWorld, task: Prepare) -> None:
    until = world.clock.now() + world.timing.run_budget / 2
    recipe = preparing.recipe_for(world.recipe, known_facts(world))
    ledger = world.ledgers.read(task.guid, task.gallery).ledger
    keys = preparing.due(ledger, recipe, world.clock.now())
    came: dict[str, Preparation] = {}
    for key in keys:
        if came and world.clock.now() > until:
            break
        came[key] = _one(world, ledger.entries[key], recipe)
    if not came:
        return
    now = world.clock.now()
    after = world.ledgers.change(task.guid, task.gallery, lambda held: preparing.noted(held, came, now))
    _tell(world, after, came)
    report(world.log, ledger, after)
    if len(came) < len(keys):
        world.queue.prepare(task.guid, task.gallery, now)
    if len(came) == len(keys) or preparing.ready(after, now) >= MAX_IMAGES_PER_CALL:
        world.queue.prepared(task.guid, task.gallery)


def _one(world: PrepareWorld, entry: Entry, recipe: Recipe) -> Preparation:
    """Open one file, and write down what was made of it, before anything says that it is there."""
    now = world.clock.now()
    if entry.wanted is None:
        return preparing.unread(entry, recipe, now)
    content = entry.wanted.content
    if content.size > MOST_BYTES:
        return preparing.came_of(entry, Verdict(content.size, refused="too-many-bytes"), recipe, now)
    file = world.sent.file(content)
    if file is None:
        return preparing.unread(entry, recipe, now)
    done = world.prepare(file, recipe)
    if done.verdict.refused == "damaged" and done.verdict.what:
        message = f"{shortened(object_of(content.source))}: what opens pictures died of it: {done.verdict.what}"
        world.log.say("WARNING", message, code="decoder-died")
    noted = preparing.came_of(entry, done.verdict, recipe, now)
    if noted.path:
        world.made.write(noted.path, done.body or file)
    if done.thumbnail:
        world.made.write(thumbnail(content.source, content.generation), done.thumbnail)
    return noted


def _tell(world: PrepareWorld, ledger: Ledger, came: Mapping[str, Preparation]) -> None:
    """Say what became of each picture, and which are likely double."""
    for key, done in came.items():
        name = shortened(object_name(key, ledger.entries.get(key, Entry())))
        if done.refused or not done.report:
            continue
        world.log.say("INFO", f"{name}: {done.report}", **where(ledger), key=key)
        if done.warning:
            world.log.say("WARNING", f"{name}: {done.warning}", **where(ledger), key=key, code="picture")
    for key, other in preparing.lookalikes(ledger, came).items():
        names = [shortened(object_name(one, ledger.entries[one])) for one in (key, other)]
        message = (
            f"{names[0]} looks the same as {names[1]}, but is another file: both are shown; delete one if it is double"
        )
        world.log.say("WARNING", message, **where(ledger), key=key, code="likely-double")
