"""What a line of the snapshot says, and what of the catalogue is still believed after products changed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core import catalogue
from gallery_sync.core.catalogue import (
    Changed,
    code_shard,
    fingerprint,
    known_at,
    product_shard,
    product_shards,
    with_changes,
)
from gallery_sync.core.shop_values import Change, Image
from gallery_sync.core.spellings import code_key

LINE = {
    "guid": "1B02CB8E-D7B5-11E0-9A5C-FEAB5ED617ED",
    "type": "product",
    "name": "Stolní lampa",
    "visibility": "hidden",
    "url": "https://shop.example/lampa/",
    "variants": [{"code": "LAMP-1/BLK", "ean": "8590000000001", "price": "1.00"}, {"code": "LAMP-1/WHT", "ean": None}],
    "images": [
        {"gallery": "shop", "name": "1.png", "priority": 1, "changeTime": "2018-05-29T09:02:27+0200"},
        {"gallery": "shop", "name": "2.png", "priority": 2, "changeTime": "2018-05-29T09:02:27+0200"},
        {"gallery": "shop360", "name": "3.png", "priority": None},
        {"gallery": "someday", "name": "4.png"},
    ],
}


def line(**more: object) -> bytes:
    return msgspec.json.encode({**LINE, **more})


def test_a_line_says_what_is_kept_of_a_product() -> None:
    listed = catalogue.read_line(line())
    assert (listed.guid, listed.name, listed.visibility) == (
        "1b02cb8e-d7b5-11e0-9a5c-feab5ed617ed",
        "Stolní lampa",
        "hidden",
    )
    assert listed.codes == ("LAMP-1/BLK", "LAMP-1/WHT")
    assert listed.eans == ("8590000000001",)
    assert listed.images == {"shop": 2, "shop360": 1}
    assert set(listed.prints) == {"shop", "shop360"}
    assert catalogue.read_codes(line()) == listed.codes


@pytest.mark.parametrize("lacking", ["name", "visibility", "variants", "images", "url", "type"])
def test_a_line_without_what_is_not_needed_is_read(lacking: str) -> None:
    catalogue.read_line(msgspec.json.encode({key: value for key, value in LINE.items() if key != lacking}))


@pytest.mark.parametrize(
    "broken",
    [
        b"{}",
        b"[]",
        b"",
        line()[:-1],
        line() + b"}",
        b'{"guid": 1}',
        line(variants=[{}]),
        line(images=[{"name": "1.png"}]),
    ],
)
def test_a_broken_line_is_refused(broken: bytes) -> None:
    with pytest.raises(catalogue.BadLine):
        catalogue.read_line(broken)


def test_a_line_in_another_encoding_is_refused() -> None:
    text = msgspec.json.encode(LINE).decode()
    with pytest.raises(catalogue.BadLine):
        catalogue.read_line(text.encode("cp1250"))


A = Image("1.png", 1, "front", "2018-05-29T09:02:27+0200", "cdn1")
B = Image("2.png", 2, None, "2018-05-29T09:02:27+0200", "cdn2")


@pytest.mark.parametrize(
    ("images", "same"),
    [
        ([B, A], True),
        ([msgspec.structs.replace(A, change_time="2018-05-29T07:02:27+00:00"), B], True),
        ([msgspec.structs.replace(A, cdn_name="other", is_main_image=True), B], True),
        ([A], False),
        ([msgspec.structs.replace(A, priority=3), B], False),
        ([msgspec.structs.replace(A, priority=None), B], False),
        ([msgspec.structs.replace(A, change_time="2018-05-29T09:02:28+0200"), B], False),
        ([msgspec.structs.replace(A, name="3.png"), B], False),
        ([A, B, B], False),
        ([], False),
    ],
)
def test_a_fingerprint_is_of_names_places_and_times(images: list[Image], same: bool) -> None:
    assert (fingerprint(images) == fingerprint([A, B])) is same


@given(st.lists(st.text(max_size=5)), st.text(max_size=5))
def test_a_code_stands_between_the_bounds_around_it(codes: list[str], code: str) -> None:
    bounds = sorted({code_key(one) for one in codes})
    shard = code_shard(bounds, code_key(code))
    assert all(bound <= code_key(code) for bound in bounds[:shard])
    assert all(bound > code_key(code) for bound in bounds[shard:])


@pytest.mark.parametrize("digits", [0, 1, 2])
@given(st.one_of(st.uuids().map(str), st.text(max_size=36)))
def test_every_guid_has_a_shard(digits: int, guid: str) -> None:
    assert product_shard(digits, guid) in product_shards(digits)


@pytest.mark.parametrize(("digits", "shards"), [(0, 1), (1, 16), (2, 256)])
def test_there_are_as_many_shards_as_their_names_tell(digits: int, shards: int) -> None:
    assert len(set(product_shards(digits))) == shards


SINCE, NOW = 1_000.0, 5_000.0


def at(seconds: float) -> str:
    return f"1970-01-01T{int(seconds) // 3600:02}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02}+0000"


def test_what_changed_after_the_catalogue_was_asked_for_is_not_believed_and_all_else_is() -> None:
    changed = with_changes(Changed(), [Change("A", "edit", at(2000)), Change("b", "delete", at(900))], SINCE, NOW)
    assert changed == Changed(NOW, {"a": 2000.0}, 2000.0)
    assert known_at(1_300, changed, "a") is None
    assert known_at(1_300, changed, "b") == NOW


def test_changes_before_a_newer_catalogue_are_forgotten() -> None:
    before = Changed(4_000.0, {"a": 2_000.0, "b": 3_500.0}, 3_500.0, everything=2_500.0)
    assert with_changes(before, [], 3_000.0, NOW) == Changed(NOW, {"b": 3_500.0}, 3_500.0)


def test_what_changed_in_the_second_in_which_the_catalogue_was_asked_for_counts_as_changed_since() -> None:
    before = Changed(4_000.0, {}, 0.0, everything=SINCE)
    changed = with_changes(before, [Change("a", "edit", at(SINCE))], SINCE, NOW)
    assert changed == Changed(NOW, {"a": SINCE}, SINCE, everything=SINCE)
    assert known_at(SINCE, changed, "nobody's") is None
    assert known_at(SINCE + 1, changed, "nobody's") == NOW


def test_as_many_changes_as_are_noted_are_each_known() -> None:
    found = [Change(f"{n}", "edit", at(2_000)) for n in range(catalogue.MOST_CHANGED)]
    changed = with_changes(Changed(), found, SINCE, NOW)
    assert (len(changed.guids), changed.everything) == (catalogue.MOST_CHANGED, 0.0)


def test_a_change_whose_time_cannot_be_read_happened_now() -> None:
    assert with_changes(Changed(), [Change("a", "edit", None)], SINCE, NOW).guids == {"a": NOW}


@pytest.mark.parametrize(
    "found", [None, [Change(f"{n}", "edit", at(2_000)) for n in range(catalogue.MOST_CHANGED + 1)]]
)
def test_where_more_changed_than_is_noted_nothing_is_believed(found: list[Change] | None) -> None:
    changed = with_changes(Changed(), found, SINCE, NOW)
    assert changed.guids == {}
    assert known_at(1_300, changed, "nobody's") is None
    # A newer catalogue knows better.
    assert known_at(NOW + 1, with_changes(changed, [], NOW + 1, NOW + 10), "nobody's") == NOW + 10
