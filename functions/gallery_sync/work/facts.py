"""What is known of the shop (`shop.json`): read where it decides, and learned where a flight tells."""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from gallery_sync.core import numbering
from gallery_sync.core.ledger import Ledger, is_shown
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.shop_facts import Facts, Numbers, is_nowhere
from gallery_sync.core.shop_values import Gallery, Image
from gallery_sync.ports import shop_errors
from gallery_sync.ports.shop_errors import NoOriginal
from gallery_sync.state import shop_facts
from gallery_sync.work.report import where
from gallery_sync.work.world import BaseWorld, FetchWorld, RequestWorld

replace = msgspec.structs.replace


def known_facts(world: BaseWorld) -> Facts:
    """Give what is known of the shop; where that cannot be read, nothing is. Raises StorageUnavailable."""
    try:
        return shop_facts.read(world.documents)
    except BadDocument as error:
        world.log.say("ERROR", str(error))
        return Facts()


def learned(world: RequestWorld, known: Facts, numbers: Numbers | None) -> Facts:
    """Note what a flight showed of the shop's numbers, and give what is known now. Raises StorageUnavailable.

    That a shop keeps numbers is not believed against what was seen: one that gives them once may do so any time.
    """
    if numbers is None or known.numbers in (numbers, "given"):
        return known
    try:
        after = shop_facts.note(
            world.documents, lambda facts: facts if facts.numbers == "given" else replace(facts, numbers=numbers)
        )
    except BadDocument:
        # It was told when it was read.
        return replace(known, numbers=numbers)
    if after.numbers != known.numbers:
        says = "keeps the numbers that images are sent with" if after.numbers == "kept" else "numbers images itself"
        world.log.say("INFO" if known.numbers is None else "WARNING", f"the shop {says}")
    return after


def originals_at(world: FetchWorld, guid: str, gallery: Gallery) -> str | None:
    """Give where the gallery's pictures are: as it is known, or as Shoptet tells it, which is asked once.

    None where Shoptet cannot be asked now: the task is enqueued again. Raises NoOriginal where nobody knows.
    """
    facts = known_facts(world)
    if gallery in facts.originals:
        return facts.originals[gallery]
    if is_nowhere(facts, gallery):
        raise NoOriginal("nobody knows where the shop's pictures are")
    try:
        address = world.shop.originals()
    except shop_errors.TryLater as error:
        world.log.say("WARNING", f"not now: {error}", guid=guid, gallery=gallery)
        world.queue.fetch(guid, gallery, error.at)
        return None
    except (shop_errors.NotAllowed, shop_errors.Refused) as error:
        world.log.say("WARNING", f"where the shop's pictures are is not to be had: {error}")
        raise NoOriginal(f"where the shop's pictures are is not to be had: {error}") from None
    if address is None:
        raise NoOriginal("Shoptet does not tell where the shop's pictures are")
    # Where it cannot be noted, that was told when it was read.
    with suppress(BadDocument):
        shop_facts.note(world.documents, lambda known: replace(known, originals={**known.originals, gallery: address}))
    return address


def tell_order(world: RequestWorld, ledger: Ledger, moved: Sequence[str], shown: Sequence[Image], facts: Facts) -> None:
    """See whether a change of attributes moved these keys to their places, in a shop that numbers its images itself.

    The first one says what this shop does. Where images cannot be ordered, that is said, and not tried again.
    """
    names = {image.name for image in shown}
    # An answer that does not show the whole gallery tells nothing of its order.
    is_whole = all(e.live is None or e.live.name in names for e in ledger.entries.values() if is_shown(e))
    if facts.numbers != "given" or facts.patched == "ignored" or not moved or not is_whole:
        return
    is_held = numbering.with_landed(ledger, shown, moved, facts) == ledger
    if facts.patched is None:
        try:
            shop_facts.note(
                world.documents,
                lambda known: replace(known, patched=known.patched or ("kept" if is_held else "ignored")),
            )
        except BadDocument:
            return
    if not is_held:
        world.log.say(
            "WARNING",
            "the shop numbers images itself, and left them in another order than was asked for: whoever wants it otherwise "
            "has to order them in the shop's administration",
            **where(ledger),
        )
