"""The first screen reads what is in trouble, and never more of a larger shop."""

from tests.bench.page_costs import measure


def test_a_larger_shop_costs_the_first_screen_nothing() -> None:
    small, large = measure(400), measure(2_000)
    assert (small.reads, small.listings) == (large.reads, large.listings)
    # A hundred of the galleries with trouble, a hundred of the refused names, and which catalogue counts.
    assert (small.reads, small.listings) == (201, 2)
    assert large.peak < 1.3 * small.peak
