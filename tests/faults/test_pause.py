"""The one switch in a whole world: what is dropped in a pause is in the gallery after it."""

from gallery_sync.core.schedule import HOUR
from gallery_sync.state import paused
from tests.faults.simulation.chance import Setting, Shoptets
from tests.faults.simulation.people import GUID
from tests.faults.simulation.schedules import Life
from tests.faults.simulation.shop import Place


def test_what_is_dropped_in_a_pause_waits_and_is_shown_after_it() -> None:
    life = Life(Setting(1, shoptet=Shoptets(job_seconds=600.0)))
    universe = life.universe
    place: Place = (GUID, "shop")
    try:
        life.people.drop(f"{GUID}/shop/01_a.jpg")
        universe.turn(60.0)
        assert universe.record.current[place].flight is not None
        universe.state.put(universe.now, paused.PATH, b"{}", {})
        life.people.drop(f"{GUID}/shop/2.png")
        universe.turn(30 * HOUR)
        # What flew has landed, and nothing else was sent.
        assert [picture.owner for picture in universe.shop.galleries[place]] == [f"{GUID}/shop/01_a.jpg"]
        assert len(universe.record.flown) == 1
        del universe.state.blobs[paused.PATH]
        assert life.calm_down() == []
        assert len(universe.shop.galleries[place]) == 2
    finally:
        universe.close()
