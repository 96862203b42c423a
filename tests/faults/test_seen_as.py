"""Each gallery's last look notes how it looked: the day's snapshot of the shop is compared with that."""

from gallery_sync.core import ledger_document
from gallery_sync.core.catalogue import fingerprint
from gallery_sync.core.ledger import Ledger
from gallery_sync.core.schedule import HOUR
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.people import GUID
from tests.faults.simulation.schedules import Life

CODE = "LAMP-1"


def ledger(life: Life) -> Ledger:
    stored = life.universe.state.blobs[ledger_document.path(GUID, "shop")]
    return ledger_document.decode(stored.body, "the ledger")


def test_a_look_notes_how_the_gallery_looks_and_so_does_the_next_one() -> None:
    life = Life(Setting(1, shoptet=Shoptets(job_seconds=5.0)))
    life.universe.shop.codes = {CODE: GUID}
    noted = []
    for number in range(2):
        life.people.drop(f"{CODE}/{number}.jpg", f"picture {number}")
        life.universe.turn(HOUR)
        seen = ledger(life).seen_as
        assert seen is not None
        assert seen.fingerprint == fingerprint(life.universe.shop.shown((GUID, "shop")))
        noted.append(seen.at)
    assert noted[1] > noted[0] + HOUR / 2
    life.universe.close()
