"""Shoptet's times, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.clock import SystemClock
from gallery_sync.core.shop_times import epoch, query_time
from tests.unit.shoptet.fakes import unhurried


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2018-05-29T09:02:27+0200", 1_527_577_347.0),
        ("2018-05-29T09:02:27+02:00", 1_527_577_347.0),
        ("2018-05-29T07:02:27Z", 1_527_577_347.0),
        ("2018-05-29T09:02:27", None),
        ("2018-05-29", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_read_where_it_names_its_zone(text: str | None, seconds: float | None) -> None:
    assert epoch(text) == seconds


@unhurried
@given(st.text())
def test_no_text_makes_reading_a_time_raise(text: str) -> None:
    assert epoch(text) is None or isinstance(epoch(text), float)


def test_a_time_for_a_query_has_a_zone_with_a_colon_and_is_never_later_than_meant() -> None:
    assert query_time(1_527_577_347.9) == "2018-05-29T07:02:27+00:00"
    assert epoch(query_time(1_527_577_347.9)) == 1_527_577_347.0


def test_the_system_clock_tells_time_and_sleeps_only_forward() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(-1)
    clock.sleep(0.01)
    assert 0.009 <= clock.now() - before < 5
