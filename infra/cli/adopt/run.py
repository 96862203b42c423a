"""Takes what a gallery shows for what lies in the bucket, product by product, and writes that into the ledger.

Nothing is sent to the shop: an adopted image stands in the ledger as if it had been sent as its file says it, so that what
people ordered and described stays. It does not go with its file until gallery-sync has replaced it.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Protocol

import msgspec

from gallery_sync.clock import Clock
from gallery_sync.core import name_order, names, order
from gallery_sync.core.files import BucketFile, DropFile, read
from gallery_sync.core.ledger import Entry, Ledger, Live, with_entries
from gallery_sync.core.likeness import Signature
from gallery_sync.core.lookalikes import Matched, match
from gallery_sync.core.names import DROP_KEY, BadProduct
from gallery_sync.core.observe import observe
from gallery_sync.core.shop_values import Gallery, Image, Product
from gallery_sync.ports.decoder import Decoded, Unreadable
from gallery_sync.ports.shop_errors import NoOriginal, NotFound
from gallery_sync.ports.storage import Documents, Drops
from gallery_sync.state import paused, placed
from gallery_sync.state.ledgers import Ledgers
from infra.cli.stop import Stop

replace = msgspec.structs.replace

TO_BE_REPLACED: Final = ""
"""The checksum of an image whose file is to take its place: that of no file."""


class Shop(Protocol):
    """What is asked of Shoptet; `gallery_sync.shoptet.client.Shoptet` says what each raises."""

    def product(self, guid: str) -> Product: ...  # noqa: D102
    def guid_of(self, code: str) -> str: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class World:
    """What adoption works with.

    `fetch` gives a file's bytes, `original` an image's by its name (raises NoOriginal), `decode` a picture (raises Unreadable).
    """

    documents: Documents
    drops: Drops
    shop: Shop
    fetch: Callable[[DropFile], bytes]
    original: Callable[[str], bytes]
    decode: Callable[[bytes], Decoded]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Place:
    """A gallery, and the folders and files that feed it."""

    guid: str
    gallery: Gallery
    files: tuple[DropFile, ...]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The folders, as they are written in the bucket."""
        return tuple(dict.fromkeys(file.drop.prefix for file in self.files))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a gallery. `thumbnails` are those of the pairs that a person has to look at; `why` says why nothing did."""

    place: Place
    product: str = ""
    matched: Matched = field(default_factory=Matched)
    unreadable: tuple[str, ...] = ()
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)
    written: int = 0
    why: str = ""


def places(world: World, products: Iterable[str]) -> Iterator[Place | str]:
    """Give the galleries that the bucket has files for, those of these products alone where some are named; or, why not.

    Raises StorageUnavailable, the client's errors.
    """
    wanted = {world.shop.guid_of(one) if not names.is_guid(one) else one.lower() for one in products}
    guids: dict[str, str | None] = {}
    found: dict[tuple[str, Gallery], list[DropFile]] = {}
    for file in _pictures(_standing(world)):
        prefix = file.drop.prefix
        if prefix not in guids:
            guids[prefix] = _guid(world, prefix)
            if guids[prefix] is None:
                yield f"{prefix}/: no product of the shop is meant by this folder"
        guid = guids[prefix]
        if guid is not None and (not wanted or guid in wanted):
            found.setdefault((guid, file.drop.gallery), []).append(file)
    for (guid, gallery), files in found.items():
        yield Place(guid, gallery, tuple(files))


def look(world: World, place: Place) -> Outcome:
    """Compare a gallery's files with what it shows; nothing is written.

    Raises StorageUnavailable, BadDocument, the client's errors.
    """
    held = _ledgers(world).read(place.guid, place.gallery).ledger
    if held.flight is not None:
        return Outcome(place, why="something is under way there: wait some minutes")
    product = world.shop.product(place.guid)
    waiting = _waiting(_observed(world, held, place))
    known = {entry.live.name for entry in held.entries.values() if entry.live is not None}
    images = [image.name for image in product.images[place.gallery] if image.name not in known]
    named = product.name or place.guid
    if not waiting or not images:
        return Outcome(place, named, Matched(new=tuple(waiting), foreign=tuple(images)))
    of = {file.drop.name: file for file in place.files}
    files, bad_files = _decoded(world, {key: of[name] for key, name in waiting.items() if name in of}, world.fetch)
    shown, bad_images = _decoded(world, {name: name for name in images}, world.original)
    matched = match(_signatures(files), _signatures(shown))
    asked = {name for pair in (*matched.unsure, *matched.smaller) for name in (pair.file, pair.image)}
    thumbnails = {name: one.thumbnail for name, one in (files | shown).items() if name in asked}
    return Outcome(place, named, matched, (*bad_files, *bad_images), thumbnails)


def check_paused(world: World) -> None:
    """Raise Stop where the shop is not paused: flights would come in between."""
    if not paused.is_paused(world.documents):
        raise Stop(
            "nothing is written while gallery-sync works: gallery-sync pause, then this, then gallery-sync resume"
        )


def write(world: World, outcome: Outcome, *, replace_smaller: bool) -> Outcome:
    """Write what is sure into the ledger, and what is smaller as to be replaced, where that is wanted.

    Raises as `look` does, and Stop where the shop is not paused.
    """
    check_paused(world)
    place, now = outcome.place, world.clock.now()
    pairs = {pair.file: pair.image for pair in outcome.matched.sure}
    smaller = {pair.file: pair.image for pair in outcome.matched.smaller} if replace_smaller else {}
    if not pairs and not smaller:
        return outcome
    listing = {image.name: image for image in world.shop.product(place.guid).images[place.gallery]}
    written = 0

    def decide(held: Ledger) -> Ledger:
        nonlocal written
        ledger = _observed(world, held, place) if held.flight is None else held
        free = [key for key in (*pairs, *smaller) if key in _waiting(ledger)] if held.flight is None else []
        there = {key: listing[name] for key in free if (name := pairs.get(key) or smaller[key]) in listing}
        written = len(there)
        return with_entries(ledger, _adopted(ledger, there, smaller.keys(), now)) if there else held

    _ledgers(world).change(place.guid, place.gallery, decide)
    return Outcome(place, outcome.product, outcome.matched, outcome.unreadable, outcome.thumbnails, written)


def _adopted(
    ledger: Ledger, images: Mapping[str, Image], to_be_replaced: Iterable[str], now: float
) -> dict[str, Entry]:
    """Give the entries of these keys with their images live, as if their files had been sent."""
    in_order = sorted(images, key=name_order.order)
    numbers = [images[key].priority for key in in_order]
    known = [number for number in numbers if number is not None]
    rises = len(known) == len(numbers) and all(a < b for a, b in pairwise(known))
    # Another order than that of the names is people's: what was sent is then taken to be in the order of the names.
    sent = dict(zip(in_order, known, strict=True)) if rises else order.assign(in_order, {})
    entries = {}
    for key, image in images.items():
        entry = ledger.entries[key]
        if entry.wanted is None:
            continue
        content, asked = entry.wanted.content, entry.wanted.priority
        checksum, generation = (TO_BE_REPLACED, 0) if key in to_be_replaced else (content.checksum, content.generation)
        live = Live(
            image.name,
            checksum,
            generation,
            priority=sent[key] if asked is None else asked,
            description=entry.wanted.description,
            seen=now,
            change_time=image.change_time,
            adopted=True,
        )
        entries[key] = replace(entry, live=live)
    return entries


def _observed(world: World, held: Ledger, place: Place) -> Ledger:
    prefixes = tuple(dict.fromkeys((*held.prefixes, *place.prefixes)))
    return observe(replace(held, prefixes=prefixes), place.files, world.clock.now())


def _waiting(ledger: Ledger) -> dict[str, str]:
    """Name the keys that would be inserted, each with its file: they are wanted, and nothing is shown for them."""
    return {
        key: entry.wanted.content.source
        for key, entry in ledger.entries.items()
        if key.startswith(DROP_KEY) and entry.wanted is not None and entry.live is None and entry.failure is None
    }


def _decoded(
    world: World, named: Mapping[str, object], fetch: Callable[..., bytes]
) -> tuple[dict[str, Decoded], list[str]]:
    """Decode what each name stands for; name those that could not be fetched or read, with the reason."""
    decoded: dict[str, Decoded] = {}
    bad = []
    for name, what in named.items():
        try:
            decoded[name] = world.decode(fetch(what))
        except (NoOriginal, Unreadable) as error:
            bad.append(f"{name}: {error}")
    return decoded, bad


def _signatures(decoded: Mapping[str, Decoded]) -> dict[str, Signature]:
    return {name: one.signature for name, one in decoded.items()}


def _standing(world: World) -> Iterator[BucketFile]:
    """Give the bucket's files, those in no product's folder under the name with which they stand, if they do."""
    stands = {name: one.code for _, found in placed.read_all(world.documents) for name, one in found.names.items()}
    for file in world.drops.list(""):
        code = stands.get(file.name)
        yield file if code is None else dataclasses.replace(file, name=names.placed(code, file.name), placed=True)


def _pictures(files: Iterable[BucketFile]) -> Iterator[DropFile]:
    for file in files:
        found = read(file)
        if isinstance(found, DropFile) and file.size:
            yield found


def _guid(world: World, prefix: str) -> str | None:
    product = names.decode_product(prefix)
    if isinstance(product, BadProduct):
        return None
    try:
        return product.lower() if names.is_guid(product) else world.shop.guid_of(product)
    except NotFound:
        return None


def _ledgers(world: World) -> Ledgers:
    return Ledgers(world.documents, world.clock)
