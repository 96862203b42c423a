"""The receiver's pure part: signature and content of a notification."""

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gallery_sync
from gallery_sync.shoptet.webhook import BadNotification, Notification, check, parse, verify
from tests.unit.shoptet.fakes import unhurried

KEY = "8a5e881b19ad6cc0bc986587b22e30be"
RAW = (
    b'{"eshopId": 222651, "event": "job:finished", "eventCreated": "2019-01-08T15:13:39+0100",'
    b' "eventInstance": "3ax1844", "payload": null}'
)
SIGNATURE = hmac.new(KEY.encode(), RAW, hashlib.sha1).hexdigest()


@pytest.mark.parametrize(
    ("signature", "keys", "fits"),
    [
        (SIGNATURE, [KEY], True),
        (SIGNATURE.upper(), [KEY], True),
        (f" {SIGNATURE}\n", [KEY], True),
        (SIGNATURE, ["old", KEY], True),
        (SIGNATURE, [KEY, "new"], True),
        (SIGNATURE, ["other"], False),
        (SIGNATURE, [], False),
        (SIGNATURE[:-1], [KEY], False),
        (SIGNATURE[:-1] + "é", [KEY], False),
        ("\udc80", [KEY], False),
        ("", [KEY], False),
        (None, [KEY], False),
    ],
)
def test_a_signature_fits_only_under_one_of_the_keys(signature: str | None, keys: list[str], fits: bool) -> None:
    assert verify(RAW, signature, keys) is fits


def test_a_signature_of_another_body_does_not_fit() -> None:
    assert not verify(RAW.replace(b"3ax1844", b"3ax1845"), SIGNATURE, [KEY])


def test_an_empty_key_fits_nothing() -> None:
    forged = hmac.new(b"", RAW, hashlib.sha1).hexdigest()
    assert not verify(RAW, forged, [""])


@unhurried
@given(st.binary(), st.text(), st.lists(st.text(st.characters(codec="utf-8"))))
def test_no_input_makes_verify_raise(raw: bytes, signature: str, keys: list[str]) -> None:
    assert verify(raw, signature, keys) is False


def test_a_notification_is_read_and_unknown_fields_are_ignored() -> None:
    assert parse(RAW) == Notification(222651, "job:finished", "2019-01-08T15:13:39+0100", "3ax1844")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'{"eshopId": "222651", "event": "x", "eventCreated": "y", "eventInstance": "z"}',
        b'{"eshopId": 1, "event": "x", "eventCreated": "y"}',
        b'{"eshopId": 1, "event": "x", "eventCreated": "y", "eventInstance": 5}',
        b'{"event": "\xff"}',
        b"[" * 60_000,
        json.dumps({"eshopId": 1, "event": "x" * 70_000, "eventCreated": "", "eventInstance": ""}).encode(),
    ],
)
def test_what_is_no_notification_is_refused_with_one_line(raw: bytes) -> None:
    with pytest.raises(BadNotification) as refused:
        parse(raw)
    assert "\n" not in str(refused.value)
    assert 10 < len(str(refused.value)) < 200


NOW = 1_546_956_819.0
"""When RAW was created."""


@pytest.mark.parametrize(
    ("later", "taken"),
    [(0, True), (1_800, True), (86_400, True), (86_401, False), (-600, True), (-601, False), (1e9, False)],
)
def test_a_notification_counts_for_a_day_and_a_little_before(later: float, taken: bool) -> None:
    if taken:
        check(parse(RAW), now=NOW + later, eshop_id=None)
        return
    with pytest.raises(BadNotification, match="eventCreated is '2019-01-08T15:13:39"):
        check(parse(RAW), now=NOW + later, eshop_id=None)


@pytest.mark.parametrize("created", ["", "yesterday", "2019-01-08T15:13:39", "x" * 5_000, "a\nb"])
def test_a_time_that_is_none_is_refused_in_one_short_line(created: str) -> None:
    with pytest.raises(BadNotification) as refused:
        check(Notification(1, "job:finished", created, "a"), now=NOW, eshop_id=None)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_another_shops_notification_is_refused_where_the_shop_is_known() -> None:
    check(parse(RAW), now=NOW, eshop_id=222_651)
    check(parse(RAW), now=NOW, eshop_id=None)
    with pytest.raises(BadNotification, match="SHOPTET_ESHOP_ID"):
        check(parse(RAW), now=NOW, eshop_id=222_652)


def test_the_module_loads_no_http_library() -> None:
    code = "import sys, gallery_sync.shoptet.webhook; print('requests' in sys.modules or 'urllib3' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(gallery_sync.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
