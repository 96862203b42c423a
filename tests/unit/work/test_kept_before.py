"""A request is run only over what was kept as it is; what changes again and again ends it."""

import msgspec
import pytest

from gallery_sync.core.kept import KEPT_AGAIN, Kept, KeptImage
from gallery_sync.core.ledger import Intent
from gallery_sync.core.operation import Outcome
from gallery_sync.state import removed
from gallery_sync.work.intents import run_intent
from tests.integration.http.world import GUID, Around

OPERATION = "0" * 32
ROW = KeptImage("1.png", f"removed/{OPERATION}/0/picture.png")


def waiting(around: Around, kind: str, *rows: KeptImage, **more: object) -> None:
    removed.write(around.documents, Kept(OPERATION, "0", GUID, "shop", 1.0, images=rows), 0)
    intent = Intent(f"{OPERATION}/0", kind, 1.0, keep="done", before=("1.png",), **more)  # type: ignore[arg-type]
    around.world().ledgers.change(GUID, "shop", lambda held: msgspec.structs.replace(held, intents=(intent,)))


def run(around: Around) -> Outcome | None:
    held = around.world().ledgers.read(GUID, "shop")
    return run_intent(around.world(), held, held.ledger.intents[0])


@pytest.mark.parametrize("kind", ["clean", "delete"])
def test_what_was_not_kept_as_it_is_is_kept_anew_first(kind: str) -> None:
    around = Around()
    around.shop.names = ["1.png"]
    waiting(around, kind, msgspec.structs.replace(ROW, change_time="earlier"), name="1.png")
    assert run(around) is None
    (intent,) = around.world().ledgers.read(GUID, "shop").ledger.intents
    assert (intent.keep, intent.kept_again, around.shop.names) == ("due", 1, ["1.png"])
    assert [look[0] for look in around.queue.asked] == ["fetch"]


def test_what_changes_again_and_again_ends_it_and_nothing_is_deleted() -> None:
    around = Around()
    around.shop.names = ["1.png"]
    waiting(around, "clean", kept_again=KEPT_AGAIN)
    outcome = run(around)
    assert outcome is not None
    assert outcome.problem is not None
    assert (outcome.problem.code, around.shop.names) == ("not-kept", ["1.png"])
    assert around.world().ledgers.read(GUID, "shop").ledger.intents == ()


def test_an_image_that_a_listing_that_lags_lacks_is_deleted_all_the_same() -> None:
    around = Around()
    waiting(around, "delete", ROW, name="1.png")
    around.shop.hidden = ["1.png"]
    outcome = run(around)
    assert outcome is not None
    assert [image.state for image in outcome.images] == ["deleted"]
    assert (around.shop.hidden, around.shop.calls.count("delete")) == ([], 1)


def test_what_is_shown_beside_what_was_kept_stays() -> None:
    around = Around()
    around.shop.names = ["1.png", "later.png"]
    waiting(around, "clean", ROW)
    assert run(around) is not None
    assert around.shop.names == ["later.png"]
    assert "delete_all" not in around.shop.calls
