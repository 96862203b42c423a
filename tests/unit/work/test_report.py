"""What people read in the log when a ledger changed: each failure once, with its reason."""

from typing import Any

import pytest

from gallery_sync.core.ledger import Entry, Failure, Hold, Ledger, Receipt, Saw
from gallery_sync.work.report import report, where
from tests.unit.core.build import GUID, NOW, Lines, a_ledger, key, live, replace, shown, wanted

A = key("a.jpg")
NEW = Entry(wanted("a.jpg"))
FAILED = replace(NEW, failure=Failure("refused", "no picture", NOW, "r1"))
TRIED = replace(NEW, attempts=1, last_reason="lost")
SHOWN = shown("a.jpg", "1.jpg", 100)[A]
GONE = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", priority=100, state="gone"))
FAILED_SHOWN = replace(SHOWN, failure=FAILED.failure)
FAILED_GONE = replace(GONE, failure=FAILED.failure)
WARNED = replace(NEW, warning="one")
WITHOUT = f"{A} comes without a part of its metadata: one"
DELETED = (
    "no longer in the gallery, so a person deleted them in the shop; they stay out until their files change or are "
    "dropped again"
)


REPLACED = (
    f"{A.removeprefix('drop:')}: the shop shows another picture than the one that was sent, and was changed there since, so it "
    "stays; to bring this one back, delete that image there, and drop the file again"
)


def saw(entry: Entry, what: Saw) -> Entry:
    assert entry.live is not None
    return replace(entry, live=replace(entry.live, receipt=Receipt(what, times_different=1)))


def told(before: Entry | None, after: Entry | None) -> list[tuple[str, str]]:
    return [(line["severity"], line["message"]) for line in lines_of(before, after)]


def lines_of(before: Entry | None, after: Entry | None) -> list[dict[str, Any]]:
    lines = Lines()
    report(lines.log, a_ledger({A: before} if before else {}), a_ledger({A: after} if after else {}))
    return lines.read


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param(None, NEW, [], id="wanted: nothing yet"),
        pytest.param(NEW, SHOWN, [("INFO", "1 images live")], id="live"),
        pytest.param(None, SHOWN, [("INFO", "1 images live")], id="live, not known before"),
        pytest.param(SHOWN, SHOWN, [], id="live as before"),
        pytest.param(SHOWN, GONE, [("INFO", f"{DELETED}: 1.jpg ({A})")], id="deleted by a person"),
        pytest.param(GONE, GONE, [], id="deleted before: said once"),
        pytest.param(saw(SHOWN, "different"), saw(SHOWN, "replaced"), [("WARNING", REPLACED)], id="a person's by now"),
        pytest.param(saw(SHOWN, "replaced"), saw(SHOWN, "replaced"), [], id="a person's as before: said once"),
        pytest.param(SHOWN, saw(SHOWN, "same"), [], id="looked at"),
        pytest.param(None, GONE, [], id="deleted when we first see it"),
        pytest.param(FAILED_SHOWN, FAILED_GONE, [("INFO", f"{DELETED}: 1.jpg ({A})")], id="failed before, deleted now"),
        pytest.param(
            SHOWN, FAILED_GONE, [("ERROR", f"{A} failed for good: no picture")], id="failed because it was deleted"
        ),
        pytest.param(GONE, SHOWN, [("INFO", "1 images live")], id="live again"),
        pytest.param(NEW, TRIED, [("WARNING", f"{A} is tried again: lost")], id="a try that failed"),
        pytest.param(TRIED, TRIED, [], id="no further try"),
        pytest.param(TRIED, NEW, [], id="tries forgotten"),
        pytest.param(TRIED, FAILED, [("ERROR", f"{A} failed for good: no picture")], id="failed"),
        pytest.param(None, FAILED, [("ERROR", f"{A} failed for good: no picture")], id="failed at once"),
        pytest.param(FAILED, FAILED, [], id="failed as before: said once"),
        pytest.param(FAILED, NEW, [], id="dropped anew"),
        pytest.param(SHOWN, None, [], id="no longer there"),
        pytest.param(None, WARNED, [("WARNING", WITHOUT)], id="a flaw of its metadata"),
        pytest.param(WARNED, WARNED, [], id="a flaw as before: said once"),
        pytest.param(
            WARNED,
            replace(FAILED, warning="two"),
            [("WARNING", f"{WITHOUT[:-3]}two"), ("ERROR", f"{A} failed for good: no picture")],
            id="another flaw, and failed",
        ),
        pytest.param(WARNED, NEW, [], id="put right"),
    ],
)
def test_a_change_is_told_once(before: Entry | None, after: Entry | None, lines: list[tuple[str, str]]) -> None:
    assert told(before, after) == lines


