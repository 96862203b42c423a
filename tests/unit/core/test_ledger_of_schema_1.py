"""Ledgers that the first schema wrote (its own bytes, beside this file) are read, and written as today's from then on."""

import json
from pathlib import Path

import msgspec

from gallery_sync.core import ledger_document
from gallery_sync.core.ledger import Ledger, LiveState
from tests.unit.core.build import GUID

FULL, EMPTY = (
    ledger_document.decode(json.dumps(one).encode(), "x")
    for one in json.loads(Path(__file__).with_name("ledgers_of_schema_1.json").read_text("utf-8"))
)


def name(file: str) -> str:
    return f"drop:A/shop/{file}.jpg"


def test_five_flags_of_an_image_become_one_state() -> None:
    states: dict[str, LiveState] = {
        name("shown"): "shown",
        name("unsure"): "shown",
        name("gone"): "gone",
        name("deleted"): "deleted",
        name("kept"): "kept",
        name("astray"): "astray",
        # Deleted by a person after a cleanup had left it: it is not there.
        name("keptgone"): "gone",
    }
    assert {key: entry.live.state for key, entry in FULL.entries.items() if entry.live is not None} == states


def test_a_change_of_attributes_that_nobody_is_sure_of_is_the_entrys_affair() -> None:
    assert {key for key, entry in FULL.entries.items() if entry.unsure} == {name("unsure"), name("astray")}


def test_what_has_another_name_keeps_its_value() -> None:
    assert FULL.flight is not None
    assert (FULL.flight.action, FULL.flight.grace_until) == ("source", 1_700_000_300.0)
    assert (FULL.due_at, FULL.done) == (1_700_000_500.0, ("op0/0", "op00/1"))


def test_all_else_is_as_it_was() -> None:
    old = json.loads(Path(__file__).with_name("ledgers_of_schema_1.json").read_text("utf-8"))[0]
    new = msgspec.json.decode(ledger_document.encode(FULL))
    renamed = {"owed", "carried", "entries", "flight"}
    assert {n: v for n, v in old.items() if n not in renamed} == {n: new[n] for n in old if n not in renamed}
    for key, entry in old["entries"].items():
        flags = {"gone", "deleted", "kept", "strayed", "unsure"}
        live = {n: v for n, v in entry.get("live", {}).items() if n not in flags}
        assert live == {n: v for n, v in new["entries"][key].get("live", {}).items() if n != "state"}
        rest = {n: v for n, v in new["entries"][key].items() if n not in ("live", "unsure")}
        assert {n: v for n, v in entry.items() if n != "live"} == rest
    flight = {n: v for n, v in old["flight"].items() if n not in ("operation", "judge_at")}
    assert flight == {n: v for n, v in new["flight"].items() if n not in ("action", "grace_until")}


def test_it_is_written_as_todays_and_both_kinds_read_the_same() -> None:
    body = ledger_document.encode(FULL)
    assert json.loads(body)["schema"] == ledger_document.SCHEMA
    assert ledger_document.decode(body, "x") == FULL


def test_an_empty_one_is_empty() -> None:
    assert Ledger(GUID, "shop360") == EMPTY


def test_a_listing_says_when_a_gallery_is_to_be_reconciled_whichever_schema_wrote_it() -> None:
    assert ledger_document.listed_reconcile_at({"look_at": "5", "live": "1"}) == ("look_at", "5")
    assert ledger_document.listed_reconcile_at({"reconcile_at": "7"}) == ("reconcile_at", "7")
    assert ledger_document.listed_reconcile_at({}) == ("reconcile_at", "1")
