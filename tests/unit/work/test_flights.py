"""Nothing is sent long after that was asked which it rests on, however long a run is held up in between."""

import pytest

from gallery_sync.work import flights
from tests.integration.http.world import GUID, Around


@pytest.mark.parametrize(
    ("later", "until"), [(0.0, 60.0), (45.0, 105.0), (60.0, 120.0), (100.0, 120.0), (300.0, 120.0)]
)
def test_a_flight_may_be_sent_for_a_minute_and_until_two_after_the_product_was_asked_for(
    later: float, until: float
) -> None:
    around = Around()
    world = around.world()
    held = world.ledgers.read(GUID, "shop")
    asked = around.clock.now()
    around.clock.time += later
    flight = flights.take_slot(world, held, held.ledger, "insert", known=asked)
    assert flight is not None
    assert (flight.started - asked, flight.send_until - asked) == (later, until)
    assert flight.grace_until == flight.started + world.timing.grace


def test_what_rests_on_nothing_that_was_asked_may_be_sent_for_a_minute_from_now() -> None:
    around = Around()
    world = around.world()
    held = world.ledgers.read(GUID, "shop")
    flight = flights.take_slot(world, held, held.ledger, "delete")
    assert flight is not None
    assert flight.send_until == around.clock.now() + world.timing.send_within
