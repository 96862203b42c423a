"""What a run works with: everything that acts or can change, handed in as frozen values."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gallery_sync.clock import Clock
from gallery_sync.core.name_patterns import NO_PATTERNS, Placing
from gallery_sync.core.plan import Policy
from gallery_sync.core.recipe import Recipe
from gallery_sync.core.schedule import Timing
from gallery_sync.core.shop_facts import Verify
from gallery_sync.log import Log
from gallery_sync.parallel import Spread, in_threads
from gallery_sync.ports.decoder import Decode
from gallery_sync.ports.preparer import Preparer
from gallery_sync.ports.queue import WorkQueue
from gallery_sync.ports.shop import CatalogueShop, OriginalsShop, Shop
from gallery_sync.ports.storage import Bin, Documents, Drops, Made, Moves, Outbox, Removed, Sent, Unpacked, Uploads
from gallery_sync.state.ledgers import Ledgers


@dataclass(frozen=True, kw_only=True)
class BaseWorld:
    """What every run works with."""

    documents: Documents
    queue: WorkQueue
    clock: Clock
    log: Log
    timing: Timing

    @property
    def ledgers(self) -> Ledgers:
        """The ledgers, over the documents."""
        return Ledgers(self.documents, self.clock)


@dataclass(frozen=True, kw_only=True)
class PageWorld(BaseWorld):
    """What the page works with. `storage` is the address of Cloud Storage, to which browsers upload."""

    drops: Drops
    uploads: Uploads
    moves: Moves
    placing: Placing = NO_PATTERNS
    storage: str = "https://storage.googleapis.com"


@dataclass(frozen=True, kw_only=True)
class SweepWorld(BaseWorld):
    """What sweep works with. `spread` works on many things at a time."""

    drops: Drops
    placing: Placing = NO_PATTERNS
    spread: Spread = in_threads
    only_products: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlaceWorld(BaseWorld):
    """What placing names that lie in no product's folder, reading tables and unpacking ZIPs works with.

    `sheet` gives the cells of the first sheet of a workbook (xlsx); it raises BadTable.
    """

    drops: Drops
    sent: Sent
    unpacked: Unpacked
    bin: Bin
    sheet: Callable[[bytes], list[list[str]]]
    placing: Placing
    spread: Spread = in_threads


@dataclass(frozen=True, kw_only=True)
class PollWorld(BaseWorld):
    """What a poll of the jobs works with."""

    shop: Shop


@dataclass(frozen=True, kw_only=True)
class CatalogueWorld(BaseWorld):
    """What reading the shop's catalogue works with. `lines` gives a result's lines (raises NoResult), `new_id` new ids."""

    shop: CatalogueShop
    lines: Callable[[str], Iterator[bytes]]
    new_id: Callable[[], str]
    spread: Spread = in_threads


@dataclass(frozen=True, kw_only=True)
class RequestWorld(PollWorld):
    """What accepting and running a caller's request works with. `new_id` gives ids that nobody had before.

    `only_products`: guids or codes of the products that a trial is for; empty: all.
    """

    drops: Drops
    bin: Bin
    new_id: Callable[[], str]
    max_attempts: int
    only_products: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReconcileWorld(RequestWorld):
    """What reconciling a gallery works with."""

    outbox: Outbox
    policy: Policy
    verify: Verify = "auto"
    placing: Placing = NO_PATTERNS


@dataclass(frozen=True, kw_only=True)
class PrepareWorld(BaseWorld):
    """What preparing pictures works with. `recipe`: what the shop's owner chose."""

    sent: Sent
    made: Made
    prepare: Preparer
    recipe: Recipe


@dataclass(frozen=True, kw_only=True)
class FetchWorld(BaseWorld):
    """What fetching pictures from the shop works with.

    `original` gives the picture of an image, by the address of the shop's pictures and its name; it raises NoOriginal.
    """

    shop: OriginalsShop
    sent: Sent
    removed: Removed
    original: Callable[[str, str], bytes]
    decode: Decode
    verify: Verify = "auto"
