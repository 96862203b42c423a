"""The daily full look finds what no event told, costs Shoptet nothing, and goes on where it stopped."""

import dataclasses
import io
import json
import time
from collections.abc import Iterator

import pytest
from google.cloud.storage import Client

from gallery_sync.cloud.storage import BucketDocuments, BucketDrops
from gallery_sync.core import ledger, ledger_document, names
from gallery_sync.core.files import DropFile
from gallery_sync.core.observe import observe
from gallery_sync.core.schedule import DAY, Timing
from gallery_sync.core.shop_values import GALLERIES, Gallery
from gallery_sync.log import Log
from gallery_sync.ports.storage import Stored
from gallery_sync.state import codes, refusals
from gallery_sync.state.ledgers import Ledgers, listed_folders
from gallery_sync.work import audit_bucket
from gallery_sync.work.audit_bucket import Place
from gallery_sync.work.sweep import sweep
from gallery_sync.work.world import SweepWorld
from infra.local.serving import served
from infra.local.storage.client import local_client
from infra.local.storage.server import storage_app
from tests.unit.shoptet.fakes import VirtualClock

GUIDS = [f"92ca3575-7481-11e8-8216-0025900000{number:02}" for number in range(6)]


class Asked:
    """Looks, recorded."""

    def __init__(self) -> None:
        self.drops: list[tuple[str, Gallery]] = []
        self.refusals: list[str] = []
        self.galleries: list[tuple[str, Gallery]] = []

    def folder(self, prefix: str, gallery: Gallery, at: float) -> None:
        self.drops.append((prefix, gallery))

    def refused(self, name: str) -> None:
        self.refusals.append(name)

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        self.galleries.append((guid, gallery))

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        raise AssertionError("a full look asks Shoptet nothing")

    def operation(self, operation: str, at: float) -> None:
        raise AssertionError("a full look knows no operations")

    def job_ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        raise AssertionError("a full look asks Shoptet nothing")

    def catalogue(self) -> None:
        return

    def fetch(self, guid: str, gallery: Gallery, at: float) -> None:
        raise NotImplementedError

    def prepare(self, guid: str, gallery: Gallery, at: float) -> None:
        raise NotImplementedError

    def prepared(self, guid: str, gallery: Gallery) -> None:
        raise NotImplementedError

    def place(self, *, everything: bool = False) -> None:
        raise NotImplementedError

    def snapshot_ended(self, job_id: str) -> None:
        raise AssertionError("a full look asks Shoptet nothing")

    def poll(self, at: float) -> None:
        raise AssertionError("a full look asks Shoptet nothing")


class Ticking(VirtualClock):
    """A clock on which every look costs some seconds."""

    def __init__(self, now: float, cost: float = 0.0) -> None:
        super().__init__(now)
        self.cost = cost

    def now(self) -> float:
        self.sleep(self.cost)
        return super().now()


@pytest.fixture
def storage() -> Iterator[Client]:
    with served(lambda: storage_app(["drop", "state"])) as url:
        yield local_client(url)


def make_world(storage: Client, queue: Asked, clock: Ticking, log: io.StringIO | None = None) -> SweepWorld:
    return SweepWorld(
        documents=BucketDocuments(storage.bucket("state")),
        drops=BucketDrops(storage.bucket("drop")),
        queue=queue,
        clock=clock,
        log=Log("sweep", log if log is not None else io.StringIO()),
        timing=Timing(),
    )


def full_look(world: SweepWorld) -> int:
    """The full look as a sweep does it: it knows from a listing which ledger wants files of which folder."""
    wanting: dict[str, list[Place]] = {}
    for listed in world.documents.list(ledger_document.PREFIX):
        place = ledger_document.parse_path(listed.path)
        for folder in listed_folders(listed):
            wanting.setdefault(folder, []).extend([place] if place is not None else [])
    return audit_bucket.audit_bucket(world, wanting, world.clock.now() + world.timing.run_budget)


def drop(storage: Client, name: str, body: bytes = b"picture") -> None:
    storage.bucket("drop").blob(name).upload_from_string(body)


