"""How much a gallery may hold: what is accepted is bounded, what is there already may always shrink."""

import pytest

from gallery_sync.core import intents, ledger_document, limits
from gallery_sync.core.ledger import Entry, Intent, Ledger, Row
from gallery_sync.core.limits import MAX_INTENTS, MAX_KEYS, MAX_LEDGER_BYTES, Full, check_growth
from tests.unit.core.build import NOW, a_ledger, key, replace, wanted


def of(keys: int, description: str | None = None) -> Ledger:
    return a_ledger({key(f"{n}.jpg"): Entry(wanted(f"{n}.jpg", description=description)) for n in range(keys)})


def waiting(intents_there: int) -> Ledger:
    ledger = a_ledger()
    for n in range(intents_there):
        ledger = intents.ask(ledger, Intent(f"op/{n}", "delete", NOW, name="1.jpg"))
    return ledger


def test_a_gallery_may_hold_2000_keys_4_mb_and_200_requests_that_wait() -> None:
    assert (MAX_KEYS, MAX_LEDGER_BYTES, MAX_INTENTS) == (2_000, 4_000_000, 200)


def test_as_many_keys_as_are_allowed_are_taken_and_one_more_is_refused_with_the_numbers() -> None:
    assert check_growth(of(1), of(2)) == of(2)
    assert check_growth(of(MAX_KEYS - 1), of(MAX_KEYS)) == of(MAX_KEYS)
    with pytest.raises(Full, match=f"has {MAX_KEYS} .* would have {MAX_KEYS + 1}: {MAX_KEYS} is the most") as refused:
        check_growth(of(MAX_KEYS), of(MAX_KEYS + 1))
    assert (refused.value.status, refused.value.code) == (409, "gallery-full")


def test_too_many_that_wait_are_told_to_come_later() -> None:
    check_growth(waiting(MAX_INTENTS - 1), waiting(MAX_INTENTS))
    with pytest.raises(Full, match=f"{MAX_INTENTS} requests wait") as refused:
        check_growth(waiting(MAX_INTENTS), waiting(MAX_INTENTS + 1))
    assert (refused.value.status, refused.value.code) == (429, "too-many-waiting")


def test_a_ledger_is_bounded_in_bytes_too() -> None:
    large = of(1_500, "x" * 3_000)
    assert len(ledger_document.encode(large)) > MAX_LEDGER_BYTES
    with pytest.raises(Full, match=f"would take [0-9]+ bytes, {MAX_LEDGER_BYTES} is the most") as refused:
        check_growth(of(1_500), large)
    assert (refused.value.status, refused.value.code) == (409, "gallery-full")


def test_a_ledger_of_just_as_many_bytes_as_are_allowed_is_taken() -> None:
    room = MAX_LEDGER_BYTES - len(ledger_document.encode(of(1, "")))
    full, one_more = of(1, "x" * room), of(1, "x" * (room + 1))
    assert len(ledger_document.encode(full)) == MAX_LEDGER_BYTES
    assert check_growth(of(1), full) == full
    with pytest.raises(Full, match="bytes"):
        check_growth(of(1), one_more)


def test_changes_of_attributes_count_with_what_they_bring() -> None:
    change = Intent("op/0", "attributes", NOW, rows=(Row("url:a", description="x" * MAX_LEDGER_BYTES),))
    with pytest.raises(Full, match="shorter descriptions"):
        check_growth(a_ledger(), intents.ask(a_ledger(), change))


def test_what_is_too_much_already_may_stay_and_shrink() -> None:
    # An earlier version accepted it: cleanups and deletions have to get through.
    crowded = of(MAX_KEYS + 5)
    assert check_growth(crowded, crowded) == crowded
    cleaning = intents.ask(crowded, Intent("op/0", "clean", NOW))
    assert check_growth(crowded, cleaning) == cleaning
    assert check_growth(crowded, of(MAX_KEYS + 4)) == of(MAX_KEYS + 4)
    assert check_growth(waiting(MAX_INTENTS + 5), waiting(MAX_INTENTS + 5)) == waiting(MAX_INTENTS + 5)
    assert check_growth(waiting(MAX_INTENTS + 5), waiting(MAX_INTENTS + 4)) == waiting(MAX_INTENTS + 4)
    huge = of(1_500, "x" * 3_000)
    smaller = replace(huge, entries=dict(list(huge.entries.items())[:-1]))
    assert check_growth(huge, smaller) == smaller


def test_a_cleanup_of_a_gallery_that_is_too_large_is_accepted() -> None:
    huge = of(1_500, "x" * 3_000)
    cleaning = intents.ask(huge, Intent("op/0", "clean", NOW))
    assert limits.check_growth(huge, cleaning) == cleaning


@pytest.mark.parametrize(
    ("folders", "prefix", "refused"),
    [(19, "new", False), (20, "new", True), (20, "f0", False), (21, "new", True), (21, "f20", False)],
)
def test_twenty_folders_feed_a_gallery_and_those_that_do_stay(folders: int, prefix: str, refused: bool) -> None:
    ledger = replace(a_ledger(), prefixes=tuple(f"f{n}" for n in range(folders)))
    assert limits.is_too_many(ledger, prefix) is refused
