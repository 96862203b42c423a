"""Which code somebody meant, perhaps."""

import pytest

from gallery_sync.core.catalogue import CodeRow
from gallery_sync.core.near import MOST, nearest

SHOP = ("LAMP-1", "LAMP-10", "LAMP-2", "HRNEK-01", "62/XL", "62/XXL", "ČEP-7", "A1", "A2", "8590000000001")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("LAPM-1", ("LAMP-1",)),
        ("LAMP1", ("LAMP-1", "LAMP-10", "LAMP-2")),
        ("lamp 1", ("LAMP-1", "LAMP-10", "LAMP-2")),
        ("LAMP-1-", ("LAMP-1", "LAMP-10", "LAMP-2")),
        ("HRNEK-1", ("HRNEK-01",)),
        ("HRNEK_O1", ("HRNEK-01",)),
        ("62-XL", ("62/XL", "62/XXL")),
        ("C\u030cEP7", ("ČEP-7",)),
        ("859000000001", ("8590000000001",)),
        ("A3", ()),
        ("TRIKO", ()),
        ("", ()),
        ("-", ()),
    ],
)
def test_the_likest_come_first_and_what_is_not_alike_is_not_named(written: str, meant: tuple[str, ...]) -> None:
    found = nearest(written, [CodeRow(code, f"guid of {code}", "") for code in SHOP])
    assert tuple(row.code for row in found) == meant


def test_of_many_that_are_alike_a_few_are_named() -> None:
    assert len(nearest("LAMP-1", [CodeRow(f"LAMP-{n}", "guid", "") for n in range(1, 10)])) == MOST
