"""A year of a shop with people, callers and mistakes ends as its first month did: documents, calls a day, and their bytes.

A reduced scale: five products, a sweep every two hours, a few things a day. The bucket's lifecycle is what Terraform says.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import pytest

from gallery_sync.core.operation import AskedImage, Part
from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.ports.storage import Listed, Stored
from tests.faults.simulation.chance import Faults, Setting, Shoptets
from tests.faults.simulation.jobs import Page
from tests.faults.simulation.people import People
from tests.faults.simulation.requests import request
from tests.faults.simulation.shop import Place
from tests.faults.simulation.storage import SimDocuments
from tests.faults.simulation.universe import CALLERS_SECRET, Universe

MONTH: Final = 34
"""Days after which all that lives for a month has begun to end: requests, keys that refer to them."""
YEAR: Final = 365
WEEK: Final = 7
"""Days over which is averaged, at both times."""
MOST: Final = 1.2
SWEEP_EVERY: Final = 2 * HOUR
PRODUCTS: Final = tuple(f"{number:08x}-7481-11e8-8216-002590dad85e" for number in range(5))
FAULTS: Final = Faults(
    killed=0.0005,
    storage_refuses=0.001,
    task_lost=0.01,
    event_lost=0.01,
    webhook_lost=0.05,
    lost_after=0.01,
    get_fails=0.01,
    job_drops_image=0.02,
)
BUCKETS: Final = (Path(__file__).parents[2] / "terraform" / "shop" / "buckets.tf").read_text()
LIFECYCLE: Final = {
    folder: float(days) * DAY
    for folder, days in re.findall(r'"([a-z/]+/)" += (\d+)', BUCKETS.partition("# The history")[0])
} | {"removed/": 28 * DAY}
"""What the owner chooses (`removed_days`) is less than a month here, so that one has it all."""


class Counted(SimDocuments):
    """Documents that count what is asked of them; a listing also by what it lists."""

    calls = 0

    def read(self, path: str) -> Stored | None:
        self.calls += 1
        return super().read(path)

    def write(self, path: str, body: bytes, *, generation: int, metadata: Mapping[str, str] | None = None) -> int:
        self.calls += 1
        return super().write(path, body, generation=generation, metadata=metadata)

    def delete(self, path: str, *, generation: int | None = None) -> None:
        self.calls += 1
        super().delete(path, generation=generation)

    def list(self, prefix: str, *, start: str = "") -> Iterator[Listed]:
        self.calls += 1
        for listed in super().list(prefix, start=start):
            self.calls += 1
            yield listed


class Shop(Universe):
    """A world whose sweeps are rare, and whose bucket has a lifecycle."""

    def __init__(self) -> None:
        super().__init__(
            Setting(seed=1, faults=FAULTS, shoptet=Shoptets(job_seconds=20.0), mirror_deletes=True, task_tries=3)
        )
        self.counted = Counted(self.state, self.effects, self._wrote)
        self._documents = self.counted

    def _sweeps(self) -> None:
        self.scheduler.at(self.scheduler.now + SWEEP_EVERY, self._swept)

    def end_what_is_old(self) -> None:
        """Do what Cloud Storage does once a day."""
        for path, blob in list(self.state.blobs.items()):
            if any(path.startswith(folder) and self.now > blob.at + age for folder, age in LIFECYCLE.items()):
                del self.state.blobs[path]


@dataclass
class Days:
    """What was measured at the end of each day."""

    documents: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    storage: list[int] = field(default_factory=list)
    shoptet: list[int] = field(default_factory=list)
    kinds: list[Counter[str]] = field(default_factory=list)


class Life:
    """People and callers of such a shop, day by day."""

    def __init__(self) -> None:
        self.universe = Shop()
        self.rng = Random(1)
        self.people = People(self.universe, self.rng)
        for guid in PRODUCTS:
            for gallery in ("shop", "shop360"):
                self.universe.shop.galleries[guid, gallery] = []

    def day(self, number: int) -> None:
        """One day: what somebody does, an hour between each."""
        guid, first = PRODUCTS[number % 4], PRODUCTS[4]
        inserted = (guid, PRODUCTS[(number + 1) % 4], PRODUCTS[(number + 2) % 4], first)
        acts: list[Callable[[], None]] = [
            lambda: self._drop(guid, number),
            lambda: self._delete_inserted(number - 1),
            *(partial(self._insert, one, number) for one in inserted),
            lambda: self.people.delete_ours((guid, "shop")),
            lambda: self._refused(number),
            lambda: self._ghost(number),
        ]
        if number % 5 == 0:
            acts.append(lambda: self._clean(first))
        for act in acts:
            act()
            self.universe.turn(HOUR)
        self.universe.turn(DAY - len(acts) * HOUR)
        self.universe.end_what_is_old()

    def _drop(self, guid: str, number: int) -> None:
        self.people.drop(f"{guid}/shop/{number % 3}.jpg")
        old = f"{guid}/shop/{(number + 1) % 3}.jpg"
        if old in self.universe.drops.blobs:
            self.people.delete(old)

    def _insert(self, guid: str, number: int) -> None:
        place: Place = (guid, "shop")
        key, url = f"url:day-{number}", f"https://pim.test/{guid}/{number}.jpg?{CALLERS_SECRET}"
        self.universe.pages[url] = Page(place, url, f"content-{guid}-{number}j", key, None)
        self._ask(Part("insert", guid, "shop", (AskedImage(url, key),)), event=number % 2 == 0)

    def _delete_inserted(self, number: int) -> None:
        for guid in PRODUCTS[:4]:
            place: Place = (guid, "shop")
            for picture in self.universe.shop.galleries[place]:
                if picture.owner == f"url:day-{number}":
                    self.universe.shop.to_be_deleted.add((place, picture.name))
                    self._ask(Part("delete", guid, "shop", name=picture.name, remove_reference=True))

    def _clean(self, guid: str) -> None:
        self.universe.shop.to_be_cleaned.add((guid, "shop"))
        self._ask(Part("clean", guid, "shop", remove_reference=True, purge=True))

    def _ghost(self, number: int) -> None:
        guid = f"{number:08x}-0000-11e8-8216-002590dad85e"
        self.universe.shop.gone.add(guid)
        self._ask(Part("clean", guid, "shop"), event=True)

    def _refused(self, number: int) -> None:
        """Yesterday's mistakes are tidied up, and others made."""
        for name in list(self.universe.drops.blobs):
            if name.startswith("WRONG-"):
                self.people.delete(name)
        self.people.drop(f"WRONG-{number}/shop/a.jpg")
        self.people.drop(f"WRONG-{number}/notes.txt")

    def _ask(self, part: Part, *, event: bool = False) -> None:
        if event:
            self.universe.send((part,))
        else:
            self.universe.call(request(part))


