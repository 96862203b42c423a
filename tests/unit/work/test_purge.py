"""A cleanup that takes the files along: where the bucket refuses that, nothing is deleted, and the bucket is named for it."""

import dataclasses
from collections.abc import Iterator

import msgspec
import pytest

from gallery_sync.core.files import BucketFile
from gallery_sync.core.ledger import Intent
from gallery_sync.ports.storage import NotRemoved, StorageUnavailable
from gallery_sync.work.intents import run_intent
from gallery_sync.work.world import RequestWorld
from tests.integration.http.world import GUID, Around

CLEAN = Intent("op/0", "clean", 2_000_000_000.0, purge=True)
FILE = BucketFile(f"{GUID}/shop/1.jpg", 7, "md5:1", 10, 1_000_000_000.0)


@dataclasses.dataclass
class Folder:
    """One file, whose removal ends like this."""

    error: Exception | None = None
    removed: list[BucketFile] = dataclasses.field(default_factory=list)

    def list(self, prefix: str, *, start: str = "") -> Iterator[BucketFile]:
        yield FILE

    def find(self, name: str) -> BucketFile | None:
        return next((file for file in self.list(name) if file.name == name), None)

    def remove(self, file: BucketFile) -> bool:
        if self.error is not None:
            raise self.error
        self.removed.append(file)
        return True


def cleaning(around: Around, folder: Folder) -> RequestWorld:
    around.shop.names = ["1.png", "2.png"]
    world = dataclasses.replace(around.world(), drops=folder, bin=folder)
    world.ledgers.change(GUID, "shop", lambda held: msgspec.structs.replace(held, prefixes=(GUID,), intents=(CLEAN,)))
    return world


def test_the_files_go_and_so_do_the_images() -> None:
    around, folder = Around(), Folder()
    world = cleaning(around, folder)
    outcome = run_intent(world, world.ledgers.read(GUID, "shop"), CLEAN)
    assert outcome is not None
    assert ([image.state for image in outcome.images], folder.removed) == (["deleted", "deleted"], [FILE])


def test_a_file_that_the_bucket_does_not_give_away_is_named_and_no_image_is_deleted() -> None:
    around = Around()
    world = cleaning(around, Folder(NotRemoved("Cloud Storage does not let it be moved (Forbidden 403)")))
    outcome = run_intent(world, world.ledgers.read(GUID, "shop"), CLEAN)
    assert outcome is not None
    assert outcome.problem is not None
    assert (outcome.problem.status, outcome.problem.code) == (502, "not-purged")
    assert f"{FILE.name} stays in the bucket: Cloud Storage does not" in outcome.problem.message
    assert "Shoptet's answer" not in outcome.problem.message
    assert "delete_all" not in around.shop.calls
    assert world.ledgers.read(GUID, "shop").ledger.intents == ()


def test_where_storage_is_away_the_task_comes_again_and_no_try_is_used_up() -> None:
    around = Around()
    world = cleaning(around, Folder(StorageUnavailable("503")))
    with pytest.raises(StorageUnavailable):
        run_intent(world, world.ledgers.read(GUID, "shop"), CLEAN)
    held = world.ledgers.read(GUID, "shop").ledger
    assert (held.flight, held.intents, "delete_all" in around.shop.calls) == (None, (CLEAN,), False)
