"""Changes of attributes that wait behind one another are one call: many callers keep no gallery busy for long."""

import json

import msgspec
import pytest

from gallery_sync.core.ledger import Intent, Ledger, Row
from gallery_sync.core.operation import ImageOutcome, Outcome
from gallery_sync.core.shop_values import MAX_IMAGES_PER_CALL
from gallery_sync.ports import shop_errors
from gallery_sync.state import operations
from gallery_sync.work.intents import run_intent
from tests.integration.http.world import GUID, Around

NAMES = [f"{n}.png" for n in range(150)]


def asks(number: int, *names: str, attempts: int = 0) -> Intent:
    rows = tuple(Row(name, description=f"{name} by {number}") for name in names)
    return Intent(f"op-{number}/0.0", "attributes", 1.0, rows=rows, attempts=attempts)


def waiting(around: Around, *intents: Intent) -> None:
    around.shop.names = list(NAMES)
    around.world().ledgers.change(GUID, "shop", lambda held: msgspec.structs.replace(held, intents=intents))


def run(around: Around) -> Outcome | None:
    held = around.world().ledgers.read(GUID, "shop")
    return run_intent(around.world(), held, held.ledger.intents[0])


def stored(around: Around) -> Ledger:
    return around.world().ledgers.read(GUID, "shop").ledger


def sent(around: Around) -> int:
    return around.shop.calls.count("update_attributes")


def said(around: Around, number: int) -> list[str | None]:
    outcome = operations.concluded(around.documents, f"op-{number}", "0.0")
    assert outcome is not None
    return [image.name for image in outcome.images if image.state == "updated"]


def test_a_hundred_of_them_are_one_call_and_each_has_its_own_outcome() -> None:
    around = Around()
    waiting(around, *(asks(n, NAMES[n]) for n in range(150)))
    assert run(around) is not None
    assert (sent(around), len(stored(around).intents)) == (1, 150 - MAX_IMAGES_PER_CALL)
    assert [said(around, n) for n in range(100)] == [[NAMES[n]] for n in range(100)]
    assert run(around) is not None
    assert (sent(around), stored(around).intents) == (2, ())


def test_what_is_asked_of_the_same_image_keeps_its_order() -> None:
    around = Around()
    waiting(around, asks(1, "1.png", "2.png"), asks(2, "3.png"), asks(3, "2.png"))
    run(around)
    assert [intent.id for intent in stored(around).intents] == ["op-3/0.0"]


@pytest.mark.parametrize(
    "between",
    [Intent("op-9/0", "clean", 1.0), Intent("op-9/0", "delete", 1.0, name="9.png"), asks(9, "9.png", attempts=1)],
)
def test_nothing_is_carried_past_another_request_or_one_whose_answer_was_lost(between: Intent) -> None:
    around = Around()
    waiting(around, asks(1, "1.png"), between, asks(2, "2.png"))
    run(around)
    assert [intent.id for intent in stored(around).intents] == [between.id, "op-2/0.0"]


def test_after_a_lost_answer_it_is_sent_alone() -> None:
    around = Around()
    waiting(around, asks(1, "1.png", attempts=1), asks(2, "2.png"))
    run(around)
    assert [intent.id for intent in stored(around).intents] == ["op-2/0.0"]


def test_where_the_call_is_refused_the_first_is_sent_alone() -> None:
    around = Around()
    waiting(around, asks(1, "1.png"), asks(2, "2.png"))
    around.shop.fails["update_attributes"] = [shop_errors.Refused("400 no", call="PATCH", status=400)]
    outcome = run(around)
    assert outcome is not None
    assert outcome.problem is None
    assert (sent(around), said(around, 1)) == (2, ["1.png"])
    assert [intent.id for intent in stored(around).intents] == ["op-2/0.0"]


def test_where_shoptet_cannot_now_all_of_them_wait() -> None:
    around = Around()
    waiting(around, asks(1, "1.png"), asks(2, "2.png"))
    around.shop.fails["update_attributes"] = [shop_errors.TryLater("429 slow", call="PATCH", at=around.clock.now() + 9)]
    assert run(around) is None
    assert [intent.id for intent in stored(around).intents] == ["op-1/0.0", "op-2/0.0"]


def test_one_that_was_run_before_its_effect_was_written_is_not_sent_again() -> None:
    around = Around()
    waiting(around, asks(1, "1.png"), asks(2, "2.png"), asks(3, "3.png"))
    operations.conclude(around.documents, "op-2", "0.0", Outcome(5.0, (ImageOutcome("updated", "2.png"),)))
    run(around)
    assert [intent.id for intent in stored(around).intents] == ["op-2/0.0", "op-3/0.0"]
    run(around)
    assert (sent(around), [intent.id for intent in stored(around).intents]) == (1, ["op-3/0.0"])


def test_each_outcome_is_told_and_the_flight_is_over() -> None:
    around = Around()
    waiting(around, asks(1, "1.png"), asks(2, "2.png"))
    run(around)
    after = stored(around)
    assert after.flight is None
    assert after.done == ("op-1/0.0", "op-2/0.0")
    lines = [json.loads(line)["message"] for line in around.lines.getvalue().splitlines()]
    assert lines == ["attributes carried out", "attributes carried out"]
