"""The first screen: what waits for a person, what is under way, what was refused. Read from markers, never from every ledger."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Literal

import msgspec

from gallery_sync.core import attention
from gallery_sync.core.ledger import Entry, Ledger, file_of, object_name
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.names import DROP_KEY
from gallery_sync.core.shop_values import Gallery
from gallery_sync.parallel import in_threads
from gallery_sync.ports.storage import Documents
from gallery_sync.state import refusals
from gallery_sync.state.ledgers import Ledgers
from gallery_sync.state.open_galleries import Marker
from gallery_sync.state.refusals import RefusedDrop

MOST_GALLERIES: Final = 100
"""Galleries with trouble that one screen shows; how many there are it tells in any case."""
MOST_NEEDS: Final = 300
"""Rows of that screen: one gallery alone may have thousands of pictures that failed."""
MOST_REFUSED: Final = 100

DECODED: Final = frozenset({"", "too-small", "unlike"})
"""What preparing found (`core.recipe.REFUSED`) where it could make a small picture all the same."""

Kind = Literal["failed", "held", "left"]


class Need(msgspec.Struct, frozen=True, rename="camel"):
    """What waits for a person: an image that failed, or images that go only if somebody says so (`files` names all).

    `keys` are theirs; `reason` is the engine's own, `picture` what preparing found; `thumbnail` the file's generation, or 0.
    """

    guid: str
    gallery: Gallery
    kind: Kind
    keys: tuple[str, ...]
    files: tuple[str, ...]
    code: str
    reason: str
    picture: str
    may_try_again: bool
    thumbnail: int
    at: float


class UnderWay(msgspec.Struct, frozen=True, rename="camel"):
    """A gallery that has work: how many images were still to be brought when that was last written down."""

    guid: str
    gallery: Gallery
    waiting: int


class Overview(msgspec.Struct, frozen=True, rename="camel"):
    """The screen. The totals count all, the lists hold the first of them; `is_cut`: some needs are not among those listed."""

    needs_total: int
    needs: tuple[Need, ...]
    is_cut: bool
    under_way_total: int
    under_way: tuple[UnderWay, ...]
    waiting_total: int
    refused_total: int
    refused: tuple[RefusedDrop, ...]

    @property
    def moves(self) -> bool:
        """Whether it will look otherwise in a moment."""
        return self.under_way_total > 0


@dataclass
class _Open:
    """What the markers told, with memory that does not grow with them: the first of each kind, and how many there are."""

    troubled: list[Marker] = field(default_factory=list)
    galleries: int = 0
    needs: int = 0
    working: list[Marker] = field(default_factory=list)
    under_way: int = 0
    waiting: int = 0

    def meet(self, marker: Marker) -> None:
        """Take a marker into account."""
        if marker.said.needs:
            self.galleries += 1
            self.needs += marker.said.needs
            if len(self.troubled) < MOST_GALLERIES:
                self.troubled.append(marker)
        if marker.said.work:
            self.under_way += 1
            self.waiting += marker.waiting
            if len(self.working) < MOST_GALLERIES:
                self.working.append(marker)


def overview(documents: Documents, markers: Iterable[Marker], *, names: bool) -> Overview:
    """Give the first screen of these galleries. `names`: with the names that were refused.

    Raises StorageUnavailable.
    """
    found = _Open()
    for marker in markers:
        found.meet(marker)
    read = in_threads(lambda marker: _needs(documents, marker), found.troubled)
    needed = [need for needs in read for need in needs]
    listed = documents.list(refusals.PREFIX) if names else iter(())
    shown = list(islice(listed, MOST_REFUSED))
    refused_total = len(shown) + sum(1 for _ in listed)
    bodies = in_threads(lambda one: documents.read(one.path), shown)
    refused = [_refused(one.path, stored.body) for one, stored in zip(shown, bodies, strict=True) if stored is not None]
    return Overview(
        found.needs,
        tuple(needed[:MOST_NEEDS]),
        found.galleries > len(found.troubled) or len(needed) > MOST_NEEDS,
        found.under_way,
        tuple(UnderWay(marker.guid, marker.gallery, marker.waiting) for marker in found.working),
        found.waiting,
        refused_total,
        tuple(sorted(refused, key=lambda one: -one.at)),
    )


def _refused(path: str, body: bytes) -> RefusedDrop:
    """Read a refusal; one that nobody can read is one itself."""
    try:
        return refusals.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return RefusedDrop(
            path, "bad-document", "it is not as gallery-sync wrote it: delete it in the state bucket", 0.0
        )


def _needs(documents: Documents, marker: Marker) -> tuple[Need, ...]:
    try:
        ledger = Ledgers(documents).read(marker.guid, marker.gallery).ledger
    except BadDocument as error:
        return (Need(marker.guid, marker.gallery, "failed", (), (), "bad-document", str(error), "", False, 0, 0.0),)
    return tuple(needs(ledger))


def needs(ledger: Ledger) -> Iterator[Need]:
    """Give what of a gallery waits for a person."""
    place = (ledger.guid, ledger.gallery)
    for key, entry in ledger.entries.items():
        if entry.failure is not None:
            done = entry.prepared
            yield Need(
                *place,
                "failed",
                (key,),
                (object_name(key, entry),),
                entry.failure.code,
                entry.failure.reason,
                done.refused if done is not None else "",
                attention.may_try_again(entry),
                thumbnail_of(key, entry)[1],
                entry.failure.at,
            )
    for kind, keys, at in _waiting_to_go(ledger):
        files = tuple(object_name(key, ledger.entries.get(key, Entry())) for key in keys)
        first = ledger.entries.get(keys[0], Entry())
        yield Need(*place, kind, keys, files, kind, "", "", False, thumbnail_of(keys[0], first)[1], at)


def _waiting_to_go(ledger: Ledger) -> Iterator[tuple[Kind, tuple[str, ...], float]]:
    if ledger.hold is not None and ledger.hold.keys:
        yield "held", ledger.hold.keys, ledger.hold.at
    if behind := tuple(attention.left_behind(ledger)):
        yield "left", behind, min((moved.at for moved in ledger.moved.values()), default=0.0)


def thumbnail_of(key: str, entry: Entry) -> tuple[str, int]:
    """Give of which file, and of which generation of it, a key's small picture is; generation 0 where there can be none."""
    if not key.startswith(DROP_KEY) or (entry.prepared is not None and entry.prepared.refused not in DECODED):
        return "", 0
    wanted = entry.wanted
    if wanted is not None and not wanted.content.url:
        return wanted.content.source, wanted.content.generation
    return file_of(key, entry), entry.live.generation if entry.live is not None else 0