def write_ledgers(world: SweepWorld, folder: str, guid: str) -> None:
    """Write the ledgers that a look at this folder would have written."""
    ledgers = Ledgers(world.documents)
    for gallery in GALLERIES:
        files = []
        for file in world.drops.list(f"{folder}/"):
            meant = names.parse(file.name, file.size)
            if isinstance(meant, names.Drop) and meant.gallery == gallery:
                files.append(DropFile(meant, file.generation, file.checksum, file.size, file.created, file.metadata))
        held = ledgers.read(guid, gallery)
        ledgers.write(held, observe(held.ledger, files, 0))


def test_only_galleries_that_differ_from_their_ledger_are_looked_at(storage: Client) -> None:
    queue = Asked()
    world = make_world(storage, queue, Ticking(100 * DAY))
    for guid in GUIDS[:4]:
        drop(storage, f"{guid}/shop/1.jpg")
        drop(storage, f"{guid}/shop360/1.jpg")
        write_ledgers(world, guid, guid)
    drop(storage, f"{GUIDS[1]}/shop/2.jpg")
    drop(storage, f"{GUIDS[2]}/shop360/1.jpg", b"other picture")
    storage.bucket("drop").blob(f"{GUIDS[3]}/shop/1.jpg").delete()
    drop(storage, "NEVER-SEEN/shop/1.jpg")
    drop(storage, f"{GUIDS[0]}/shop/notes.txt")

    assert full_look(world) == 4

    assert sorted(queue.drops) == [
        (GUIDS[1], "shop"),
        (GUIDS[2], "shop360"),
        (GUIDS[3], "shop"),
        ("NEVER-SEEN", "shop"),
    ]
    assert queue.refusals == [f"{GUIDS[0]}/shop/notes.txt"]


def test_a_folder_by_code_is_compared_with_the_ledger_of_the_product_it_means(storage: Client) -> None:
    queue = Asked()
    world = make_world(storage, queue, Ticking(100 * DAY))
    drop(storage, "62%2FXL/shop/1.jpg")
    known = codes.Code(GUIDS[0], 0.0)
    world.documents.write(codes.path("62/XL"), b'{"guid":"%s","checked_at":0.0}' % known.guid.encode(), generation=0)
    write_ledgers(world, "62%2FXL", GUIDS[0])
    assert full_look(world) == 0

    drop(storage, "62%2FXL/shop/2.jpg")
    world = make_world(storage, queue, Ticking(101 * DAY))
    assert full_look(world) == 1
    assert queue.drops == [("62%2FXL", "shop")]


def test_it_is_done_once_a_day_and_goes_on_where_its_time_ended(storage: Client) -> None:
    folders = [f"P{number:03}" for number in range(130)]
    for folder in folders:
        drop(storage, f"{folder}/shop/1.jpg")
    seen: list[tuple[str, Gallery]] = []
    for at in (100.0, 100.1, 100.2, 100.3):
        queue = Asked()
        # Each look at the clock costs 30 s, so that the 90 s of a run end after the first chunk of 64 folders.
        full_look(make_world(storage, queue, Ticking(at * DAY, cost=30.0 if at < 100.3 else 0.0)))
        assert len(queue.drops) == (64 if at < 100.2 else 2 if at == 100.2 else 0)
        seen += queue.drops
    assert sorted(seen) == [(folder, "shop") for folder in folders]

    queue = Asked()
    assert full_look(make_world(storage, queue, Ticking(100.4 * DAY))) == 0
    assert full_look(make_world(storage, queue, Ticking(101.0 * DAY))) == len(folders)


def empty(storage: Client, folder: str) -> None:
    for blob in list(storage.list_blobs("drop", prefix=f"{folder}/")):
        blob.delete()


