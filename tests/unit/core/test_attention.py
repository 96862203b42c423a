"""What a person may have tried again, and what only a new drop may send."""

import pytest

from gallery_sync.core.attention import AGAIN, may_try_again, tried_again
from gallery_sync.core.ledger import MAY_BE_THERE, Entry, Failure, Live, Override, is_waiting
from tests.unit.core.build import NOW, a_ledger, key, wanted

A, B = key("a.jpg"), key("b.jpg")


def failed(code: str, **more: object) -> Entry:
    return Entry(wanted("a.jpg"), failure=Failure(code, "why", NOW), attempts=5, last_reason="why", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", sorted(AGAIN))
def test_what_is_tried_again_begins_anew(code: str) -> None:
    base = Override(wanted("a.jpg"), None, 7)
    ledger = a_ledger({A: failed(code, override=base), B: failed(code)})
    after = tried_again(ledger, [A], NOW)
    assert after.entries[A] == Entry(wanted("a.jpg"), override=base)
    assert is_waiting(after.entries[A])
    assert after.entries[B] == ledger.entries[B]
    assert after.due_at == NOW


@pytest.mark.parametrize("code", [MAY_BE_THERE, "unfit", "different", "no-such-image", "empty-file"])
def test_what_would_come_twice_or_fail_again_is_not(code: str) -> None:
    ledger = a_ledger({A: failed(code)})
    assert not may_try_again(ledger.entries[A])
    assert tried_again(ledger, [A], NOW) == ledger


def test_what_did_not_fail_stays() -> None:
    ledger = a_ledger({A: Entry(wanted("a.jpg"), Live("1.jpg", "sum", 1))})
    assert tried_again(ledger, [A, "drop:nothing"], NOW) == ledger
