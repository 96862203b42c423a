"""Shoptet's inside in memory: products, galleries, and the rules of docs/shoptet.md that a gallery keeps."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from gallery_sync.core.shop_values import Gallery, Image
from tests.faults.simulation.chance import Shoptets
from tests.faults.simulation.effects import Effects

Place = tuple[str, Gallery]
"""A gallery: the product's guid, and which of its two."""


@dataclass
class Picture:
    """An image in the shop. `owner` is the dropped object or the caller's key (`url:…`) that it was made for; None: somebody
    else's.

    `source` is the copy in the outbox or the URL that it was inserted from; `checksum` what it shows now.
    """

    name: str
    priority: int
    description: str
    place_in_line: int
    changed_at: float
    cdn_name: str
    owner: str | None = None
    source: str | None = None
    generation: int = 0
    checksum: str = ""
    referenced: bool = False
    touched_at: float | None = None
    """When a person changed it in the shop."""


@dataclass
class Deletion:
    """A person deleted an image of ours in `place`: what the drop bucket held for it then, and what the ledger said
    that it showed (`settled`, a generation)."""

    at: float
    place: Place
    generation: int | None
    checksum: str | None
    settled: int | None
    flying: bool


@dataclass
class SimShop:
    """All of the shop's galleries. Times are true times; `stamp` writes them as the shop's own clock shows them."""

    effects: Effects
    how: Shoptets
    galleries: dict[Place, list[Picture]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    told: dict[str, list[tuple[float, str | None]]] = field(default_factory=dict)
    """What each code was said to mean, and when (true time); None: nothing."""
    moves: list[tuple[float, str, str | None]] = field(default_factory=list)
    """When (true time) which code lost which product."""
    gone: set[str] = field(default_factory=set)
    by_hand_at: dict[Place, list[float]] = field(default_factory=dict)
    """When a gallery gained an image that is not ours, or one of ours was changed by hand."""
    removed_by_hand: set[Place] = field(default_factory=set)
    """Galleries that lost an image to somebody else than us at any time."""
    to_be_cleaned: set[Place] = field(default_factory=set)
    """Galleries that a caller wanted to be cleaned at any time."""
    to_be_deleted: set[tuple[Place, str]] = field(default_factory=set)
    to_be_described: set[tuple[Place, str]] = field(default_factory=set)
    """Images that a caller named for that at any time."""
    touched: dict[str, float] = field(default_factory=dict)
    """When a person last changed order or description of an object's image."""
    deleted: dict[str, str] = field(default_factory=dict)
    """What each image showed that we deleted."""
    edited: dict[str, float] = field(default_factory=dict)
    """When each product changed last (true time)."""
    _history: dict[Place, list[tuple[float, tuple[Image, ...]]]] = field(default_factory=dict)
    _names: int = 100
    _line: int = 0

    def stamp(self, at: float) -> str:
        """Write a moment as Shoptet does: its clock, whole seconds, no colon in the zone."""
        return datetime.fromtimestamp(int(at + self.how.clock_ahead), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")

    def add(self, place: Place, priority: int | None, description: str | None, kind: str, **more: object) -> Picture:
        """Add an image under a name of the shop's choosing."""
        self._names += 1
        self._line += 1
        pictures = self.galleries[place]
        last = max((p.priority for p in pictures), default=0)
        picture = Picture(
            f"{self._names}.{kind}",
            last + 1 if priority is None else priority,
            self.normal(description or ""),
            self._line,
            self.effects.now,
            f"cdn-{self._names}",
            **more,  # type: ignore[arg-type]
        )
        pictures.append(picture)
        if picture.owner is None:
            self.by_hand_at.setdefault(place, []).append(self.effects.now)
        self.changed(place, inserted=True)
        return picture

    def replace(self, place: Place, picture: Picture, kind: str) -> None:
        """Note that a picture's content has changed."""
        self._names += 1
        picture.changed_at = self.effects.now
        if self.how.cdn_name_changes:
            picture.cdn_name = f"cdn-{self._names}"
        if self.how.renames_on_update:
            picture.name = f"{picture.name.rpartition('.')[0]}.{kind}"
        self.changed(place)

    def describe(
        self, picture: Picture, priority: int | None, description: str | None, *, by_hand: bool = False
    ) -> None:
        """Change attributes; `changed` is the caller's to call."""
        if priority is not None and not (self.how.ignores_moves and not by_hand):
            picture.priority = priority
        if description is not None:
            picture.description = self.normal(description)
        if self.how.attributes_touch_change_time:
            picture.changed_at = self.effects.now

    def remove(self, place: Place, picture: Picture) -> None:
        """Take an image out."""
        self.galleries[place].remove(picture)
        self.changed(place)

    def changed(self, place: Place, *, inserted: bool = False) -> None:
        """A gallery is different from now on: renumber it where this shop does so, and remember it as it is."""
        pictures = self.galleries[place]
        if self.how.renumbers and (inserted or not self.how.only_insertions):
            for at, picture in enumerate(sorted(pictures, key=_line)):
                picture.priority = self.how.numbers_from + self.how.numbers_step * at
        self.edited[place[0]] = self.effects.now
        self._history.setdefault(place, []).append((self.effects.now, self._images(sorted(pictures, key=_line))))

    def shown(self, place: Place) -> tuple[Image, ...]:
        """Give the gallery as a listing shows it, which may lag behind."""
        history = self._history.get(place, [])
        if not history:
            return ()
        if self.how.lag == 0:
            return history[-1][1]
        as_of = self.effects.now - self.effects.rng.random() * self.how.lag
        return next((images for at, images in reversed(history) if at <= as_of), ())

    def move_code(self, code: str, guid: str | None) -> None:
        """Let a code mean another product from now on, or none."""
        before = self.codes.pop(code, None)
        self.moves.append((self.effects.now, code, before))
        if guid is not None:
            self.codes[code] = guid
        self.edited |= {product: self.effects.now for product in (before, guid) if product is not None}

    def meant_lately(self, code: str, guid: str, since: float) -> bool:
        """Whether a code means a product, or did so at any time since that moment."""
        lost = any((code, guid) == (moved, lost) and at >= since for at, moved, lost in self.moves)
        return lost or self.codes.get(code) == guid

    def normal(self, description: str) -> str:
        """Give a description as this shop keeps it."""
        return " ".join(description.split()) if self.how.trims else description

    def snapshot(self) -> tuple[bytes, ...]:
        """Give all products that there are now, a line each; what it says of codes is an answer like any other."""
        products = dict.fromkeys((*(guid for guid, _ in self.galleries), *self.codes.values()))
        for code, guid in self.codes.items():
            self.told.setdefault(code, []).append((self.effects.now, None if guid in self.gone else guid))
        return tuple(self._product(guid) for guid in products if guid not in self.gone)

    def _product(self, guid: str) -> bytes:
        codes = [{"code": code} for code, meant in self.codes.items() if meant == guid]
        images = [
            {**msgspec.to_builtins(image), "gallery": gallery}
            for (of, gallery) in self.galleries
            if of == guid
            for image in self.shown((of, gallery))
        ]
        return msgspec.json.encode({"guid": guid, "name": f"product {guid}", "variants": codes, "images": images})

    def named(self, place: Place, name: str) -> Picture | None:
        """Find an image."""
        return next((p for p in self.galleries[place] if p.name == name), None)

    def ordered(self, place: Place) -> list[Picture]:
        """Give a gallery's images as the shop shows them."""
        return sorted(self.galleries[place], key=_line)

    def _images(self, pictures: Iterable[Picture]) -> tuple[Image, ...]:
        return tuple(self.image(p) for p in pictures)

    def image(self, p: Picture) -> Image:
        """Give an image as the API shows it."""
        priority = None if self.how.hides_numbers else p.priority
        return Image(p.name, priority, p.description, self.stamp(p.changed_at), p.cdn_name)


def key_of(owner: str) -> str:
    """Give the ledger's key of an image's owner: an object of the drop bucket, or a caller's key."""
    return owner if owner.startswith("url:") else f"drop:{owner}"


def _line(picture: Picture) -> tuple[int, int]:
    return picture.priority, picture.place_in_line
