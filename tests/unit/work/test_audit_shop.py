"""Which gallery's check is due when: each once in a round, spread over it, whoever sweeps late, twice or not at all."""

import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.core.shop_values import Gallery
from gallery_sync.work import audit_shop
from gallery_sync.work.audit_shop import AHEAD, MOST, ShopAudit, moment
from gallery_sync.work.world import SweepWorld
from tests.unit.core.build import NOW, TIMING, FixedClock, Lines
from tests.unit.http.memory import Memory

ROUND = TIMING.audit_every
SWEEP_EVERY = 600.0


def galleries(number: int) -> list[tuple[str, Gallery]]:
    return [(str(uuid.UUID(int=n * 7919)), "shop360" if n % 5 == 0 else "shop") for n in range(number)]


@dataclass
class Asked:
    """The checks that were enqueued: the moment of each, and when it was enqueued. One of a name is one."""

    checks: dict[tuple[str, Gallery, float], float] = field(default_factory=dict)
    now: float = 0.0

    def audit(self, guid: str, gallery: Gallery, at: float) -> None:
        self.checks.setdefault((guid, gallery, at), self.now)


@dataclass
class Sweeps:
    """Sweeps of the same galleries, one after the other."""

    places: list[tuple[str, Gallery]]
    every: float = ROUND
    documents: Memory = field(default_factory=Memory)
    asked: Asked = field(default_factory=Asked)
    lines: Lines = field(default_factory=Lines)

    def at(self, now: float, *, killed: bool = False, only: tuple[str, ...] | None = None, lists: bool = True) -> int:
        """Sweep once; a run that is killed does not write down how far it came. `lists`: also without a need of its own."""
        self.asked.now = now
        before = dict(self.documents.documents)
        queue: Any = self.asked
        drops: Any = None
        timing = replace(TIMING, audit_every=self.every)
        world = SweepWorld(
            documents=self.documents, queue=queue, clock=FixedClock(now), log=self.lines.log, timing=timing, drops=drops
        )
        turn = ShopAudit(world, only)
        if lists or turn.needs_all:
            turn.begin_listing()
            for place in self.places:
                if only is None or place[0] in only:
                    turn.meet(*place)
        checks = turn.enqueue()
        if killed:
            self.documents.documents = before
        return checks

    def times(self, since: float, until: float) -> Counter[tuple[str, Gallery]]:
        """How often each gallery's check had its moment between these."""
        return Counter((guid, gallery) for guid, gallery, at in self.asked.checks if since < at <= until)


def test_a_round_is_28_days() -> None:
    assert ROUND == 28 * DAY


@given(st.uuids(), st.sampled_from(("shop", "shop360")), st.floats(0, 4e9), st.sampled_from((ROUND, 600.0, 7.0)))
def test_a_gallerys_moments_are_one_round_apart_and_the_next_is_within_one(
    guid: uuid.UUID, gallery: Gallery, after: float, every: float
) -> None:
    first = moment(str(guid), gallery, after, every)
    assert after < first <= after + every
    assert moment(str(guid), gallery, first, every) == first + every
    assert moment(str(guid), gallery, first - 0.5, every) == first


def test_both_galleries_of_a_product_have_moments_of_their_own() -> None:
    guid = str(uuid.UUID(int=1))
    assert moment(guid, "shop", NOW, ROUND) != moment(guid, "shop360", NOW, ROUND)