def test_an_emptied_folder_is_found_by_the_ledgers_that_want_its_files(storage: Client) -> None:
    queue, log = Asked(), io.StringIO()
    world = make_world(storage, queue, Ticking(100 * DAY), log)
    for guid in GUIDS[:3]:
        drop(storage, f"{guid}/shop/1.jpg")
        write_ledgers(world, guid, guid)
    drop(storage, f"{GUIDS[1]}/shop360/1.jpg")
    write_ledgers(world, GUIDS[1], GUIDS[1])
    # The first, one in between and the last of all; of one of the two galleries of a product, or of both.
    for guid in GUIDS[:3]:
        empty(storage, guid)
    drop(storage, f"{GUIDS[3]}/shop/1.jpg")

    assert full_look(world) == 5
    assert sorted(queue.galleries) == [
        (GUIDS[0], "shop"),
        (GUIDS[1], "shop"),
        (GUIDS[1], "shop360"),
        (GUIDS[2], "shop"),
    ]
    assert queue.drops == [(GUIDS[3], "shop")]
    lines = [line for line in map(json.loads, log.getvalue().splitlines()) if "emptied" in line["message"]]
    assert sorted((line["severity"], line["prefix"], line["gallery"]) for line in lines) == sorted(
        ("WARNING", guid, gallery) for guid, gallery in queue.galleries
    )


def test_of_a_gallery_that_two_folders_feed_the_emptied_one_is_found(storage: Client) -> None:
    queue = Asked()
    world = make_world(storage, queue, Ticking(100 * DAY))
    world.documents.write(codes.path("62/XL"), b'{"guid":"%s","checked_at":0.0}' % GUIDS[0].encode(), generation=0)
    drop(storage, "62%2FXL/shop/1.jpg")
    drop(storage, f"{GUIDS[0]}/shop/1.jpg")
    for folder in ("62%2FXL", GUIDS[0]):
        write_ledgers_also(world, folder, GUIDS[0])
    assert full_look(world) == 0

    empty(storage, "62%2FXL")
    world = make_world(storage, queue, Ticking(101 * DAY))
    assert full_look(world) == 1
    assert (queue.galleries, queue.drops) == ([(GUIDS[0], "shop")], [])


def write_ledgers_also(world: SweepWorld, folder: str, guid: str) -> None:
    """Add what a look at this folder would have added to the ledger of a gallery that other folders feed, too."""
    ledgers, gallery = Ledgers(world.documents), GALLERIES[0]
    before = ledgers.read(guid, gallery)
    write_ledgers(world, folder, guid)
    both = ledgers.read(guid, gallery)
    ledgers.write(both, ledger.with_entries(both.ledger, before.ledger.entries))


def test_an_emptied_folder_is_looked_at_once_a_day_however_many_runs_the_day_takes(storage: Client) -> None:
    world = make_world(storage, Asked(), Ticking(99 * DAY))
    folders = [f"{number:08x}-7481-11e8-8216-002590dad85e" for number in range(130)]
    for folder in folders:
        drop(storage, f"{folder}/shop/1.jpg")
        write_ledgers(world, folder, folder)
    emptied = [folders[number] for number in (0, 63, 64, 65, 100, 129)]
    for folder in emptied:
        empty(storage, folder)
    seen: list[tuple[str, Gallery]] = []
    found: list[int] = []
    for at in (100.0, 100.1, 100.2, 100.3):
        queue = Asked()
        full_look(make_world(storage, queue, Ticking(at * DAY, cost=30.0 if at < 100.3 else 0.0)))
        seen += queue.galleries
        assert queue.drops == []
        found.append(len(queue.galleries))
    # Of the 124 that are there the first run reads 64, up to number 67; the second the others, up to 128; the third finds
    # that there is none behind them.
    assert found == [4, 1, 1, 0]
    assert sorted(seen) == [(folder, "shop") for folder in emptied]


