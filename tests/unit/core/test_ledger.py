"""The ledger as a document: read, written, counted, and when somebody should look."""

import msgspec
import pytest

from gallery_sync.core import ledger as ledgers
from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Entry, Failure, Hold, Ledger, LiveState, Loss, Pause
from gallery_sync.core.ledger_document import BadDocument
from tests.unit.core.build import (
    GUID,
    NOW,
    a_flight,
    a_ledger,
    content,
    img,
    insertion,
    key,
    live,
    replace,
    sent,
    shown,
    wanted,
)

BROKEN = Failure("refused", "no picture", NOW)

FULL = a_ledger(
    {
        **shown("1.jpg", "1.jpg", 100),
        key("2.jpg"): Entry(wanted("2.jpg", priority=5, description="Zepředu"), attempts=2, not_before=NOW, batch=50),
        key("3.jpg"): Entry(wanted("3.jpg"), live("3.jpg", "9.jpg", state="gone"), failure=BROKEN, last_reason="no"),
    },
    flight=replace(
        insertion({"2.jpg": 200}, before=("1.jpg",), job_id="j1", first_miss=NOW),
        errors={key("2.jpg"): "broken"},
        claimed={key("2.jpg"): "7.jpg"},
    ),
    pause=Pause(NOW, "busy", 2),
    cleaned_at=NOW - 5,
)


@pytest.mark.parametrize("ledger", [FULL, a_ledger(), Ledger(GUID, "shop360")])
def test_a_ledger_that_was_written_reads_the_same(ledger: Ledger) -> None:
    assert ledger_document.decode(ledger_document.encode(ledger), "x") == ledger


def test_a_ledger_is_written_the_same_whatever_the_order_of_its_keys() -> None:
    turned = replace(FULL, entries=dict(reversed(FULL.entries.items())))
    assert ledger_document.encode(turned) == ledger_document.encode(FULL)


def test_a_ledger_of_todays_schema_is_read_with_fields_that_are_not_known_yet() -> None:
    body = ledger_document.encode(a_ledger())[:-1] + b',"later":1}'
    assert ledger_document.decode(body, "x") == a_ledger()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="no guid"),
        pytest.param(b'{"guid":"g","gallery":"attic"}', id="no such gallery"),
        pytest.param(b'{"guid":"g","gallery":"shop","entries":{"k":{"attempts":"many"}}}', id="a wrong type"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b'{"guid":"\xff","gallery":"shop"}', id="no UTF-8"),
    ],
)
def test_what_is_no_ledger_is_a_bad_document_that_is_named(body: bytes) -> None:
    with pytest.raises(BadDocument, match=r"^ledger/g/shop\.json is not a ledger: "):
        ledger_document.decode(body, "ledger/g/shop.json")


@pytest.mark.parametrize("schema", [-1, 0, 3, 12])
def test_a_ledger_of_another_schema_is_not_read(schema: int) -> None:
    body = msgspec.json.encode({"guid": GUID, "gallery": "shop", "schema": schema})
    with pytest.raises(BadDocument, match=f"has schema {schema}, this version reads 1 and 2"):
        ledger_document.decode(body, "x")


def test_a_ledgers_path_names_its_gallery_and_is_read_back() -> None:
    assert ledger_document.path(GUID, "shop") == f"ledger/{GUID}/shop.json"
    assert ledger_document.parse_path(f"ledger/{GUID}/shop360.json") == (GUID, "shop360")


@pytest.mark.parametrize(
    "path",
    [
        f"ledger/{GUID}/shop",
        f"ledger/{GUID}/attic.json",
        f"ledger/{GUID}/x/shop.json",
        f"jobs/{GUID}/shop.json",
        f"{GUID}/shop.json",
        "ledger//shop.json",
        "ledger/shop.json",
        "",
    ],
)
def test_any_other_path_is_no_ledgers(path: str) -> None:
    assert ledger_document.parse_path(path) is None