def test_every_day_brings_about_a_28th_and_every_hour_of_it_about_as_many() -> None:
    places = galleries(28_000)
    begin = NOW // DAY * DAY
    moments = [moment(*place, begin, ROUND) for place in places]
    days = Counter(int((at - begin) // DAY) for at in moments)
    hours = Counter(int(at % DAY // HOUR) for at in moments)
    assert sorted(days) == list(range(28))
    assert all(850 < count < 1150 for count in days.values()), days
    assert all(1000 < count < 1340 for count in hours.values()), hours


def test_in_28_days_of_sweeps_every_gallery_is_checked_exactly_once() -> None:
    sweeps = Sweeps(galleries(500))
    now = NOW
    while now <= NOW + ROUND:
        sweeps.at(now)
        now += SWEEP_EVERY
    assert sweeps.times(NOW, NOW + ROUND) == Counter(sweeps.places)
    # Each was enqueued before its moment, so that it has one of its own; save those of the first sweep's next minutes.
    assert all(at > enqueued for (_, _, at), enqueued in sweeps.asked.checks.items())


def test_the_first_sweep_begins_the_round_with_its_own_moment() -> None:
    sweeps = Sweeps(galleries(20_000))
    sweeps.at(NOW)
    moments = [at for _, _, at in sweeps.asked.checks]
    assert moments
    assert all(NOW < at <= NOW + AHEAD for at in moments)


@pytest.mark.parametrize("out", [HOUR, DAY, 3 * DAY], ids=["an hour", "a day", "three days"])
def test_what_sweeps_that_did_not_run_left_out_is_made_up_for_once(out: float) -> None:
    sweeps = Sweeps(galleries(2000))
    sweeps.at(NOW)
    for number in range(36):
        assert sweeps.at(NOW + out + number * SWEEP_EVERY) <= MOST
    until = NOW + out + 35 * SWEEP_EVERY + AHEAD
    assert sweeps.times(NOW, until) == Counter(p for p in sweeps.places if moment(*p, NOW, ROUND) <= until)


def test_sweeps_that_did_not_run_for_two_rounds_are_made_up_for_with_one_check_a_gallery() -> None:
    sweeps = Sweeps(galleries(300))
    sweeps.at(NOW)
    sweeps.asked.checks.clear()
    later = NOW + 2 * ROUND + HOUR
    enqueued = [sweeps.at(later + n * SWEEP_EVERY) for n in range(4)]
    assert enqueued[:3] == [MOST, MOST, MOST]
    assert set(sweeps.times(0, later + HOUR)) == set(sweeps.places)


def test_many_that_are_due_are_enqueued_the_oldest_first_and_those_of_the_last_moment_together() -> None:
    sweeps = Sweeps([("11111111-1111-1111-1111-111111111111", "shop")] * (MOST + 20))
    sweeps.documents.write(audit_shop.PATH, b'{"until": 0}', generation=0)
    assert sweeps.at(NOW) == MOST + 20
    sweeps = Sweeps(galleries(20_000))
    sweeps.documents.write(audit_shop.PATH, b'{"until": 0}', generation=0)
    sweeps.at(NOW)
    latest = max(at for _, _, at in sweeps.asked.checks)
    left = [place for place in sweeps.places if place not in {(g, k) for g, k, _ in sweeps.asked.checks}]
    assert all(moment(*place, NOW + AHEAD - ROUND, ROUND) > latest for place in left)


def test_a_sweep_that_comes_twice_or_was_killed_enqueues_the_same_checks() -> None:
    sweeps = Sweeps(galleries(20_000))
    sweeps.at(NOW)
    once = dict(sweeps.asked.checks)
    sweeps.at(NOW + SWEEP_EVERY, killed=True)
    killed = set(sweeps.asked.checks)
    assert len(killed) > len(once)
    sweeps.at(NOW + SWEEP_EVERY)
    assert set(sweeps.asked.checks) == killed
    assert sweeps.at(NOW + SWEEP_EVERY) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"until": "soon"}', b"{}"])
def test_a_note_that_cannot_be_read_is_told_and_the_round_goes_on_from_now(body: bytes) -> None:
    sweeps = Sweeps(galleries(20_000))
    sweeps.documents.write(audit_shop.PATH, body, generation=0)
    assert 0 < sweeps.at(NOW) < MOST
    (line,) = sweeps.lines.read
    assert (line["severity"], line["message"].partition(",")[0]) == (
        "ERROR",
        "rotation.json in the state bucket is not as gallery-sync wrote it",
    )
    assert msgspec.json.decode(sweeps.documents.documents[audit_shop.PATH].body) == {"until": NOW + AHEAD}
    sweeps.at(NOW + SWEEP_EVERY)
    assert len(sweeps.lines.read) == 1


def test_a_note_from_the_future_is_none() -> None:
    sweeps = Sweeps(galleries(20_000))
    sweeps.documents.write(audit_shop.PATH, b'{"until": 9e12}', generation=0)
    assert 0 < sweeps.at(NOW) < MOST
    assert msgspec.json.decode(sweeps.documents.documents[audit_shop.PATH].body) == {"until": NOW + AHEAD}


def test_where_nothing_is_due_nothing_is_written() -> None:
    sweeps = Sweeps([])
    sweeps.at(NOW)
    written = sweeps.documents.documents[audit_shop.PATH].generation
    sweeps.at(NOW + SWEEP_EVERY)
    assert sweeps.documents.documents[audit_shop.PATH].generation == written
    sweeps.places = galleries(20_000)
    assert sweeps.at(NOW + 2 * SWEEP_EVERY) > 0
    # From where the note ends, not from the sweep before.
    since, until = NOW + AHEAD, NOW + 2 * SWEEP_EVERY + AHEAD
    assert set(sweeps.times(since, until)) == {p for p in sweeps.places if moment(*p, since, ROUND) <= until}


def test_a_round_that_is_shorter_than_a_plan_has_each_of_its_moments() -> None:
    sweeps = Sweeps(galleries(5), every=2 * HOUR)
    now = NOW
    while now <= NOW + DAY:
        sweeps.at(now, lists=False)
        now += SWEEP_EVERY
    assert sweeps.times(NOW, NOW + DAY) == Counter(dict.fromkeys(sweeps.places, 12))


def test_a_plan_that_was_made_for_a_trial_is_for_that_trial_alone() -> None:
    sweeps = Sweeps(galleries(2_000))
    trial = tuple(sorted(guid for guid, _ in sweeps.places[:1_000]))
    ended, begun_again, end = NOW + 6 * HOUR, NOW + 12 * HOUR, NOW + 18 * HOUR
    now = NOW
    while now <= end:
        sweeps.at(now, only=None if ended <= now < begun_again else trial, lists=False)
        now += SWEEP_EVERY
    of_all = sweeps.times(ended + AHEAD, begun_again)
    assert set(of_all) == {place for place in sweeps.places if moment(*place, ended + AHEAD, ROUND) <= begun_again}
    in_trial = sweeps.times(NOW, ended - SWEEP_EVERY) | sweeps.times(begun_again + AHEAD, end)
    assert in_trial
    assert {guid for guid, _ in in_trial} <= set(trial)


def test_a_listing_that_met_no_gallery_renews_the_plan_as_well() -> None:
    """Else the plan of a shop without galleries ran out between two listings, and one more was made for it."""
    sweeps = Sweeps([])
    sweeps.at(NOW)
    first = sweeps.documents.documents[audit_shop.PLAN].generation
    sweeps.at(NOW + SWEEP_EVERY)
    assert sweeps.documents.documents[audit_shop.PLAN].generation != first
