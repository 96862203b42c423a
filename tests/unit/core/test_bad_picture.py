"""One picture that breaks each job it is in: it fails alone, with its reason, and all others get live."""

from gallery_sync.core.ledger import Ledger
from gallery_sync.core.match import Match
from gallery_sync.core.observe import observe
from gallery_sync.core.plan import Nothing, Policy, StartFlight, Wait, plan
from gallery_sync.core.settle import settle
from gallery_sync.core.shop_values import Image
from tests.unit.core.build import KEPT, MAX_ATTEMPTS, NOW, TIMING, a_file, a_flight, a_ledger, key, replace

BROKEN = "Shoptet's job j1 ended as failed"


def at_rest(files: list[str], bad: str) -> tuple[Ledger, int, float]:
    """Fly until nothing is left to do: the ledger, how many jobs it took, and how many seconds of pauses."""
    ledger, listing, jobs, now = a_ledger(), list[Image](), 0, NOW
    ledger = observe(ledger, [a_file(name) for name in files], now)
    for _ in range(200):
        step = plan(ledger, listing, now, Policy(), KEPT)
        if isinstance(step, Nothing):
            return ledger, jobs, now - NOW
        if isinstance(step, Wait):
            now = step.until
            continue
        assert isinstance(step, StartFlight)
        jobs += 1
        flight = replace(
            a_flight(step.images, step.action, before=tuple(i.name for i in listing), job_id="j1"),
            job_created="2024-07-01T14:00:00+0200",
            reason=BROKEN if key(bad) in step.images else None,
        )
        ledger = replace(ledger, flight=flight)
        if flight.reason is None:
            new = {k: Image(f"{len(listing) + n}.jpg", s.priority) for n, (k, s) in enumerate(step.images.items(), 1)}
            listing += new.values()
            ledger = settle(ledger, flight, listing, Match(new), now, TIMING, MAX_ATTEMPTS, KEPT)
            continue
        for _ in range(2):
            assert ledger.flight is not None
            ledger = settle(
                ledger, ledger.flight, listing, Match({}, tuple(step.images)), now, TIMING, MAX_ATTEMPTS, KEPT
            )
            now += TIMING.second_listing
    raise AssertionError("it never comes to rest")


def test_of_sixteen_pictures_with_a_bad_one_fifteen_get_live() -> None:
    ledger, jobs, _ = at_rest([f"{n}.jpg" for n in range(16)], "5.jpg")
    assert {k for k, entry in ledger.entries.items() if entry.failure is not None} == {key("5.jpg")}
    assert all(entry.live is not None for k, entry in ledger.entries.items() if k != key("5.jpg"))
    failure = ledger.entries[key("5.jpg")].failure
    assert failure is not None
    assert failure.reason == f"given up after 5 tries: {BROKEN}"
    assert jobs <= 1 + 2 * 4


def test_of_a_hundred_pictures_with_a_bad_one_ninety_nine_get_live_in_a_few_jobs() -> None:
    ledger, jobs, seconds = at_rest([f"{n}.jpg" for n in range(100)], "42.jpg")
    assert [k for k, entry in ledger.entries.items() if entry.live is None] == [key("42.jpg")]
    assert jobs <= 20
    assert seconds <= 2 * 3600
