"""The daily full look finds what no event told, costs Shoptet nothing, and goes on where it stopped."""

import io
from collections.abc import Iterator

import pytest
from google.cloud.storage import Client

from gallery_sync import codes, names
from gallery_sync.fulllook import full_look
from gallery_sync.ledgers import Ledgers
from gallery_sync.log import Log
from gallery_sync.plan import DropFile, observe
from gallery_sync.schedule import DAY, Timing
from gallery_sync.shoptet.model import GALLERIES, Gallery
from gallery_sync.storage import BucketDocuments, BucketDrops
from gallery_sync.world import SweepWorld
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

    def drop(self, prefix: str, gallery: Gallery, at: float) -> None:
        self.drops.append((prefix, gallery))

    def refused(self, name: str) -> None:
        self.refusals.append(name)

    def gallery(self, guid: str, gallery: Gallery, at: float) -> None:
        raise AssertionError("a full look names folders")

    def operation(self, operation: str, at: float) -> None:
        raise AssertionError("a full look knows no operations")

    def ended(self, guid: str, gallery: Gallery, job_id: str) -> None:
        raise AssertionError("a full look asks Shoptet nothing")

    def jobs(self, at: float) -> None:
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


def make_world(storage: Client, looks: Asked, clock: Ticking) -> SweepWorld:
    return SweepWorld(
        documents=BucketDocuments(storage.bucket("state")),
        drops=BucketDrops(storage.bucket("drop")),
        looks=looks,
        clock=clock,
        log=Log("sweep", io.StringIO()),
        timing=Timing(),
    )


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
    looks = Asked()
    world = make_world(storage, looks, Ticking(100 * DAY))
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

    assert sorted(looks.drops) == [
        (GUIDS[1], "shop"),
        (GUIDS[2], "shop360"),
        (GUIDS[3], "shop"),
        ("NEVER-SEEN", "shop"),
    ]
    assert looks.refusals == [f"{GUIDS[0]}/shop/notes.txt"]


def test_a_folder_by_code_is_compared_with_the_ledger_of_the_product_it_means(storage: Client) -> None:
    looks = Asked()
    world = make_world(storage, looks, Ticking(100 * DAY))
    drop(storage, "62%2FXL/shop/1.jpg")
    known = codes.Code(GUIDS[0], 0.0)
    world.documents.write(codes.path("62/XL"), b'{"guid":"%s","checked_at":0.0}' % known.guid.encode(), generation=0)
    write_ledgers(world, "62%2FXL", GUIDS[0])
    assert full_look(world) == 0

    drop(storage, "62%2FXL/shop/2.jpg")
    world = make_world(storage, looks, Ticking(101 * DAY))
    assert full_look(world) == 1
    assert looks.drops == [("62%2FXL", "shop")]


def test_it_is_done_once_a_day_and_goes_on_where_its_time_ended(storage: Client) -> None:
    folders = [f"P{number:03}" for number in range(130)]
    for folder in folders:
        drop(storage, f"{folder}/shop/1.jpg")
    seen: list[tuple[str, Gallery]] = []
    for at in (100.0, 100.1, 100.2, 100.3):
        looks = Asked()
        # Each look at the clock costs 50 s, so that the 90 s of a run end after the first chunk of 64 folders.
        full_look(make_world(storage, looks, Ticking(at * DAY, cost=50.0 if at < 100.3 else 0.0)))
        seen += looks.drops
    assert sorted(seen) == [(folder, "shop") for folder in folders]

    looks = Asked()
    assert full_look(make_world(storage, looks, Ticking(100.4 * DAY))) == 0
    assert full_look(make_world(storage, looks, Ticking(101.0 * DAY))) == len(folders)
