"""Hypothesis chooses what people, callers and the shop do, and which faults the world knows; it shrinks what goes wrong.

The seeds of `test_simulation` try many worlds; here the search is guided, and a failure comes as its shortest story.
"""

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.faults.simulation.chance import AUDITS_EVERY, Faults, Setting, Shoptets
from tests.faults.simulation.people import CODE, DESCRIPTIONS, FILES, GUID, OTHER, PRIORITIES, VARIANT, spelled
from tests.faults.simulation.schedules import NUMBERS, PREFIXES, Life
from tests.faults.simulation.shop import Place

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "150"))
"""How many worlds; a number that is given is tried anew each time, the default is the same worlds in each run."""

SWEPT = 600.0

odds = st.sampled_from((0.0, 0.0, 0.0, 0.02, 0.1))
faults = st.builds(Faults, **{f.name: odds for f in fields(Faults)})
shoptets = st.builds(
    Shoptets,
    result=st.sampled_from(("names", "bare", "none")),
    endpoint=st.sampled_from(("full", "bare")),
    foreign_jobs=st.booleans(),
    lag=st.sampled_from((0.0, 60.0)),
    renumbers=st.booleans(),
    only_insertions=st.booleans(),
    numbers_from=st.sampled_from((10, 1, 0)),
    numbers_step=st.sampled_from((10, 1)),
    hides_numbers=st.sampled_from((False, False, True)),
    ignores_moves=st.sampled_from((False, False, True)),
    trims=st.booleans(),
    renames_on_update=st.booleans(),
    cdn_name_changes=st.booleans(),
    attributes_touch_change_time=st.booleans(),
    gradual=st.booleans(),
    list_allowed=st.booleans(),
    clock_ahead=st.sampled_from((0.0, -120.0, 120.0)),
)
worlds = st.builds(
    Setting,
    seed=st.integers(0, 1_000_000),
    faults=faults,
    shoptet=shoptets,
    mirror_deletes=st.booleans(),
    remove_reference=st.booleans(),
    concurrency=st.sampled_from((2, 10)),
    callers=st.just(value=True),
    task_tries=st.sampled_from((8, 3, 1)),
    audit_every=st.sampled_from(AUDITS_EVERY),
    one_write_a_second=st.booleans(),
)
objects = st.builds(
    spelled, st.sampled_from(PREFIXES), st.sampled_from(("shop/", "", "shop360/")), st.sampled_from(FILES)
)
metadata = st.fixed_dictionaries(
    {}, optional={"priority": st.sampled_from(PRIORITIES), "description": st.sampled_from(DESCRIPTIONS)}
)
places = st.sampled_from(((GUID, "shop"), (GUID, "shop360")))
products = st.sampled_from((GUID, VARIANT))
which = st.integers(0, 20)


class Shop(RuleBasedStateMachine):
    """A shop, its bucket and its callers, from the first file until all is quiet."""

    @initialize(setting=worlds)
    def open(self, setting: Setting) -> None:
        self.life = Life(setting)
        self.people, self.callers = self.life.people, self.life.callers

    @rule(name=objects, metadata=metadata)
    def drop(self, name: str, metadata: Mapping[str, str]) -> None:
        self.people.drop(name, metadata=metadata)

    @rule(name=objects, how=st.sampled_from(("large", "poison", "empty")))
    def drop_badly(self, name: str, how: str) -> None:
        self.people.drop_badly(name, how)

    @precondition(lambda self: self.files())
    @rule(which=which)
    def replace(self, which: int) -> None:
        name = self.file(which)
        self.people.drop(name, metadata=self.life.universe.drops.blobs[name].metadata)

    @precondition(lambda self: self.files())
    @rule(which=which)
    def drop_again(self, which: int) -> None:
        blob = self.life.universe.drops.blobs[self.file(which)]
        self.people.drop(self.file(which), blob.checksum, blob.metadata)

    @precondition(lambda self: self.files())
    @rule(which=which, to=objects)
    def rename(self, which: int, to: str) -> None:
        if to != self.file(which):
            self.people.rename(self.file(which), to)

    @precondition(lambda self: self.files())
    @rule(which=which)
    def delete(self, which: int) -> None:
        self.people.delete(self.file(which))

    @precondition(lambda self: self.files())
    @rule(which=which, metadata=metadata)
    def annotate(self, which: int, metadata: Mapping[str, str]) -> None:
        self.people.annotate(self.file(which), metadata)

    @rule(place=places, number=st.sampled_from(NUMBERS))
    def add_by_hand(self, place: Place, number: int | None) -> None:
        self.people.add_foreign(place, number)

    @rule(place=places)
    def remove_by_hand(self, place: Place) -> None:
        self.people.remove_foreign(place)

    @rule(place=places)
    def delete_ours_by_hand(self, place: Place) -> None:
        self.people.delete_ours(place)

    @rule(place=places, number=st.sampled_from((None, 5, 250)), description=st.sampled_from((None, "by hand")))
    def change_ours_by_hand(self, place: Place, number: int | None, description: str | None) -> None:
        self.people.touch_ours(place, number, description)

    @rule(place=places)
    def reference(self, place: Place) -> None:
        self.people.reference(place)

    @rule(guid=st.sampled_from((None, OTHER)))
    def give_the_code_to_another_product(self, guid: str | None) -> None:
        if CODE in self.life.universe.shop.codes:
            self.life.code_moved = True
            self.people.move_code(guid)

    @rule(product=products, place=places, files=st.integers(1, 2))
    def ask_to_insert(self, product: str, place: Place, files: int) -> None:
        self.callers.insert(product, place, files)

    @rule(product=products, place=places)
    def ask_to_replace(self, product: str, place: Place) -> None:
        self.callers.replace(product, place)

    @rule(product=products, place=places)
    def ask_to_describe(self, product: str, place: Place) -> None:
        self.callers.describe(product, place)

    @rule(product=products, place=places, references=st.booleans())
    def ask_to_delete(self, product: str, place: Place, references: bool) -> None:
        self.callers.delete(product, place, remove_reference=references)

    @rule(product=products, place=places, references=st.booleans(), purge=st.booleans())
    def ask_to_clean(self, product: str, place: Place, references: bool, purge: bool) -> None:
        self.callers.clean(product, place, remove_reference=references, purge=purge)

    @rule()
    def ask_again(self) -> None:
        self.callers.again()

    @rule(place=places)
    def forge(self, place: Place) -> None:
        self.people.forge()
        self.people.foreign_job(place)

    @rule(seconds=st.sampled_from((0.01, 3.0, 30.0, 300.0, SWEPT, 7200.0)))
    def wait(self, seconds: float) -> None:
        self.life.universe.turn(seconds)

    def files(self) -> list[str]:
        return sorted(self.life.universe.drops.blobs)

    def file(self, which: int) -> str:
        files = self.files()
        return files[which % len(files)]

    def teardown(self) -> None:
        if not hasattr(self, "life"):
            return
        universe = self.life.universe
        try:
            problems = self.life.calm_down()
        finally:
            note(universe.story.read())
            universe.close()
        assert problems == []


TestShop: Any = pytest.mark.long(Shop.TestCase)
TestShop.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=15,
    deadline=None,
    derandomize="MACHINE_EXAMPLES" not in os.environ,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