def test_a_failure_says_where_which_and_shoptets_request_id() -> None:
    (line,) = lines_of(NEW, FAILED)
    assert {name: line[name] for name in ("guid", "gallery", "key", "code", "request_id")} == {
        "guid": GUID,
        "gallery": "shop",
        "key": A,
        "code": "refused",
        "request_id": "r1",
    }


def test_another_reason_is_another_failure() -> None:
    worse = replace(FAILED, failure=Failure("no-product", "no such product", NOW))
    assert told(FAILED, worse) == [("ERROR", f"{A} failed for good: no such product")]


def test_many_images_are_one_line_that_counts_them() -> None:
    lines, files = Lines(), [f"{n}.jpg" for n in range(100)]
    before = a_ledger({key(f): Entry(wanted(f)) for f in files})
    live_now = {name: entry for f in files[:99] for name, entry in shown(f, f, 100).items()}
    tried = {key("99.jpg"): replace(before.entries[key("99.jpg")], attempts=1, last_reason="lost")}
    report(lines.log, before, a_ledger(live_now | tried))
    assert [(line["severity"], line.get("live"), line.get("again")) for line in lines.read] == [
        ("WARNING", None, None),
        ("INFO", 99, 1),
    ]


def test_many_deleted_images_are_one_line_that_names_five_and_counts_all() -> None:
    lines, files = Lines(), [f"{n}.jpg" for n in range(7)]
    there = {name: entry for f in files for name, entry in shown(f, f"x{f}", 100).items()}
    gone = {name: replace(entry, live=replace(entry.live, state="gone")) for name, entry in there.items() if entry.live}
    report(lines.log, a_ledger(there), a_ledger(gone))
    (line,) = lines.read
    named = ", ".join(f"x{n}.jpg ({key(f'{n}.jpg')})" for n in range(5))
    assert (line["severity"], line["message"]) == ("INFO", f"{DELETED}: {named} and 2 more")
    assert (line["guid"], line["gallery"], line["gone"]) == (GUID, "shop", 7)


def test_where_names_the_gallery() -> None:
    assert where(a_ledger()) == {"guid": GUID, "gallery": "shop"}


def test_the_longest_key_leaves_room_for_its_reason_in_the_line() -> None:
    lines, long = Lines(), f"drop:A/shop/{'x' * 1_000}.jpg"
    report(lines.log, a_ledger({long: NEW}), a_ledger({long: FAILED}))
    assert lines.read[0]["message"].endswith(".jpg failed for good: no picture")


HELD = a_ledger({key(f"{n}.jpg"): Entry(None, live(f"{n}.jpg", f"x{n}.jpg")) for n in range(8)})


def holding(count: int) -> Ledger:
    return replace(HELD, hold=Hold(tuple(key(f"{n}.jpg") for n in range(count)), 9, NOW))


def test_a_hold_is_told_once_with_how_many_which_and_what_to_do() -> None:
    lines = Lines()
    report(lines.log, HELD, holding(7))
    report(lines.log, holding(7), holding(7))
    report(lines.log, holding(7), holding(6))
    (line,) = lines.read
    assert (line["severity"], line["guid"], line["gallery"], line["held"]) == ("ERROR", GUID, "shop", 7)
    named = ", ".join(key(f"{n}.jpg") for n in range(5))
    assert line["message"] == (
        "held: 7 of 9 images would be deleted, as their files are gone. They stay until a person releases them "
        f"(gallery-sync release {GUID}) or drops the files again: {named} and 2 more"
    )


def test_a_hold_that_has_come_to_hold_more_is_told_again_and_so_is_its_end() -> None:
    lines = Lines()
    report(lines.log, holding(7), holding(8))
    report(lines.log, holding(8), HELD)
    assert [(line["severity"], line["message"][:15]) for line in lines.read] == [
        ("ERROR", "held: 8 of 9 im"),
        ("INFO", "no longer held"),
    ]


def test_the_longest_keys_leave_room_for_what_to_do() -> None:
    lines = Lines()
    keys = tuple(f"drop:A/shop/{n}{'x' * 1_000}.jpg" for n in range(7))
    report(lines.log, HELD, replace(HELD, hold=Hold(keys, 9, NOW)))
    assert f"(gallery-sync release {GUID})" in lines.read[0]["message"]