def test_a_file_outside_all_folders_hides_no_folder_behind_it(storage: Client) -> None:
    # In the order of names, `A-1/` and `A/` come after the file `A`, and before `A0`.
    for number in range(63):
        drop(storage, f"0{number:02}/shop/1.jpg")
    drop(storage, "A")
    drop(storage, "A-1/shop/1.jpg")
    drop(storage, "A/shop/1.jpg")
    seen: list[tuple[str, Gallery]] = []
    for at in (100.0, 100.1, 100.2):
        queue = Asked()
        # The first run ends after 64 folders, the last of which is the file.
        full_look(make_world(storage, queue, Ticking(at * DAY, cost=30.0 if at == 100.0 else 0.0)))
        seen += queue.drops
    assert sorted(seen)[-2:] == [("A", "shop"), ("A-1", "shop")]
    assert len(seen) == 65


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"day": "today"}'])
def test_a_progress_that_cannot_be_read_is_told_and_begun_anew(storage: Client, body: bytes) -> None:
    queue, log = Asked(), io.StringIO()
    world = make_world(storage, queue, Ticking(100 * DAY), log)
    world.documents.write(audit_bucket.PATH, body, generation=0)
    drop(storage, "P/shop/1.jpg")
    assert full_look(world) == 1
    line = json.loads(log.getvalue().splitlines()[0])
    assert line["severity"] == "ERROR"
    assert line["message"].startswith("sweep.json in the state bucket is not as gallery-sync wrote it")
    assert full_look(world) == 0


def test_what_cannot_be_read_is_told_and_hides_no_other_folder(storage: Client) -> None:
    queue, log = Asked(), io.StringIO()
    world = make_world(storage, queue, Ticking(100 * DAY), log)
    for folder in ("A-CODE", GUIDS[0], GUIDS[1]):
        drop(storage, f"{folder}/shop/1.jpg")
    drop(storage, f"{GUIDS[0]}/shop360/1.jpg")
    world.documents.write(codes.path("A-CODE"), b"{", generation=0)
    world.documents.write(ledger_document.path(GUIDS[0], "shop"), b'{"guid": 7}', generation=0)

    assert full_look(world) == 2
    assert sorted(queue.drops) == [(GUIDS[0], "shop360"), (GUIDS[1], "shop")]
    errors = [line for line in map(json.loads, log.getvalue().splitlines()) if line["severity"] == "ERROR"]
    errors.sort(key=lambda line: str(line["prefix"]))
    assert [line["prefix"] for line in errors] == [GUIDS[0], "A-CODE"]
    assert errors[0]["message"].startswith(f"ledger/{GUIDS[0]}/shop.json is not a ledger: ")
    assert errors[1]["message"].startswith("codes/A-CODE.json does not say which product a code means: ")


def test_folders_without_files_for_a_gallery_cost_no_read_of_its_ledger(storage: Client) -> None:
    world = make_world(storage, Asked(), Ticking(100 * DAY))
    for guid in GUIDS:
        drop(storage, f"{guid}/shop/1.jpg")
        write_ledgers(world, guid, guid)
    reads: list[str] = []

    class Counted(BucketDocuments):
        def read(self, path: str) -> Stored | None:
            reads.append(path)
            return super().read(path)

    full_look(dataclasses.replace(world, documents=Counted(storage.bucket("state"))))
    assert sorted(reads) == sorted([audit_bucket.PATH, *(ledger_document.path(guid, "shop") for guid in GUIDS)])


def test_folders_that_were_refused_a_day_ago_are_looked_at_again_and_what_names_no_folder_is_told(
    storage: Client,
) -> None:
    queue, log = Asked(), io.StringIO()
    world = make_world(storage, queue, Ticking(time.time() + 2 * DAY), log)
    for name, prefix in (("a", "62%"), ("b", "62%2FXL")):
        metadata = {"prefix": prefix, "gallery": "shop"}
        world.documents.write(refusals.path(name), b"{}", generation=0, metadata=metadata)
    assert sweep(world).missed == 0
    assert queue.drops == [("62%2FXL", "shop")]
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert line["severity"] == "ERROR"
    assert line["message"].startswith(f"{refusals.path('a')} in the state bucket names no folder: ")
    assert sweep(dataclasses.replace(world, clock=Ticking(time.time() + DAY - 60))).missed == 0
    assert queue.drops == [("62%2FXL", "shop")]
