"""A seed's whole life: what people do when, until the world is quiet; then the checks."""

from dataclasses import dataclass
from random import Random
from typing import Final

from gallery_sync.core.ledger import reconcile_at
from gallery_sync.core.schedule import DAY, HOUR
from gallery_sync.core.shop_values import GALLERIES
from gallery_sync.state import open_galleries
from tests.faults.simulation.callers import Callers
from tests.faults.simulation.chance import OFTEN, Setting
from tests.faults.simulation.checks import Checks
from tests.faults.simulation.checks_callers import CallersChecks
from tests.faults.simulation.meaning import beliefs, news_at
from tests.faults.simulation.people import (
    CODE,
    DESCRIPTIONS,
    FILES,
    GUID,
    OTHER,
    PRIORITIES,
    VARIANT,
    People,
    plain,
    respelled,
    spelled,
)
from tests.faults.simulation.quiet import quiet_problems
from tests.faults.simulation.shop import Place
from tests.faults.simulation.story import Violation
from tests.faults.simulation.universe import STARTED, SWEEP_EVERY, Universe

QUIET_HOURS: Final = 48
PREFIXES: Final = (GUID, CODE, VARIANT.replace("/", "%2F"))
CHANGES: Final = {"replace": 12, "again": 4, "delete": 8, "rename": 3, "annotate": 10}
"""What people do with a file that is there."""
BY_HAND: Final = {
    "foreign": 5,
    "foreign job": 3,
    "unforeign": 2,
    "delete ours": 5,
    "touch ours": 4,
    "reference": 2,
    "move code": 2,
    "forge": 1,
}
"""What happens in the shop itself."""
WEIGHTS: Final = {"drop": 30, "several": 8, "bad": 4, "refused": 2, **CHANGES, **BY_HAND}
MIRRORED: Final = {"fill": 5, "empty": 15}
"""What people do besides where images go with their files: a folder is dropped as a whole, and deleted as a whole."""
NUMBERS: Final = (None, 1, 37, 151)
"""Numbers of images that somebody adds: none that we choose, as by its number alone an image cannot be told from ours."""
CALLERS: Final = {
    "ask to insert": 8,
    "ask to replace": 5,
    "ask to describe": 5,
    "ask to delete": 4,
    "ask to clean": 4,
    "ask again": 2,
    "ask for a look": 1,
}
"""What other systems do, in the worlds that have any."""


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
        self.callers = Callers(self.universe, self.rng)
        self.code_moved = False
        self.moments = 0
        """At how many an instance could have been killed before all was quiet."""

    def draw(self) -> None:
        """Let somebody do something."""
        setting = self.universe.setting
        weights = {
            **WEIGHTS,
            **(CALLERS if setting.callers else {}),
            **(MIRRORED if setting.mirror_deletes else {}),
        }
        kind = self.rng.choices(list(weights), list(weights.values()))[0]
        there = sorted(self.universe.drops.blobs)
        if kind in CALLERS:
            self._call(kind)
        elif kind in BY_HAND:
            self._by_hand(kind)
        elif kind in CHANGES and there:
            self._change(kind, self.rng.choice(there))
        else:
            self._drop(kind)

    def _drop(self, kind: str) -> None:
        people, rng = self.people, self.rng
        match kind:
            case "several":
                prefix = rng.choice(PREFIXES)
                for file in rng.sample(FILES, rng.randint(2, 4)):
                    people.drop(spelled(prefix, "shop/", file))
            case "fill":
                for file in FILES:
                    for prefix in PREFIXES:
                        people.drop(spelled(prefix, "shop/", file))
            case "empty":
                prefix = rng.choice(PREFIXES)
                for name in sorted(self.universe.drops.blobs):
                    # Meanwhile, a purge that a caller asked for may have moved it away.
                    if name.startswith(f"{prefix}/") and name in self.universe.drops.blobs:
                        people.delete(name)
                        self.universe.turn(rng.choice((0.01, 10.0)))
            case "bad":
                people.drop_badly(self._name(), rng.choice(("large", "poison", "empty")))
            case "refused":
                people.drop(rng.choice((f"{GUID}/notes.txt", f"{GUID}/deep/er/a.jpg", "a.jpg", "UNKNOWN/a.jpg")))
            case _:
                people.drop(self._name(), metadata=self._metadata() if rng.random() < 0.3 else {})

    def _change(self, kind: str, name: str) -> None:
        people, rng, blob = self.people, self.rng, self.universe.drops.blobs[name]
        match kind:
            case "replace":
                people.drop(name, metadata=blob.metadata)
            case "again":
                people.drop(name, blob.checksum, blob.metadata)
            case "delete":
                people.delete(name)
            case "rename":
                people.rename(name, respelled(name, rng.choice([other for other in FILES if other != plain(name)[0]])))
            case "annotate":
                people.annotate(name, self._metadata())
                if rng.random() < 0.3:
                    self.universe.turn(rng.choice((0.01, 10.0, 100.0)))
                    if name in self.universe.drops.blobs:
                        people.annotate(name, blob.metadata)

    def _by_hand(self, kind: str) -> None:
        people, rng, place = self.people, self.rng, self._place()
        match kind:
            case "foreign":
                people.add_foreign(place, rng.choice(NUMBERS))
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
            case "move code":
                self.code_moved = True
                people.move_code(rng.choice((None, OTHER)))
            case _:
                people.forge()

    def _call(self, kind: str) -> None:
        callers, rng, place = self.callers, self.rng, self._place()
        product = rng.choice((place[0], VARIANT))
        match kind:
            case "ask to insert":
                callers.insert(product, place, rng.randint(1, 2))
            case "ask to replace":
                callers.replace(product, place)
            case "ask to describe":
                callers.describe(product, place)
            case "ask to delete":
                callers.delete(product, place, remove_reference=rng.random() < 0.5)
            case "ask to clean":
                callers.clean(product, place, remove_reference=rng.random() < 0.5, purge=rng.random() < 0.3)
            case "ask again":
                callers.again()
            case _:
                callers.look(product, place)

    def live(self, *, quiet: bool = True) -> Failed | None:
        """Live through the seed's schedule; give what does not hold at its end, or at any moment before."""
        try:
            for _ in range(self.rng.randint(0, 2)):
                self.people.add_foreign(self._place(), self.rng.choice(NUMBERS))
            if self.universe.setting.mirror_deletes and self.rng.random() < 0.5:
                self._drop("fill")
                self.universe.turn(self.rng.choice((3.0, 600.0)))
            for _ in range(self.rng.randint(3, 8)):
                self.draw()
                self.universe.turn(self.rng.choice((0.01, 3.0, 30.0, 300.0, 2000.0)) * self.rng.random())
            self.universe.turn(self.rng.choice((0.0, 600.0, 7200.0)))
            problems = self.calm_down(quiet=quiet)
        except (AssertionError, Violation) as broken:
            problems = [f"{type(broken).__name__}: {broken}"]
        except Exception as broken:  # noqa: BLE001  # the package's own bug, whatever it is: tell it with its story
            problems = [f"the code fails with {type(broken).__name__}: {broken}"]
        finally:
            self.universe.close()
        return Failed(self.universe.setting.seed, tuple(problems), self.universe.story.read()) if problems else None

    def calm_down(self, *, quiet: bool = True) -> list[str]:
        """No more faults; what was lost is made up for; time passes until nothing changes. Give what does not hold then.

        Where galleries are checked often, that is so once every check has seen what people did. And then it stays so: two
        more days are quiet; they can be left out.
        """
        universe = self.universe
        universe.effects.calm = True
        universe.story.tell(universe.now, "world", "calm from here on")
        universe.deliver_unseen()
        # Looked at half-way between two sweeps.
        universe.turn(SWEEP_EVERY * 1.5 - (universe.now - STARTED) % SWEEP_EVERY)
        self._come_to_rest()
        if universe.setting.audit_every <= OFTEN:
            # A gallery that is new has its checks from the next day on, whose first sweep lists all.
            universe.turn((universe.now // DAY + 1) * DAY + 2 * SWEEP_EVERY - universe.now)
            universe.turn(universe.setting.audit_every + SWEEP_EVERY)
            self._come_to_rest()
        if self._is_request_unmarked() or self._is_gallery_marked_wrong():
            # Only the daily audit finds it.
            universe.turn((universe.now // DAY + 1) * DAY + 2 * SWEEP_EVERY - universe.now)
            self._come_to_rest()
        self.moments = universe.effects.points
        unquiet = self._quiet_days() if quiet else []
        callers = CallersChecks(universe, self.people, self.callers)
        checks = Checks(universe, self.people, self.callers)
        return [*checks.problems(), *callers.problems(), *unquiet]

    def _is_request_unmarked(self) -> bool:
        """Whether a request stands in no ledger, and has no marker: its sender was frozen between the two for long."""
        requests = [path.removesuffix(".json") for path in self.universe.state.blobs if path.startswith("operations/")]
        known = {path.rpartition("/")[0] for path in requests}
        return any(path.count("/") == 1 and path not in known for path in requests)

    def _is_gallery_marked_wrong(self) -> bool:
        """Whether a gallery's marker says something else than its ledger: a run was frozen between the two for long."""
        blobs, marked = self.universe.state.blobs, open_galleries.path
        said = {
            place: open_galleries.listed_said(blobs[marked(*place)].metadata) if marked(*place) in blobs else None
            for place in self.universe.record.current
        }
        return any(
            said[place] != open_galleries.of_ledger(held) for place, held in self.universe.record.current.items()
        )

    def _quiet_days(self) -> list[str]:
        """Where a code was asked anew and means something else, the next full look finds the files' new gallery: once for
        each gallery that it fed, at most; and once more by an audit of each. The days after that are quiet. What people did in
        the shop the day's snapshot shows, where galleries are compared with that: in the first days.
        """
        universe = self.universe
        for days in range(2 * len(GALLERIES) + 1):
            yesterday, before = universe.now - DAY, beliefs(universe)
            unquiet = quiet_problems(universe)
            is_seen = days > 0 or not universe.setting.catalogue or not unquiet
            if is_seen and news_at(universe) <= yesterday and beliefs(universe) == before:
                return unquiet
            universe.turn(DAY)
            self._come_to_rest()
        return quiet_problems(universe)

    def _come_to_rest(self) -> None:
        universe = self.universe
        still, state = 0, -1
        for _ in range(int(QUIET_HOURS * 3600 / SWEEP_EVERY)):
            universe.turn(SWEEP_EVERY)
            # A gallery may wait for the next hour, in which more images may go.
            due = any(0 < reconcile_at(held) < universe.now + HOUR for held in universe.record.current.values())
            still = still + 1 if universe.at_rest and not due and state == universe.written else 0
            state = universe.written
            if still >= 3 and universe.setting.releases and self.people.release():
                still = 0
            elif still >= 3:
                return
        raise Violation(f"the world does not come to rest within {QUIET_HOURS} hours")

    def _name(self) -> str:
        prefix, file = self.rng.choice(PREFIXES), self.rng.choice(FILES)
        return spelled(prefix, self.rng.choice(("shop/", "", "shop360/")) if self.rng.random() < 0.4 else "", file)

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
