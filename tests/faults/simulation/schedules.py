"""A seed's whole life: what people do when, until the world is quiet; then the checks."""

from dataclasses import dataclass
from random import Random
from typing import Final

from tests.faults.simulation.chance import Setting
from tests.faults.simulation.checks import Checks
from tests.faults.simulation.people import CODE, DESCRIPTIONS, FILES, GUID, OTHER, PRIORITIES, VARIANT, People
from tests.faults.simulation.shop import Place
from tests.faults.simulation.story import Violation
from tests.faults.simulation.universe import STARTED, SWEEP_EVERY, Universe

QUIET_HOURS: Final = 48
PREFIXES: Final = (GUID, CODE, VARIANT.replace("/", "%2F"))
WEIGHTS: Final = {
    "drop": 30,
    "several": 8,
    "replace": 12,
    "again": 4,
    "delete": 8,
    "annotate": 10,
    "bad": 4,
    "refused": 2,
    "foreign": 5,
    "foreign job": 3,
    "unforeign": 2,
    "delete ours": 5,
    "touch ours": 4,
    "reference": 2,
    "move code": 1,
    "clean": 4,
    "forge": 1,
}


@dataclass(frozen=True)
class Failed:
    """A seed under which something does not hold, and its story."""

    seed: int
    problems: tuple[str, ...]
    story: str

    def __str__(self) -> str:
        listed = "\n".join(f"  - {problem}" for problem in self.problems)
        replay = f"replay: PYTHONPATH=functions python -m tests.faults.replay {self.seed}"
        return f"{self.story.replace(GUID, 'G')}\n\nseed {self.seed}:\n{listed}\n{replay}"


class Life:
    """A world with the people in it."""

    def __init__(self, setting: Setting, *, kill_at: int | None = None) -> None:
        self.universe = Universe(setting, kill_at=kill_at)
        self.rng = Random(f"people {setting.seed}")
        self.people = People(self.universe, self.rng)
        self.code_moved = False

    def draw(self) -> None:
        """Let somebody do something."""
        kind = self.rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        people, rng = self.people, self.rng
        there = sorted(self.universe.drops.blobs)
        match kind:
            case "several":
                prefix = rng.choice(PREFIXES)
                for file in rng.sample(FILES, rng.randint(2, 4)):
                    people.drop(f"{prefix}/shop/{file}")
            case "replace" if there:
                name = rng.choice(there)
                people.drop(name, metadata=self.universe.drops.blobs[name].metadata)
            case "again" if there:
                name = rng.choice(there)
                blob = self.universe.drops.blobs[name]
                people.drop(name, blob.checksum, blob.metadata)
            case "delete" if there:
                people.delete(rng.choice(there))
            case "annotate" if there:
                name = rng.choice(there)
                before = self.universe.drops.blobs[name].metadata
                people.annotate(name, self._metadata())
                if rng.random() < 0.3:
                    self.universe.turn(rng.choice((0.01, 10.0, 100.0)))
                    if name in self.universe.drops.blobs:
                        people.annotate(name, before)
            case "bad":
                people.drop_badly(self._name(), rng.choice(("large", "poison", "empty")))
            case "refused":
                people.drop(rng.choice((f"{GUID}/notes.txt", f"{GUID}/deep/er/a.jpg", "a.jpg", "UNKNOWN/a.jpg")))
            case _ if kind in ("drop", "replace", "again", "delete", "annotate"):
                people.drop(self._name(), metadata=self._metadata() if rng.random() < 0.3 else {})
            case _:
                self._by_hand(kind)

    def _by_hand(self, kind: str) -> None:
        people, rng, place = self.people, self.rng, self._place()
        match kind:
            case "foreign":
                people.add_foreign(place, rng.choice((None, 1, 33, 151)))
            case "foreign job":
                people.foreign_job(place)
            case "unforeign":
                people.remove_foreign(place)
            case "delete ours":
                people.delete_ours(place)
            case "touch ours":
                people.touch_ours(place, rng.choice((None, 5, 250, 5000)), rng.choice((None, "by hand")))
            case "reference":
                people.reference(place)
            case "clean":
                people.clean(place, remove_reference=rng.random() < 0.5, purge=rng.random() < 0.3)
            case "move code":
                self.code_moved = True
                people.move_code(rng.choice((None, OTHER)))
            case _:
                people.forge()

    def live(self) -> Failed | None:
        """Live through the seed's schedule; give what does not hold at its end, or at any moment before."""
        try:
            for _ in range(self.rng.randint(0, 2)):
                self.people.add_foreign(self._place(), self.rng.choice((None, 33, 1)))
            for _ in range(self.rng.randint(3, 8)):
                self.draw()
                self.universe.turn(self.rng.choice((0.01, 3.0, 30.0, 300.0, 2000.0)) * self.rng.random())
            self.universe.turn(self.rng.choice((0.0, 600.0, 7200.0)))
            problems = self.calm_down()
        except AssertionError as broken:
            problems = [f"{type(broken).__name__}: {broken}"]
        except Exception as broken:  # noqa: BLE001  # the package's own bug, whatever it is: tell it with its story
            problems = [f"the code fails with {type(broken).__name__}: {broken}"]
        finally:
            self.universe.close()
        return Failed(self.universe.setting.seed, tuple(problems), self.universe.story.read()) if problems else None

    def calm_down(self) -> list[str]:
        """No more faults; what was lost is made up for; time passes until nothing changes. Give what does not hold then."""
        universe = self.universe
        universe.effects.calm = True
        universe.story.tell(universe.now, "world", "calm from here on")
        universe.deliver_unseen()
        # Looked at half-way between two sweeps.
        universe.turn(SWEEP_EVERY * 1.5 - (universe.now - STARTED) % SWEEP_EVERY)
        still, state = 0, -1
        for _ in range(int(QUIET_HOURS * 3600 / SWEEP_EVERY)):
            universe.turn(SWEEP_EVERY)
            still = still + 1 if universe.at_rest and state == universe.state.last else 0
            state = universe.state.last
            if still >= 3:
                return Checks(universe, self.people, code_moved=self.code_moved).problems()
        raise Violation(f"the world does not come to rest within {QUIET_HOURS} hours")

    def _name(self) -> str:
        prefix, file = self.rng.choice(PREFIXES), self.rng.choice(FILES)
        return (
            f"{prefix}/{self.rng.choice(('shop/', '', 'shop360/'))}{file}"
            if self.rng.random() < 0.4
            else f"{prefix}/{file}"
        )

    def _metadata(self) -> dict[str, str]:
        metadata = {}
        if self.rng.random() < 0.6:
            metadata["priority"] = self.rng.choice((*PRIORITIES, "first"))
        if self.rng.random() < 0.6:
            metadata["description"] = self.rng.choice(DESCRIPTIONS)
        return metadata

    def _place(self) -> Place:
        return GUID, "shop360" if self.rng.random() < 0.1 else "shop"


def live(seed: int) -> Failed | None:
    """Live through one seed."""
    return Life(Setting.drawn(seed)).live()
