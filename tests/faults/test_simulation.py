"""Thousands of worlds, each with its own faults and its own Shoptet: gallery equals bucket in all of them, once all is quiet."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gallery_sync.core.shop_values import Attributes, NewImage, NewSource
from tests.faults.simulation.chance import Faults, Setting, Shoptets
from tests.faults.simulation.client import SimClient
from tests.faults.simulation.effects import SkewedClock
from tests.faults.simulation.people import CODE, GUID
from tests.faults.simulation.schedules import Life, live
from tests.faults.simulation.storage import SimDocuments

SEEDS = int(os.environ.get("SEEDS", "2000"))
PARTS = 8
ROOT = Path(__file__).parents[2]

FOREVER = float("inf")

replace = msgspec.structs.replace


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, PARTS))])
def test_after_quiet_every_gallery_is_as_its_bucket(part: int) -> None:
    for seed in range(part, SEEDS, PARTS):
        failed = live(seed)
        assert failed is None, str(failed)


def one_trip(life: Life, *, quiet: bool) -> list[str]:
    """A few files, one of them replaced, one deleted, one reordered: everything that a run can be killed in."""
    people, universe = life.people, life.universe
    people.drop(f"{GUID}/shop/01_a.jpg")
    people.drop(f"{GUID}/shop/2.png", metadata={"description": "front"})
    universe.turn(60.0)
    people.drop(f"{GUID}/shop/01_a.jpg")
    people.drop(f"{CODE}/10.png")
    universe.turn(60.0)
    people.annotate(f"{GUID}/shop/2.png", {"priority": "7"})
    people.delete(f"{CODE}/10.png")
    universe.turn(120.0)
    return life.calm_down(quiet=quiet)


def trip(setting: Setting, kill_at: int | None) -> tuple[Life, list[str]]:
    life = Life(setting, kill_at=kill_at)
    try:
        # The quiet days take longer than the trip: after every fifth of them.
        return life, one_trip(life, quiet=(kill_at or 0) % 5 == 0)
    finally:
        life.universe.close()


@pytest.mark.parametrize(
    ("mirror", "tries"),
    [
        pytest.param(True, 1, id="images go with their files, only sweep comes after it", marks=pytest.mark.long),
        pytest.param(True, 8, id="images go with their files, its task is tried again", marks=pytest.mark.long),
        pytest.param(False, 1, id="images stay, only sweep comes after it", marks=pytest.mark.long),
        pytest.param(False, 8, id="images stay, its task is tried again", marks=pytest.mark.long),
    ],
)
def test_an_instance_killed_at_any_moment_leaves_nothing_undone_and_nothing_double(mirror: bool, tries: int) -> None:
    setting = Setting(1, Faults(), Shoptets(job_seconds=5.0), mirror_deletes=mirror, task_tries=tries)
    unharmed, problems = trip(setting, None)
    assert problems == []
    assert unharmed.moments > 200, "the trip did not happen"
    for moment in range(unharmed.moments):
        life, problems = trip(setting, moment)
        assert problems == [], f"killed at moment {moment}:\n{life.universe.story.read()}"


def polls(galleries: int) -> int:
    """How many lists of jobs it costs until all these galleries are live, when each job takes an hour."""
    life = Life(Setting(1, shoptet=Shoptets(job_seconds=3600.0)))
    universe = life.universe
    try:
        for number in range(galleries):
            guid = f"{number:08x}{GUID[8:]}"
            universe.shop.galleries[guid, "shop"] = []
            life.people.drop(f"{guid}/shop/b.jpg")
        universe.turn(3600.0)
        assert life.calm_down() == []
        return universe.calls.counts["jobs"]
    finally:
        universe.close()


def test_one_list_of_jobs_serves_all_galleries_under_way() -> None:
    one, many = polls(1), polls(40)
    # Not more than the seconds over which the jobs begin and end: each gallery on its own would cost 40 times as much.
    assert many < 3 * one, f"{many} lists of jobs for 40 galleries, {one} for one"


@pytest.mark.long
def test_a_seed_lives_the_same_life_in_every_process() -> None:
    program = (
        "import hashlib\n"
        "from tests.faults.simulation.chance import Setting\n"
        "from tests.faults.simulation.schedules import Life\n"
        "told = hashlib.sha256()\n"
        "for seed in range(40):\n"
        "    life = Life(Setting.drawn(seed)); life.live()\n"
        "    told.update(life.universe.story.read().encode())\n"
        "print(told.hexdigest())\n"
    )
    path = os.pathsep.join((str(ROOT / "functions"), str(ROOT)))
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": path, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(told) == 1


def test_a_broken_promise_is_told_with_its_seed_and_its_story() -> None:
    life = Life(Setting(1))
    life.people.add_foreign((GUID, "shop"), 1)
    client = life.universe.client(life.universe.instances[0])
    (foreign,) = life.universe.shop.galleries[GUID, "shop"]
    life.universe.start(
        "somebody",
        lambda clock: client.delete(GUID, "shop", foreign.name, remove_reference=True, send_until=clock.now() + 60),
        lambda _ok: None,
        60.0,
    )
    failed = life.live()
    assert failed is not None
    assert f"I3: {foreign.name} in" in failed.problems[0]
    assert f"python -m tests.faults.replay {life.universe.setting.seed}" in str(failed)
    assert f"add foreign {foreign.name}" in failed.story


FINE = NewImage("https://pim.test/1.jpg", 1)
NOT_SENT: dict[str, Callable[[SimClient], object]] = {
    "no image at all": lambda c: c.insert(GUID, "shop", [], send_until=FOREVER),
    "101 images": lambda c: c.insert(GUID, "shop", [FINE] * 101, send_until=FOREVER),
    "a priority of 0": lambda c: c.insert(GUID, "shop", [replace(FINE, priority=0)], send_until=FOREVER),
    "a URL that is too long": lambda c: c.insert(
        GUID, "shop", [replace(FINE, source_url="https://pim.test/" + "1" * 2000)], send_until=FOREVER
    ),
    "a source without a name": lambda c: c.update_source(
        GUID, "shop", [NewSource("", FINE.source_url)], send_until=FOREVER
    ),
    "attributes without a name": lambda c: c.update_attributes(GUID, "shop", [Attributes("", 1)], send_until=FOREVER),
    "a deletion without a name": lambda c: c.delete(GUID, "shop", "", remove_reference=False, send_until=FOREVER),
    "a cleanup without a product": lambda c: c.delete_all("", "shop", remove_reference=False, send_until=FOREVER),
    "a job without an id": lambda c: c.job(""),
}
"""Calls that the real client refuses before anything is sent."""


@pytest.mark.parametrize("call", NOT_SENT)
def test_the_simulated_client_takes_no_call_that_the_real_one_would_not_send(call: str) -> None:
    life = Life(Setting(1))
    client = life.universe.client(life.universe.instances[0])

    def ask(_clock: SkewedClock) -> None:
        NOT_SENT[call](client)

    life.universe.start("somebody", ask, lambda _ok: None, 60.0)
    failed = life.live()
    assert failed is not None
    assert "I4: the real client would not send this" in failed.problems[0]


def written_twice(*, limited: bool) -> float:
    """How many seconds lie between two writes of one document that follow each other at once."""
    universe = Life(Setting(1, one_write_a_second=limited)).universe
    moments: list[float] = []

    def write(_clock: SkewedClock) -> None:
        documents = SimDocuments(universe.state, universe.effects, lambda *_: None, limited=limited)
        generation = documents.write("twice.json", b"1", generation=0)
        moments.append(universe.state.written["twice.json"])
        documents.write("twice.json", b"2", generation=generation)
        moments.append(universe.state.written["twice.json"])

    try:
        universe.start("somebody", write, lambda _ok: None, 60.0)
        universe.turn(60.0)
    finally:
        universe.close()
    first, second = moments
    return second - first


def test_a_second_write_within_a_second_waits_where_the_storage_insists_on_that() -> None:
    assert written_twice(limited=True) >= 1.0
    assert written_twice(limited=False) < 1.0


AS_HOPED = Shoptets()
UNKNOWNS: dict[str, dict[str, Any]] = {
    "results that name images": {"result": "names"},
    "results without names": {"result": "bare"},
    "no results, or pages": {"result": "none"},
    "jobs' endpoints with the guid": {"endpoint": "full"},
    "jobs' endpoints without it": {"endpoint": "bare"},
    "other people's jobs in the list": {"foreign_jobs": True},
    "no right to the list": {"list_allowed": False},
    "listings that lag": {"lag": 60.0},
    "priorities renumbered": {"renumbers": True},
    "priorities renumbered after insertions alone": {"renumbers": True, "only_insertions": True},
    "priorities counted from 0": {"renumbers": True, "numbers_from": 0, "numbers_step": 1},
    "priorities that nobody is shown": {"hides_numbers": True},
    "priorities that no change of attributes moves": {"renumbers": True, "ignores_moves": True},
    "descriptions trimmed": {"trims": True},
    "names that change with a source update": {"renames_on_update": True},
    "cdn names that stay": {"cdn_name_changes": False},
    "change times that attributes leave alone": {"attributes_touch_change_time": False},
    "images that appear one by one": {"gradual": True},
    "a clock that is behind": {"clock_ahead": -120.0},
    "failures apart from the rows": {"errors_apart": True, "result": "bare"},
    "a clock that is ahead": {"clock_ahead": 120.0},
    "another picture than was sent": {"shows_another": 0.1},
}
"""Every unknown of Shoptet's that the simulation has, alone; all others are as one would hope."""


@pytest.mark.parametrize("unknown", UNKNOWNS)
@pytest.mark.parametrize(
    "seeds",
    [range(3_000_000, 3_000_020), pytest.param(range(3_000_020, 3_000_060), marks=pytest.mark.long)],
    ids=["few", "many"],
)
def test_the_invariants_hold_under_each_unknown(unknown: str, seeds: range) -> None:
    for seed in seeds:
        shoptet = dataclasses.replace(AS_HOPED, **UNKNOWNS[unknown])
        # Quiet days take twice as long as the life before them: every fifth has them here, and every seed above.
        drawn = Setting.drawn(seed)
        # Only whoever looks at pictures notices that.
        setting = dataclasses.replace(drawn, shoptet=shoptet, verify=drawn.verify or shoptet.shows_another > 0)
        failed = Life(setting).live(quiet=seed % 5 == 0)
        assert failed is None, str(failed)


def test_each_unknown_of_the_simulation_has_its_turn() -> None:
    switches = {field.name for field in dataclasses.fields(Shoptets)} - {"job_seconds"}
    assert {name for switch in UNKNOWNS.values() for name in switch} == switches
