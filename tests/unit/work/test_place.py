"""Names outside folders come to their products: once, whatever is lost or killed in between, and nothing is forgotten."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, TypeVar

import msgspec
import pytest

from gallery_sync.core.catalogue import Listed
from gallery_sync.core.files import BucketFile, of_gallery
from gallery_sync.core.ledger import Content, Ledger
from gallery_sync.core.ledger_document import BadDocument
from gallery_sync.core.name_patterns import DEFAULT_PATTERNS, Placing, read_patterns
from gallery_sync.core.observe import observe
from gallery_sync.core.placing import PlacedName
from gallery_sync.core.schedule import Timing
from gallery_sync.log import Log
from gallery_sync.ports.queue import PlaceNames
from gallery_sync.ports.storage import PreconditionFailed, StorageUnavailable, Stored
from gallery_sync.state import catalogue, codes, placed, refusals
from gallery_sync.state.catalogue import Writer, read_head
from gallery_sync.state.placed import Noted, PlacedDrops
from gallery_sync.work import catalogue as reading
from gallery_sync.work.place import place
from gallery_sync.work.world import PlaceWorld
from tests.integration.http.world import Written
from tests.unit.core.build import NOW, FixedClock
from tests.unit.http.memory import Memory

T = TypeVar("T")
Result = TypeVar("Result")

SOME, EVERYTHING = PlaceNames(), PlaceNames(everything=True)
PLACING = Placing(read_patterns(DEFAULT_PATTERNS))


class Killed(Exception):
    """The instance was killed."""


class Mortal(Memory):
    """Documents of an instance that is killed at a change, as `left` says: the change is made, and nobody hears of it."""

    left: int | None = None

    def write(self, path: str, body: bytes, **more: Any) -> int:
        generation = super().write(path, body, **more)
        self.tick()
        return generation

    def delete(self, path: str, *, generation: int | None = None) -> None:
        super().delete(path, generation=generation)
        self.tick()

    def tick(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise Killed


@dataclass
class Bucket:
    """`ports.Drops`: files by name, and how often they were looked at."""

    generations: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    created: dict[str, float] = field(default_factory=dict)
    listings: int = 0
    looks: int = 0

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        self.listings += 1
        for name, generation in sorted(self.generations.items()):
            if name.startswith(prefix) and name >= start:
                yield self._file(name, generation)

    def find(self, name: str) -> BucketFile | None:
        self.looks += 1
        generation = self.generations.get(name)
        return self._file(name, generation) if generation is not None else None

    def _file(self, name: str, generation: int) -> BucketFile:
        size, created = self.sizes.get(name, 1000), self.created.get(name, 1.0)
        return BucketFile(name, generation, f"sum-{generation}", size, created, self.metadata.get(name, {}))


def one_by_one(function: Callable[[T], Result], items: Sequence[T]) -> list[Result]:
    return [function(item) for item in items]


@dataclass
class Desk:
    """A drop bucket, a state bucket, and whoever places names."""

    documents: Mortal = field(default_factory=Mortal)
    files: Bucket = field(default_factory=Bucket)
    queue: Written = field(default_factory=Written)
    lines: io.StringIO = field(default_factory=io.StringIO)
    contents: dict[str, bytes] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)

    def world(self) -> PlaceWorld:
        return PlaceWorld(
            documents=self.documents,
            drops=self.files,
            queue=self.queue,
            clock=FixedClock(),
            log=Log("test", self.lines),
            timing=Timing(),
            placing=PLACING,
            sent=self,
            unpacked=self,
            bin=self,
            sheet=self.sheet,
            spread=one_by_one,
        )

    def copy(self, path: str) -> bytes | None:
        raise AssertionError("what was sent is nothing of a table's")

    def file(self, content: Content) -> bytes | None:
        return self.contents.get(content.source)

    def open(self, file: BucketFile) -> IO[bytes]:
        return io.BytesIO(self.contents[file.name])

    def write(self, name: str, content: bytes, *, over: int, metadata: Mapping[str, str]) -> None:
        self.documents.tick()
        if self.files.generations.get(name, 0) != over:
            raise PreconditionFailed(name)
        self.contents[name] = content
        self.files.generations[name] = over + 1
        self.files.metadata[name] = dict(metadata)
        self.written.append(name)
        self.documents.tick()

    def remove(self, file: BucketFile) -> bool:
        self.documents.tick()
        self.files.generations.pop(file.name, None)
        self.documents.tick()
        return True

    def sheet(self, content: bytes) -> list[list[str]]:
        return [row.split("|") for row in content.decode().split("\n")]

    def shop(self, *products: tuple[str, ...], eans: dict[str, str] | None = None) -> None:
        """The catalogue: each product with its codes."""
        before, generation = None, 0
        if (stored := self.documents.read(catalogue.PATH)) is not None:
            before, generation = read_head(self.documents), stored.generation
        writer = Writer(self.documents, f"set-{generation}", (), 0, spread=one_by_one)
        for own in products:
            mine = {ean: code for ean, code in (eans or {}).items() if code in own}
            guid = f"{own[0].encode().hex():0>8}-0000-0000-0000-000000000000"[:36]
            writer.add(
                Listed(guid, f"product {own[0]}", "visible", own, tuple(mine), {}, {}, with_ean=tuple(mine.values()))
            )
        writer.finish(1.0 + generation, before, generation)

    def drop(self, *names: str) -> None:
        for name in names:
            self.files.generations[name] = self.files.generations.get(name, 0) + 1
            placed.put(self.documents, name)

    def delete(self, name: str) -> None:
        del self.files.generations[name]
        placed.put(self.documents, name)

    def run(self, task: PlaceNames = SOME) -> list[str]:
        """Place, and give the folders that are reconciled."""
        self.queue.asked.clear()
        place(self.world(), task)
        return sorted(str(asked[1]) for asked in self.queue.asked if asked[0] == "drop")

    def stands(self, folder: str) -> list[str]:
        return [file.name for file in PlacedDrops(self.files, self.documents, one_by_one).list(f"{folder}/")]

    def waits(self) -> list[str]:
        return [placed.name_of(one) for one in placed.waiting(self.documents)]

    def refused(self) -> dict[str, tuple[str, str]]:
        return {one.name: (one.code, one.reason) for one in refusals.read_all(self.documents)}

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines.getvalue().splitlines()]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.shop(("ABC", "ABC/XL"), ("ABC-12",), ("70",), eans={"8590000000017": "ABC/XL"})
    return desk


def test_many_names_come_to_their_products_in_one_run(desk: Desk) -> None:
    desk.drop("ABC_2.jpg", "ABC_10.jpg", "ABC-12_1.jpg", "ABC-XL (1).png", "8590000000017_3.jpg")
    assert desk.run() == ["ABC", "ABC%2FXL", "ABC-12"]
    assert desk.stands("ABC") == ["ABC//ABC_10.jpg", "ABC//ABC_2.jpg"]
    assert desk.stands("ABC%2FXL") == ["ABC%2FXL//8590000000017_3.jpg", "ABC%2FXL//ABC-XL (1).png"]
    assert desk.stands("ABC-12") == ["ABC-12//ABC-12_1.jpg"]
    assert (desk.waits(), desk.refused()) == ([], {})


def test_no_drop_lists_the_bucket(desk: Desk) -> None:
    desk.drop(*(f"ABC_{number}.jpg" for number in range(200)))
    desk.run()
    assert (desk.files.listings, desk.files.looks) == (0, 0)


def test_a_file_that_is_replaced_or_deleted_has_its_gallery_reconciled(desk: Desk) -> None:
    desk.drop("ABC_1.jpg")
    desk.run()
    desk.drop("ABC_1.jpg")
    assert desk.run() == ["ABC"]
    desk.delete("ABC_1.jpg")
    assert desk.run() == ["ABC"]
    assert desk.stands("ABC") == []


def test_what_is_nobodys_is_refused_with_what_was_meant_until_it_is_gone(desk: Desk) -> None:
    desk.drop("ABD-12_1.jpg", "0070.jpg", "IMG_2034.jpg")
    assert desk.run() == []
    refused = desk.refused()
    assert "is it ABC-12 (product ABC-12)" in refused["ABD-12_1.jpg"][1]
    assert "is it 70 (product 70)" in refused["0070.jpg"][1]
    assert "reads as {code}_{n}, but no product has the code" in refused["IMG_2034.jpg"][1]
    assert {line["severity"] for line in desk.said() if "refused" in line["message"]} == {"WARNING"}
    desk.delete("0070.jpg")
    desk.run()
    assert "0070.jpg" not in desk.refused()


def test_a_new_catalogue_judges_refused_names_anew(desk: Desk) -> None:
    desk.drop("NEW_1.jpg")
    desk.run()
    desk.shop(("ABC",), ("NEW",))
    assert desk.run(EVERYTHING) == ["NEW"]
    assert (desk.stands("NEW"), desk.refused()) == (["NEW//NEW_1.jpg"], {})


def test_a_longer_code_that_appears_is_told_and_not_followed(desk: Desk) -> None:
    desk.drop("ABC-7.jpg")
    desk.run()
    desk.shop(("ABC",), ("ABC-7",))
    assert desk.run(EVERYTHING) == ["ABC"]
    assert (desk.stands("ABC"), desk.stands("ABC-7")) == (["ABC//ABC-7.jpg"], [])
    code, reason = desk.refused()["ABC-7.jpg"]
    assert code == "longer-code"
    assert "ABC-7 (product ABC-7)" in reason
    desk.shop(("ABC",))
    desk.run(EVERYTHING)
    assert desk.refused() == {}


def test_a_name_whose_code_is_gone_stays_where_it_stands(desk: Desk) -> None:
    desk.drop("ABC-12_1.jpg")
    desk.run()
    desk.shop(("ABC",))
    desk.run(EVERYTHING)
    assert (desk.stands("ABC-12"), desk.stands("ABC"), desk.refused()) == (["ABC-12//ABC-12_1.jpg"], [], {})


def test_a_name_whose_ean_another_product_has_leaves_the_first_one(desk: Desk) -> None:
    desk.drop("8590000000017_3.jpg")
    desk.run()
    desk.shop(("ABC", "ABC/XL"), ("70",), eans={"8590000000017": "70"})
    assert desk.run(EVERYTHING) == ["70", "ABC%2FXL"]
    assert (desk.stands("70"), desk.stands("ABC%2FXL")) == (["70//8590000000017_3.jpg"], [])


def test_a_lost_event_is_made_up_for_with_the_next_catalogue(desk: Desk) -> None:
    desk.files.generations |= {"ABC_1.jpg": 1, "nobodys.jpg": 1, "ABC/1.jpg": 1}
    assert desk.run(EVERYTHING) == ["ABC"]
    assert desk.stands("ABC") == ["ABC/1.jpg", "ABC//ABC_1.jpg"]
    assert list(desk.refused()) == ["nobodys.jpg"]
    del desk.files.generations["ABC_1.jpg"]
    assert desk.run(EVERYTHING) == ["ABC"]
    assert [path for path in desk.documents.documents if path.startswith(placed.PREFIX)] == []


def test_what_a_ledger_says_as_it_is_costs_no_reconcile_and_what_it_lacks_one(desk: Desk) -> None:
    desk.drop("ABC_1.jpg")
    desk.run()
    guid = f"{b'ABC'.hex():0>8}-0000-0000-0000-000000000000"
    files = list(of_gallery(PlacedDrops(desk.files, desk.documents, one_by_one).list("ABC/"), "shop"))
    desk.world().ledgers.change(guid, "shop", lambda _: observe(Ledger(guid, "shop"), files, NOW))
    assert desk.run(EVERYTHING) == ["ABC"]  # Nobody knows yet what its code means.
    desk.documents.write(codes.path("ABC"), msgspec.json.encode(codes.Code(guid, NOW)), generation=0)
    assert desk.run(EVERYTHING) == []
    # Its event was lost.
    desk.files.generations["ABC_1.jpg"] += 1
    assert desk.run(EVERYTHING) == ["ABC"]


@pytest.mark.parametrize("task", [SOME, EVERYTHING])
def test_who_is_killed_at_any_change_loses_nothing(task: PlaceNames) -> None:
    for left in range(1, 40):
        desk = Desk()
        desk.shop(("ABC", "ABC/XL"), ("ABC-12",), eans={"8590000000017": "ABC/XL"})
        desk.drop("ABC_1.jpg", "ABC-12_1.jpg", "8590000000017_3.jpg", "nobodys.jpg")
        desk.documents.left = left
        try:
            place(desk.world(), task)
        except Killed:
            desk.documents.left = None
        else:
            break
        enqueued = {str(asked[1]) for asked in desk.queue.asked if asked[0] == "drop"}
        enqueued |= set(desk.run(task))
        assert enqueued == {"ABC", "ABC-12", "ABC%2FXL"}, left
        assert desk.stands("ABC%2FXL") == ["ABC%2FXL//8590000000017_3.jpg"]
        assert list(desk.refused()) == ["nobodys.jpg"]
    assert left > 5


def test_who_is_killed_while_a_name_moves_leaves_it_in_one_place(desk: Desk) -> None:
    for left in range(1, 40):
        desk = Desk()
        desk.shop(("ABC", "ABC/XL"), ("70",), eans={"8590000000017": "ABC/XL"})
        desk.drop("8590000000017_3.jpg")
        desk.run()
        desk.shop(("ABC", "ABC/XL"), ("70",), eans={"8590000000017": "70"})
        desk.documents.left = left
        try:
            place(desk.world(), EVERYTHING)
        except Killed:
            desk.documents.left = None
        else:
            break
        enqueued = {str(asked[1]) for asked in desk.queue.asked if asked[0] == "drop"}
        enqueued |= set(desk.run(EVERYTHING))
        assert enqueued == {"70", "ABC%2FXL"}, left
        assert (desk.stands("70"), desk.stands("ABC%2FXL")) == (["70//8590000000017_3.jpg"], []), left
    assert left == 4


def test_a_name_that_is_dropped_again_while_it_is_looked_at_waits_on(desk: Desk) -> None:
    desk.drop("ABC_1.jpg")
    (listed,) = placed.waiting(desk.documents)
    desk.drop("ABC_1.jpg")
    placed.looked_at(desk.documents, listed)
    assert desk.waits() == ["ABC_1.jpg"]


def test_without_a_catalogue_names_wait_for_it_and_it_is_read() -> None:
    desk = Desk()
    desk.drop("ABC_1.jpg")
    desk.run()
    assert desk.queue.asked == [("catalogue",)]
    assert (desk.waits(), desk.refused()) == (["ABC_1.jpg"], {})


def test_where_the_catalogue_is_not_to_be_had_names_are_refused_with_the_reason() -> None:
    desk = Desk()
    denied = msgspec.json.encode(reading.Reading(denied="403: the token may not"))
    desk.documents.write(reading.PATH, denied, generation=0)
    desk.drop("ABC_1.jpg", "ABC_2.jpg", "gallery.csv")
    del desk.files.generations["ABC_2.jpg"]
    desk.run()
    assert desk.waits() == []
    assert desk.refused().keys() == {"ABC_1.jpg", "gallery.csv"}
    for code, reason in desk.refused().values():
        assert code == "no-catalogue"
        assert "403: the token may not" in reason


def test_an_index_that_nobody_can_read_says_what_to_do(desk: Desk) -> None:
    path = placed.path("abc")
    desk.documents.documents[path] = Stored(b"?", 1)
    desk.drop("ABC_1.jpg")
    with pytest.raises(BadDocument, match="delete it"):
        desk.run()
    assert desk.waits() == ["ABC_1.jpg"]


def test_an_index_that_others_write_all_the_time_is_left_to_the_next_run(desk: Desk) -> None:
    class Contested(Memory):
        def write(self, path: str, body: bytes, **more: Any) -> int:
            raise PreconditionFailed(path)

    with pytest.raises(StorageUnavailable, match="written by others"):
        placed.change(Contested(), placed.path("abc"), lambda _: Noted({"ABC_1.jpg": PlacedName("ABC", "ABC")}))
    with pytest.raises(StorageUnavailable, match="written by others"):
        placed.put(Contested(), "ABC_1.jpg")


def test_a_placed_file_is_there_as_long_as_it_stands_with_the_code(desk: Desk) -> None:
    desk.drop("ABC_1.jpg")
    desk.run()
    drops = PlacedDrops(desk.files, desk.documents, one_by_one)
    assert [file.name for file in drops.list("ABC//ABC_1.jpg")] == ["ABC//ABC_1.jpg"]
    assert list(drops.list("ABC-12//ABC_1.jpg")) == []
    del desk.files.generations["ABC_1.jpg"]
    assert list(drops.list("ABC//ABC_1.jpg")) == []
