"""What ended leaves the ledger once nothing refers to it any more, and what a file may bring back never does."""

from typing import Any

import pytest

from gallery_sync.core import forget, intents
from gallery_sync.core.ledger import (
    Entry,
    Failure,
    Hold,
    Intent,
    Ledger,
    Live,
    Loss,
    Override,
    Pause,
    generation_at,
    with_entries,
)
from gallery_sync.core.operation import ImageOutcome, Outcome
from gallery_sync.core.pictures import ByUrl, want
from gallery_sync.core.schedule import DAY, FORGET_AFTER, HOUR, OPERATION_KEPT
from tests.unit.core.build import NOW, a_flight, a_ledger, replace, shown, wanted

LATER = NOW + FORGET_AFTER + 1


def by_url(state: str = "deleted", **more: Any) -> Entry:
    """A caller's picture that was shown once, and is not any more."""
    asked = want(a_ledger(), [ByUrl("op.0.0", "https://pim.test/a.jpg", NOW, key="url:a")]).entries["url:a"]
    assert asked.wanted is not None
    content = asked.wanted.content
    live = Live("1.jpg", content.checksum, content.generation, state=state)  # type: ignore[arg-type]
    return replace(asked, live=live, **more)


def test_it_is_a_day_after_the_requests_that_could_refer_to_it_are_gone() -> None:
    assert FORGET_AFTER == OPERATION_KEPT + DAY


def test_it_is_forgotten_only_when_the_time_is_over() -> None:
    assert forget.ended(a_ledger({"url:a": by_url()}), LATER - 1) == []
    assert not forget.remembers_nothing(replace(EMPTY, cleaned_at=NOW), LATER - 1)


def test_200_pictures_that_callers_inserted_and_deleted_are_forgotten_once_their_requests_are() -> None:
    ledger = a_ledger()
    for number in range(200):
        key, name = f"url:{number}", f"{number}.jpg"
        ledger = want(ledger, [ByUrl(f"op.{number}.0", f"https://pim.test/{number}.jpg", NOW, key=key)])
        entry = ledger.entries[key]
        assert entry.wanted is not None
        content = entry.wanted.content
        ledger = with_entries(ledger, {key: replace(entry, live=Live(name, content.checksum, content.generation))})
        deletion = Intent(f"del/{number}", "delete", NOW + 1, name=name)
        outcome = Outcome(NOW + 2, (ImageOutcome("deleted", name),))
        ledger = intents.ended(intents.ask(ledger, deletion), deletion, outcome)
    assert len(ledger.entries) == 200
    assert forget.ended(ledger, NOW + OPERATION_KEPT) == []
    assert forget.without(ledger, forget.ended(ledger, LATER)).entries == {}


FAILED = Failure("gave-up", "given up", NOW)
ENDED = {
    "a caller's picture that a caller deleted": by_url(),
    "one that a person deleted": by_url("gone"),
    "an image without a file that a person deleted": Entry(None, Live("1.jpg", "sum", 1, state="gone")),
    "a caller's picture that failed": Entry(by_url().wanted, failure=FAILED),
    "a replacement whose image is gone": by_url("gone", failure=FAILED),
}


@pytest.mark.parametrize("what", ENDED)
def test_what_has_ended_is_forgotten(what: str) -> None:
    assert forget.ended(a_ledger({"url:a": ENDED[what]}), LATER) == ["url:a"]


SHOWN = by_url("shown")
GENERATION = generation_at(NOW)
HELD = {
    "a file whose image a person deleted": Entry(wanted("a.jpg"), Live("1.jpg", "sum-a.jpg-1", 1, state="gone")),
    "a caller's word over a file": by_url(override=Override(wanted("a.jpg"))),
    "an image that is shown": SHOWN,
    "one that a cleanup left": by_url("kept"),
    "one that is in another place": by_url("astray"),
    "an image that is shown without a file": Entry(None, SHOWN.live),
    "a picture that is waiting": Entry(SHOWN.wanted),
    "a picture that is wanted instead of one that is gone": replace(SHOWN, live=Live("1.jpg", "old", 1, state="gone")),
    "a failure of late": by_url("gone", failure=replace(FAILED, at=LATER - DAY)),
    "what was seen of late": Entry(
        SHOWN.wanted, Live("1.jpg", "op:op.0.0", GENERATION, state="gone", seen=LATER - DAY)
    ),
}


@pytest.mark.parametrize("what", HELD)
def test_what_has_not_ended_is_not_forgotten(what: str) -> None:
    assert forget.ended(a_ledger({"url:a": HELD[what]}), LATER) == []


EMPTY = replace(a_ledger(), prefixes=())


def test_a_ledger_without_anything_in_it_says_nothing() -> None:
    assert forget.remembers_nothing(EMPTY, NOW)
    assert forget.remembers_nothing(replace(EMPTY, cleaned_at=NOW, done=("a/0",), yields=True), LATER)
    assert forget.remembers_nothing(replace(EMPTY, lost=Loss(3, NOW), released=("drop:A/1.jpg",)), LATER)
    assert forget.remembers_nothing(replace(EMPTY, pause=Pause(NOW, "not now", 1)), NOW + 1)
    assert forget.remembers_nothing(replace(EMPTY, pause=Pause(LATER, "over now", 1)), LATER)
    assert forget.remembers_nothing(replace(EMPTY, lost=Loss(3, LATER - HOUR)), LATER)


SAYS = {
    "what is shown": replace(EMPTY, entries=shown("a.jpg", "1.jpg", 100)),
    "an intent": replace(EMPTY, intents=(Intent("a/0", "clean", NOW),)),
    "a flight": replace(EMPTY, flight=a_flight({})),
    "deletions that are held": replace(EMPTY, hold=Hold(("drop:A/1.jpg",), 6, NOW)),
    "what went within the hour": replace(EMPTY, lost=Loss(3, LATER - HOUR / 2)),
    "a reconcile that is due": replace(EMPTY, due_at=NOW),
    "a pause": replace(EMPTY, pause=Pause(LATER + 1, "not now", 1)),
    "a cleanup of late": replace(EMPTY, cleaned_at=LATER - DAY),
    "a cleanup that holds back files": replace(EMPTY, cleaned_at=NOW, prefixes=("A",)),
}


@pytest.mark.parametrize("what", SAYS)
def test_a_ledger_that_says_anything_is_kept(what: str) -> None:
    ledger: Ledger = SAYS[what]
    assert not forget.remembers_nothing(ledger, LATER)
