"""Which images of a source update show the new content."""

import pytest

from gallery_sync.core.ledger import Flight
from gallery_sync.core.match import Match, replaced
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import a_flight, img, key, replace, sent

A, B = key("a.jpg"), key("b.jpg")
BEFORE, CREATED, AFTER = "2024-07-01T11:59:59+0000", "2024-07-01T14:00:00+0200", "2024-07-01T12:00:01+0000"
"""In three seconds, one of them written in another zone."""

LISTED = "2024-06-01T00:00:00+0000"
SNAPSHOT = replace(sent("a.jpg"), name="127.png", cdn_name="127.png?1", change_times=(LISTED,))
FLIGHT = a_flight({A: SNAPSHOT}, "source", before=("127.png", "old.png"), job_created=CREATED)


def now_at(change_time: str | None, cdn_name: str | None = "127.png?1", name: str = "127.png") -> Image:
    return img(name, 100, change_time=change_time, cdn_name=cdn_name)


def shows(flight: Flight, *listing: Image) -> bool:
    return A in replaced(flight, listing).found


@pytest.mark.parametrize(
    ("image", "is_new"),
    [
        pytest.param(now_at(AFTER), True, id="changed after the job's creation"),
        pytest.param(now_at(CREATED), True, id="changed in the second of the job's creation"),
        pytest.param(now_at("2024-07-01T12:00:00+0000"), True, id="the same second in another zone"),
        pytest.param(now_at(BEFORE), False, id="changed before the job's creation"),
        pytest.param(now_at(LISTED), False, id="not changed"),
        pytest.param(now_at(None), True, id="a changeTime that went away"),
        pytest.param(now_at("yesterday"), True, id="a changeTime that cannot be read, but differs"),
        pytest.param(now_at(BEFORE, "127.png?2"), True, id="another cdnName"),
        pytest.param(now_at(BEFORE, None), True, id="a cdnName that went away"),
    ],
)
def test_new_content_is_known_by_change_time_and_cdn_name(image: Image, is_new: bool) -> None:
    assert shows(FLIGHT, image) is is_new


@pytest.mark.parametrize(("image", "is_new"), [(now_at(BEFORE), True), (now_at(LISTED), False), (now_at(AFTER), True)])
def test_without_the_jobs_creation_any_other_change_time_counts(image: Image, is_new: bool) -> None:
    assert shows(replace(FLIGHT, job_created=None), image) is is_new


def test_a_change_that_was_known_before_is_not_the_jobs_although_it_happened_in_the_same_second() -> None:
    # The listing at take-off lagged behind our own change of attributes, whose answer told its time.
    flight = replace(FLIGHT, images={A: replace(SNAPSHOT, change_times=(LISTED, CREATED))})
    assert not shows(flight, now_at(CREATED))
    assert shows(flight, now_at(AFTER))


def test_an_image_that_shoptet_says_has_failed_is_not_new_however_it_was_touched() -> None:
    outcome = replaced(replace(FLIGHT, errors={A: "broken picture"}), [now_at(AFTER)])
    assert outcome.missing == (A,)


def test_an_image_under_another_extension_is_the_same_image() -> None:
    outcome = replaced(FLIGHT, [now_at(AFTER, "127.webp?1", "127.webp")])
    assert {name: image.name for name, image in outcome.found.items()} == {A: "127.webp"}
    assert (outcome.missing, outcome.unexplained) == ((), ())


@pytest.mark.parametrize("name", ["126.png", "128.png", "12.png", "1270.png"])
def test_another_new_name_is_unexplained_and_never_claimed(name: str) -> None:
    outcome = replaced(FLIGHT, [now_at(AFTER, "x", name)])
    assert outcome == Match({}, (A,), (name,))


def test_a_name_of_the_same_stem_that_was_there_before_is_not_the_image() -> None:
    flight = replace(FLIGHT, before=("127.png", "127.webp"))
    assert replaced(flight, [now_at(AFTER, "x", "127.webp")]) == Match({}, (A,), ())


def test_two_new_names_of_the_same_stem_are_both_unexplained() -> None:
    listing = [now_at(AFTER, "x", "127.webp"), now_at(AFTER, "y", "127.jpg")]
    assert replaced(FLIGHT, listing) == Match({}, (A,), ("127.webp", "127.jpg"))


def test_an_image_that_is_still_there_is_not_looked_for_under_another_extension() -> None:
    listing = [now_at(BEFORE), now_at(AFTER, "x", "127.webp")]
    assert replaced(FLIGHT, listing) == Match({}, (A,), ("127.webp",))


def test_each_image_is_judged_on_its_own() -> None:
    other = replace(SNAPSHOT, name="128.png", cdn_name="128.png?1")
    flight = replace(FLIGHT, images={A: SNAPSHOT, B: other}, before=("127.png", "128.png"))
    outcome = replaced(flight, [now_at(AFTER), now_at(BEFORE, "128.png?1", "128.png"), now_at(AFTER, "z", "new.png")])
    assert (list(outcome.found), outcome.missing, outcome.unexplained) == ([A], (B,), ("new.png",))


def test_an_image_that_is_missing_keeps_no_other_from_being_found() -> None:
    other = replace(SNAPSHOT, name="128.png", cdn_name="128.png?1")
    flight = replace(FLIGHT, images={A: SNAPSHOT, B: other}, before=("127.png", "128.png"))
    assert set(replaced(flight, [now_at(AFTER, "128.png?2", "128.png")]).found) == {B}


def test_a_new_name_is_claimed_by_one_key_alone() -> None:
    # 127.png and 127.jpg cannot both have become 127.webp: a person has to look.
    other = replace(SNAPSHOT, name="127.jpg", cdn_name="127.jpg?1")
    flight = replace(FLIGHT, images={A: SNAPSHOT, B: other}, before=("127.png", "127.jpg"))
    assert replaced(flight, [now_at(AFTER, "x", "127.webp")]) == Match({}, (A, B), ("127.webp",))
