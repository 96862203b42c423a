"""Which of the new images is which file, where only their pictures tell."""

import pytest

from gallery_sync.core.likeness import SIDE, Signature
from gallery_sync.core.lookalikes import claims


def grey(shade: int) -> Signature:
    return Signature(400, 300, str(shade), bytes([shade]) * (SIDE * SIDE * 3))


def pictures(**shades: int) -> dict[str, Signature]:
    return {name: grey(shade) for name, shade in shades.items()}


@pytest.mark.parametrize(
    ("files", "images", "found"),
    [
        (pictures(a=10, b=60), pictures(one=61, two=11), {"a": "two", "b": "one"}),
        (pictures(a=10), pictures(one=200), {}),
        (pictures(a=10), pictures(foreign=200, one=10), {"a": "one"}),
        (pictures(a=10, b=60, c=110), pictures(one=110), {"c": "one"}),
        (pictures(a=10, twin=10), pictures(one=10, two=10), {"a": "one", "twin": "two"}),
        (pictures(a=10, twin=11), pictures(one=11, two=10), {"a": "one", "twin": "two"}),
        (pictures(a=10, twin=10, b=90), pictures(one=10, two=90), {"b": "two"}),
        (pictures(a=10), pictures(one=10, two=10), {}),
        (pictures(a=10, b=12, c=14), pictures(one=10, two=12, three=14), {}),
        ({}, pictures(one=10), {}),
        (pictures(a=10), {}, {}),
    ],
    ids=[
        "each fits one",
        "nothing fits",
        "beside a foreign one",
        "others are not there",
        "twins in order",
        "twins that were encoded again, in order",
        "one of the twins is not there",
        "two images fit one file",
        "a chain, whose ends do not fit",
        "no files",
        "no images",
    ],
)
def test_a_claim_needs_that_nothing_else_fits(
    files: dict[str, Signature], images: dict[str, Signature], found: dict[str, str]
) -> None:
    assert claims(files, images) == found