def lived(days: int) -> Days:
    """Live so many days, and measure."""
    life = Life()
    universe, seen = life.universe, Days()
    calls, asked = 0, 0
    try:
        for number in range(days):
            life.day(number)
            blobs = universe.state.blobs
            seen.documents.append(len(blobs))
            seen.size.append(sum(len(blob.body) + len(str(blob.metadata)) for blob in blobs.values()))
            seen.storage.append(universe.counted.calls - calls)
            seen.shoptet.append(sum(universe.calls.counts.values()) - asked)
            seen.kinds.append(Counter(path.partition("/")[0] for path in blobs))
            calls, asked = universe.counted.calls, sum(universe.calls.counts.values())
            # A year is longer than any world that the bound of steps and the story are for.
            universe.scheduler.steps = 0
            universe.story.lines.clear()
    finally:
        universe.close()
    return seen


def grown(days: list[int]) -> float:
    """How many times as much the last week shows as one after the first month."""
    return sum(days[-WEEK:]) / sum(days[MONTH : MONTH + WEEK])


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_year_ends_as_its_first_month_did() -> None:
    seen = lived(YEAR)
    about = f"after a month {seen.kinds[MONTH]}, after a year {seen.kinds[-1]}"
    assert grown(seen.documents) < MOST, about
    assert grown(seen.size) < MOST, about
    assert grown(seen.storage) < MOST, about
    assert grown(seen.shoptet) < MOST, about
    # Something was there at all.
    assert all(count > 20 for count in seen.documents[-WEEK:])
    assert all(count > 5 for count in seen.shoptet[-WEEK:])
