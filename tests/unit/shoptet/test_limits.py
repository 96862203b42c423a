"""What Shoptet's headers tell of its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.shoptet.limits import LONGEST_WAIT, Filling, Pressure, filling, retry_after, slow_down
from tests.unit.shoptet.fakes import NOW, unhurried


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("37/200", Filling(37, 200)),
        (" 200 / 200 ", Filling(200, 200)),
        (None, None),
        ("", None),
        ("37", None),
        ("-1/200", None),
        ("37/200/3", None),
        ("much/more", None),
        ("٣/200", None),
    ],
)
def test_the_bucket_header_is_read_or_ignored(text: str | None, seen: Filling | None) -> None:
    assert filling(text) == seen


@pytest.mark.parametrize(
    ("seen", "age", "pause"),
    [
        (None, 0, 0.0),
        (Filling(0, 200), 0, 0.0),
        (Filling(120, 200), 0, 0.0),
        (Filling(130, 200), 0, 1.0),
        (Filling(130, 200), 0.4, 0.6),
        (Filling(130, 200), 5, 0.0),
        (Filling(150, 200), 0, 3.0),
        (Filling(200, 200), 0, 5.0),
        (Filling(200, 200), -100, 5.0),
        (Filling(5, 0), 0, 0.5),
    ],
)
def test_calls_slow_before_the_bucket_is_full(seen: Filling | None, age: float, pause: float) -> None:
    assert slow_down(seen, age) == pytest.approx(pause)


def test_pressure_remembers_the_last_filling_and_lets_it_leak() -> None:
    pressure = Pressure()
    assert pressure.pause(NOW) == 0.0
    pressure.saw({"X-RateLimit-Bucket-Filling": "150/200"}, NOW)
    pressure.saw({}, NOW + 1)
    assert pressure.pause(NOW + 1) == pytest.approx(2.0)
    pressure.saw({"X-RateLimit-Bucket-Filling": "20/200"}, NOW + 1)
    assert pressure.pause(NOW + 1) == 0.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "Mon, 01 Jul 2024 12:01:11 GMT"}, 71.0),
        ({"Retry-After": "Mon, 01 Jul 2024 12:01:11 -0000"}, 71.0),
        ({"Retry-After": "Mon, 01 Jul 2024 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "Tue, 02 Jul 2024 12:00:00 GMT"}, LONGEST_WAIT),
        ({"Retry-After": "Mon, 01 Jul 2024 13:00:10 GMT", "Date": "Mon, 01 Jul 2024 13:00:00 GMT"}, 10.0),
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": "99999999999999999999"}, LONGEST_WAIT),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_a_bounded_moment(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after(headers, NOW) == (None if wait is None else NOW + wait)


@unhurried
@given(
    text=st.text() | st.from_regex(r"\w{3}, \d{1,4} \w{3} \d{1,6} \d+:\d+:\d+ ([+-]\d{4,9}|GMT)"),
    date=st.none() | st.text(),
)
def test_no_retry_after_raises_or_leaves_its_bounds(text: str, date: str | None) -> None:
    headers = {"Retry-After": text} | ({} if date is None else {"Date": date})
    at = retry_after(headers, NOW)
    assert at is None or NOW <= at <= NOW + LONGEST_WAIT
