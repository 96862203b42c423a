"""A caller's request as values: its id, its pieces, the names of its pictures."""

import pytest

from gallery_sync.core.operation import AskedImage, Kind, Part, no_such_image, operation_id, picture_id, pieces


def test_the_same_request_of_the_same_caller_finds_the_same_operation_whatever_version_wrote_it() -> None:
    assert operation_id("pim", "order-1") == "cdf9580e62d24ab15b7470b0e36a6ad2"
    assert len({operation_id(*who) for who in (("pim", "order-1"), ("pim", "order-2"), ("erp", "order-1"))}) == 3


@pytest.mark.parametrize(
    ("kind", "images", "names"),
    [
        ("clean", 0, ("3",)),
        ("delete", 0, ("3",)),
        ("attributes", 0, ()),
        ("attributes", 1, ("3.0",)),
        ("attributes", 100, ("3.0",)),
        ("attributes", 101, ("3.0", "3.1")),
        ("attributes", 250, ("3.0", "3.1", "3.2")),
        ("insert", 5, ()),
        ("source", 5, ()),
        ("sync", 0, ()),
    ],
)
def test_a_part_has_an_outcome_for_each_call_that_it_takes(kind: Kind, images: int, names: tuple[str, ...]) -> None:
    assert pieces(3, Part(kind, "g", "shop", (AskedImage(),) * images)) == names


def test_a_picture_is_named_by_its_operation_its_part_and_its_place() -> None:
    assert picture_id("op", 1, 2) == "op.1.2"


def test_an_image_that_is_not_there_is_named() -> None:
    problem = no_such_image("1.jpg")
    assert (problem.status, problem.code, problem.message) == (404, "no-such-image", "the gallery has no image '1.jpg'")
