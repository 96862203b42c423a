"""Which files of a gallery are to be prepared before they are sent, and what came of that. Pure; `recipe` says what is done.

A file is prepared once a generation. What is live stays as it is, whatever the recipe says by now.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from gallery_sync.core import recipe as rules
from gallery_sync.core.ledger import Entry, Ledger, Preparation, failed, is_waiting, needs_content, with_entries
from gallery_sync.core.names import made
from gallery_sync.core.recipe import Recipe, Verdict
from gallery_sync.core.schedule import HOUR
from gallery_sync.core.shop_facts import Facts

replace = msgspec.structs.replace

GOOD_FOR: Final = 12 * HOUR
"""Seconds for which what was made may be sent. It ends with the outbox, two days later at the earliest; till then Shoptet may
fetch it."""

WEBP: Final = "WebP by sourceUrl"
"""What the probe asks of the shop (`Facts.found`); "taken" where it takes them."""

TOGETHER: Final = 300.0
"""Seconds for which a gallery's pictures wait for each other."""

EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "JPEG": ("jpg", "jpeg"),
    "PNG": ("png",),
    "GIF": ("gif",),
    "WEBP": ("webp",),
}
"""By which a picture is served as what it is."""


def recipe_for(recipe: Recipe, facts: Facts) -> Recipe:
    """Give the recipe for this shop: the probe may have found that it takes WebP."""
    return dataclasses.replace(recipe, webp=recipe.webp or facts.found.get(WEBP) == "taken")


def due(ledger: Ledger, recipe: Recipe, now: float) -> list[str]:
    """Name the keys whose files are to be prepared now: wanted, not shown, and not prepared or refused by another recipe."""
    return [key for key, entry in ledger.entries.items() if _is_due(entry, recipe, now)]


def _is_due(entry: Entry, recipe: Recipe, now: float) -> bool:
    if not needs_content(entry) or entry.same_as is not None or not _is_file(entry):
        return False
    if entry.failure is None:
        return not is_ready(entry, now)
    return entry.failure.code == rules.CODE and (entry.prepared is None or entry.prepared.recipe != recipe.id)


def _is_file(entry: Entry) -> bool:
    """Whether what is wanted is a file's content: what a caller gives by URL, and what was kept, goes as it is."""
    return entry.wanted is not None and not entry.wanted.content.url


def is_ready(entry: Entry, now: float) -> bool:
    """Whether what a key wants may be sent as far as its preparation goes."""
    if not _is_file(entry):
        return True
    done = of_wanted(entry)
    return done is not None and bool(done.recipe) and not done.refused and (not done.path or now < done.at + GOOD_FOR)


def ready(ledger: Ledger, now: float) -> int:
    """Count what waits for nothing but to be sent."""
    return sum(is_waiting(entry) and is_ready(entry, now) for entry in ledger.entries.values())


def of_wanted(entry: Entry) -> Preparation | None:
    """Give what came of preparing the content that is wanted; None where that is another one, or none was begun."""
    done, wanted = entry.prepared, entry.wanted
    if done is None or wanted is None or wanted.content.url or done.generation != wanted.content.generation:
        return None
    return done


def asked(ledger: Ledger, keys: Iterable[str], now: float) -> Ledger:
    """Give the ledger in which these keys wait for their preparation, since they were first asked for."""
    changed = {}
    for key in keys:
        entry = ledger.entries[key]
        if entry.wanted is not None and entry.failure is None and not _is_asked(entry):
            changed[key] = replace(entry, prepared=Preparation(entry.wanted.content.generation, at=now))
    return with_entries(ledger, changed)


def _is_asked(entry: Entry) -> bool:
    done = of_wanted(entry)
    return done is not None and not done.recipe


def together_until(ledger: Ledger, now: float) -> float:
    """Say until when (epoch seconds) others of a gallery wait for those that are being prepared; 0: there are none.

    What is dropped together is sent together. What takes long, or never comes, keeps nobody waiting for longer.
    """
    asked = (
        e.prepared.at for e in ledger.entries.values() if e.prepared is not None and _is_asked(e) and is_waiting(e)
    )
    return max((at + TOGETHER for at in asked if now < at + TOGETHER), default=0.0)


def came_of(entry: Entry, verdict: Verdict, recipe: Recipe, now: float) -> Preparation:
    """Give what is noted of a verdict. Its `path` is where what was made has to be written; empty: the file itself goes.

    A file whose name says something else than its content does is copied under a name that says it.
    """
    if entry.wanted is None:
        raise ValueError("nothing is wanted")
    content = entry.wanted.content
    if verdict.refused:
        return Preparation(content.generation, recipe.id, now, refused=verdict.refused, report=rules.reason(verdict))
    shape = verdict.made or verdict.shape
    path = ""
    if shape is not None and (verdict.made is not None or is_misnamed(content.source, shape.format)):
        extension = EXTENSIONS[shape.format][0]
        path = made(content.source, content.generation, recipe.id, extension)
    return Preparation(
        content.generation,
        recipe.id,
        now,
        path=path,
        report=rules.report(verdict, recipe),
        warning=rules.warning(verdict),
        look=verdict.look,
    )


def is_misnamed(source: str, kind: str) -> bool:
    """Whether a file's name does not end as its content asks for."""
    return source.rpartition(".")[2].lower() not in EXTENSIONS.get(kind, ())


def unread(entry: Entry, recipe: Recipe, now: float) -> Preparation:
    """Give what is noted of a file that could not be read: whoever is to copy it says why."""
    return Preparation(entry.wanted.content.generation if entry.wanted is not None else 0, recipe.id, now)


def noted(ledger: Ledger, came: Mapping[str, Preparation], now: float) -> Ledger:
    """Give the ledger with what came of these keys' preparation, as far as they still want the same content."""
    changed = {}
    for key, done in came.items():
        entry = ledger.entries.get(key, Entry())
        if entry.wanted is None or entry.wanted.content.url or entry.wanted.content.generation != done.generation:
            continue
        if entry.failure is not None and entry.failure.code == rules.CODE:
            entry = replace(entry, failure=None)
        entry = replace(entry, prepared=done)
        changed[key] = failed(entry, rules.CODE, done.report, now) if done.refused else entry
    return with_entries(ledger, changed)


def lookalikes(ledger: Ledger, keys: Iterable[str]) -> dict[str, str]:
    """Say of which of these keys a picture of another key looks likely the same, though its bytes are others."""
    looks = {
        key: e.prepared.look for key, e in ledger.entries.items() if e.prepared is not None and e.wanted is not None
    }
    found = {}
    for key in keys:
        others = (other for other in looks if other != key and other not in found)
        if looks.get(key) and (same := next((o for o in others if rules.is_alike(looks[key], looks[o])), None)):
            found[key] = same
    return found
