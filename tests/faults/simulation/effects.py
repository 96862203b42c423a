"""What stands around every effect: time passes before and after it, and the instance may be killed at both points."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import NoReturn, TypeVar

from tests.faults.simulation.chance import Faults
from tests.faults.simulation.scheduler import Killed, Scheduler
from tests.faults.simulation.story import Story, Violation

T = TypeVar("T")

QUICKEST, SPREAD = 0.002, 0.08
"""Seconds that half a call takes at least, and up to how many more."""


@dataclass
class Effects:
    """One world's chances. `calm`: no more faults from here on. `kill_at`: the one step at which to kill, counted from 0."""

    scheduler: Scheduler
    rng: Random
    faults: Faults
    story: Story
    calm: bool = False
    kill_at: int | None = None
    points: int = field(default=0)

    @property
    def now(self) -> float:
        """The true time."""
        return self.scheduler.now

    def happens(self, odds: float) -> bool:
        """Whether a fault of these odds happens now."""
        return not self.calm and odds > 0 and self.rng.random() < odds

    def tell(self, text: str, *about: object) -> None:
        """Tell what the current run does, or what just happens."""
        run = self.scheduler.current
        self.story.tell(self.scheduler.now, run.name if run else "·", text, *about)

    def broken(self, text: str) -> Violation:
        """End the world: give the violation to raise."""
        violation = Violation(text)
        self.tell("VIOLATION: %s", text)
        self.scheduler.break_off(violation)
        return violation

    def point(self) -> None:
        """A moment between two effects: time passes, others run, and the instance may be gone."""
        if self.calm:
            self._calm_point()
            return
        self.scheduler.pause(self.latency())
        if self.happens(self.faults.frozen):
            seconds = self.rng.choice((100.0, 400.0, 1800.0)) * self.rng.random()
            self.tell("freezes for %.0f s", seconds)
            self.scheduler.pause(seconds)
        self.points += 1
        if self.points - 1 == self.kill_at or self.happens(self.faults.killed):
            self._kill()

    def _calm_point(self) -> None:
        """The same without faults, in few steps: the quiet days have thousands of them."""
        self.scheduler.pause(QUICKEST + self.rng.random() * SPREAD)
        self.points += 1
        if self.points - 1 == self.kill_at:
            self._kill()

    def _kill(self) -> NoReturn:
        self.tell("KILLED")
        run = self.scheduler.current
        if run is not None:
            run.killed = True
        raise Killed

    def around(self, effect: Callable[[], T]) -> T:
        """Carry out an effect between two such moments."""
        self.point()
        done = effect()
        self.point()
        return done

    def latency(self) -> float:
        """Seconds that half a call takes; never more than half a read timeout."""
        draw = self.rng.random()
        if self.happens(self.faults.slow):
            return 1.0 + draw * 14.0
        return QUICKEST + draw * SPREAD


@dataclass(frozen=True)
class SkewedClock:
    """An instance's clock: `ahead` seconds of the true time."""

    scheduler: Scheduler
    ahead: float

    def now(self) -> float:
        """Seconds since the epoch, as this instance believes."""
        return self.scheduler.now + self.ahead

    def sleep(self, seconds: float) -> None:
        """Let time pass for the current run."""
        self.scheduler.pause(max(0.0, seconds))