@pytest.mark.parametrize(
    ("entry", "needs"),
    [
        pytest.param(Entry(), False, id="nothing wanted, nothing shown"),
        pytest.param(Entry(wanted("a.jpg")), True, id="wanted, not shown"),
        pytest.param(Entry(None, live("a.jpg", "1.jpg")), False, id="shown, no longer wanted"),
        pytest.param(Entry(wanted("a.jpg"), live("a.jpg", "1.jpg")), False, id="shown as wanted"),
        pytest.param(Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg")), True, id="other content"),
        pytest.param(Entry(wanted("a.jpg", 2), live("a.jpg", "1.jpg", 3)), True, id="content of before again"),
        pytest.param(
            Entry(wanted("a.jpg", 2, "sum-a.jpg-1"), live("a.jpg", "1.jpg")), False, id="the same content again"
        ),
        pytest.param(
            Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", state="gone")), False, id="deleted in the shop: a person wins"
        ),
        pytest.param(
            Entry(wanted("a.jpg", 2, "sum-a.jpg-1"), live("a.jpg", "1.jpg", state="gone")),
            True,
            id="deleted in the shop, then dropped again",
        ),
        pytest.param(
            Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", 2, state="gone")),
            True,
            id="deleted in the shop, then another wanted, that was dropped before",
        ),
    ],
)
def test_content_is_needed_where_what_is_wanted_is_not_shown(entry: Entry, needs: bool) -> None:
    assert ledgers.needs_content(entry) is needs
    assert ledgers.is_waiting(entry) is needs
    assert not ledgers.is_waiting(replace(entry, failure=BROKEN))


def test_the_counts_say_what_is_live_waiting_and_failed() -> None:
    entries = {
        **shown("1.jpg", "1.jpg", 100),
        **shown("3.jpg", "3.jpg", 300),
        key("gone.jpg"): Entry(wanted("gone.jpg"), live("gone.jpg", "2.jpg", state="gone")),
        key("new.jpg"): Entry(wanted("new.jpg"), not_before=NOW + 30),
        key("bad.jpg"): Entry(wanted("bad.jpg"), failure=BROKEN),
    }
    counts = ledger_document.counts(a_ledger(entries))
    assert counts.metadata() == {
        "live": "2",
        "waiting": "1",
        "failed": "1",
        "held": "0",
        "left": "0",
        "flight": "0",
        "reconcile_at": str(int(NOW + 30)),
    }
    assert ledger_document.counts(a_ledger(entries, flight=insertion({"new.jpg": 100}))).flight == 1


NEW = {key("new.jpg"): Entry(wanted("new.jpg"))}
LATER = {key("later.jpg"): Entry(wanted("later.jpg"), not_before=NOW + 30)}
CHANGING = {
    name: replace(entry, not_before=NOW + 40, attempts=1) for name, entry in shown("1.jpg", "1.jpg", 100).items()
}


@pytest.mark.parametrize(
    ("ledger", "moment"),
    [
        pytest.param(a_ledger(), 0, id="an empty ledger"),
        pytest.param(a_ledger(shown("1.jpg", "1.jpg", 100)), 0, id="nothing open"),
        pytest.param(a_ledger(NEW), 1, id="at once"),
        pytest.param(a_ledger(LATER), NOW + 30, id="after a try that failed"),
        pytest.param(a_ledger(LATER | NEW), 1, id="the first of several"),
        pytest.param(a_ledger(NEW, pause=Pause(NOW + 60, "busy", 1)), NOW + 60, id="after the gallery's pause"),
        pytest.param(a_ledger(LATER, pause=Pause(NOW + 10, "busy", 1)), NOW + 30, id="after both"),
        pytest.param(a_ledger({key("b"): Entry(wanted("b"), failure=BROKEN)}), 0, id="failed for good"),
        pytest.param(a_ledger(NEW, flight=insertion({"new.jpg": 100})), NOW + 300, id="when the flight can be judged"),
        pytest.param(a_ledger(CHANGING), NOW + 40, id="a change of attributes or a deletion that has to be repeated"),
        pytest.param(
            a_ledger({k: replace(e, failure=BROKEN) for k, e in CHANGING.items()}), 0, id="one that is not repeated"
        ),
    ],
)
def test_somebody_should_look_when_the_first_open_thing_is_due(ledger: Ledger, moment: float) -> None:
    assert ledgers.reconcile_at(ledger) == moment


def test_an_entry_that_says_nothing_any_more_is_dropped() -> None:
    ledger = a_ledger({**shown("1.jpg", "1.jpg", 100), **NEW})
    changed = ledgers.with_entries(ledger, {key("1.jpg"): Entry(), key("2.jpg"): Entry(wanted("2.jpg"))})
    assert set(changed.entries) == {key("new.jpg"), key("2.jpg")}
    assert set(ledger.entries) == {key("1.jpg"), key("new.jpg")}


def test_a_flight_of_any_action_is_written_and_read() -> None:
    snapshot = replace(sent("1.jpg", 5), name="1.jpg", cdn_name="1.jpg?5", change_times=("2018-05-29T09:02:27+0200",))
    for action in ("insert", "source", "attributes", "delete"):
        ledger = a_ledger(flight=a_flight({key("1.jpg"): snapshot}, action, before=(img("1.jpg").name,)))
        assert ledger_document.decode(ledger_document.encode(ledger), "x") == ledger


def test_what_is_held_is_counted_and_a_held_gallery_rests() -> None:
    entries = {key(f"{n}.jpg"): Entry(None, live(f"{n}.jpg", f"{n}.jpg")) for n in range(6)}
    held = a_ledger(entries, hold=Hold(tuple(entries), 6, NOW))
    assert ledger_document.counts(held).metadata()["held"] == "6"
    assert ledgers.reconcile_at(held) == 0


def test_a_ledger_from_before_the_brake_is_read_and_one_without_a_hold_is_written_as_before() -> None:
    body = ledger_document.encode(FULL)
    assert not any(field in body for field in (b'"hold"', b'"released"', b'"lost"'))
    held = replace(FULL, hold=Hold(("drop:A/shop/1.jpg",), 1, NOW), released=("drop:A/2.jpg",), lost=Loss(2, NOW))
    assert ledger_document.decode(ledger_document.encode(held), "x") == held


def test_a_callers_url_is_as_old_as_the_moment_at_which_it_was_asked_for_to_the_microsecond() -> None:
    assert ledgers.generation_at(NOW + 0.25) == 1_719_835_200_250_000
    asked = replace(content("a.jpg", ledgers.generation_at(NOW + 0.25)), url=True)
    assert ledgers.asked_at(asked) == NOW + 0.25


def test_a_file_is_wanted_since_it_was_dropped_and_a_callers_url_since_it_was_asked_for() -> None:
    file = wanted("a.jpg", ledgers.generation_at(NOW))
    assert ledgers.since(file) == NOW - 60
    assert ledgers.since(replace(file, content=replace(file.content, url=True))) == NOW


def test_a_flights_keys_are_in_the_order_of_its_numbers_and_without_numbers_in_that_of_their_names() -> None:
    by_number = insertion({"a.jpg": 300, "c.jpg": 100, "b.jpg": 200})
    assert ledgers.request_order(by_number) == [key("c.jpg"), key("b.jpg"), key("a.jpg")]
    by_name = a_flight({key(file): sent(file) for file in ("c.jpg", "a.jpg", "b.jpg")})
    assert ledgers.request_order(by_name) == [key("a.jpg"), key("b.jpg"), key("c.jpg")]


@pytest.mark.parametrize(
    ("state", "is_shown"), [("shown", True), ("astray", True), ("kept", True), ("gone", False), ("deleted", False)]
)
def test_an_image_is_shown_unless_somebody_deleted_it(state: LiveState, is_shown: bool) -> None:
    entry = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg", state=state))
    assert ledgers.is_shown(entry) is is_shown
    assert entry.live is not None
    assert entry.live.gone is not is_shown


def test_what_was_never_in_the_gallery_is_not_shown() -> None:
    assert not ledgers.is_shown(Entry(wanted("a.jpg")))


def test_only_a_picture_that_was_to_replace_an_image_fails_without_one() -> None:
    shows = live("a.jpg", "1.jpg")
    for entry in (Entry(), Entry(wanted("a.jpg")), Entry(None, shows)):
        assert ledgers.without_image(entry) == entry
    without = ledgers.without_image(Entry(wanted("a.jpg"), shows))
    failure = Failure("no-such-image", "the gallery has no image '1.jpg'", NOW - 60)
    assert without == Entry(wanted("a.jpg"), replace(shows, state="gone"), failure=failure)


def test_what_wants_something_else_than_before_begins_anew_and_what_nobody_is_sure_of_stays_so() -> None:
    tried = Entry(wanted("a.jpg"), live("a.jpg", "1.jpg"), 3, NOW, "busy", 12, unsure=True, failure=BROKEN)
    assert ledgers.wanting(tried, None) == Entry(None, tried.live, unsure=True)
