"""What a seed decides: which faults a world knows and how often, and which of Shoptet's unknowns hold in it.

Each world has only some of the faults, at some intensity: a world where everything fails at once never gets anywhere, and
hides what two faults alone would show.
"""

from dataclasses import dataclass, field, fields, replace
from random import Random
from typing import Final, Literal

INTENSITIES: Final = (0.02, 0.08, 0.25)
MONTH: Final = 28 * 86_400.0
OFTEN: Final = 86_400.0
AUDITS_EVERY: Final = (MONTH, MONTH, OFTEN, 7_200.0)
"""Seconds between two checks of a gallery: as it is deployed, and so often that people, faults and callers meet them."""


@dataclass(frozen=True)
class Faults:
    """How likely each fault is, every time that it could happen."""

    killed: float = 0.0
    """An instance dies before or after one effect."""
    slow: float = 0.0
    """A call takes seconds up to half a minute."""
    frozen: float = 0.0
    """An instance gets no processor for up to half an hour, and then goes on as if nothing had happened: also beyond its
    time-out, which no platform can enforce on a frozen machine. Only between the check of `send_until` and the sending
    it does not happen (README.md, "What is not simulated")."""
    storage_refuses: float = 0.0
    storage_forgets_to_say: float = 0.0
    """A write was done, and its answer lost for good."""
    enqueue_fails: float = 0.0
    enqueue_unsaid: float = 0.0
    task_lost: float = 0.0
    task_twice: float = 0.0
    task_late: float = 0.0
    event_lost: float = 0.0
    event_twice: float = 0.0
    event_late: float = 0.0
    webhook_lost: float = 0.0
    webhook_twice: float = 0.0
    webhook_late: float = 0.0
    webhook_forged: float = 0.0
    get_fails: float = 0.0
    get_not_allowed: float = 0.0
    write_refused_for_now: float = 0.0
    """429, 423, or no connection at all: nothing was done."""
    write_not_allowed: float = 0.0
    lost_before: float = 0.0
    """The answer is lost, and nothing was done."""
    lost_after: float = 0.0
    """The answer is lost, and the work is done: then or up to a minute later."""
    job_drops_image: float = 0.0
    job_says_error: float = 0.0
    job_ends_badly: float = 0.0
    job_never_ends: float = 0.0
    job_slow: float = 0.0

    @staticmethod
    def drawn(rng: Random) -> "Faults":
        """Draw a world's faults: some at all, each at one of three intensities."""
        share = rng.choice((0.0, 0.15, 0.4))
        values = {
            f.name: rng.choice(INTENSITIES) * _WEIGHT.get(f.name, 1.0) for f in fields(Faults) if rng.random() < share
        }
        return Faults(**values)


_WEIGHT: Final = {
    "killed": 0.25,
    "storage_refuses": 0.3,
    "storage_forgets_to_say": 0.3,
    "get_not_allowed": 0.3,
    "slow": 0.4,
}
"""Some faults can happen at every step: as often as the others, nothing would ever be finished."""


@dataclass(frozen=True)
class Shoptets:
    """What nobody has documented of Shoptet (docs/shoptet.md, "Unknowns"), as it is in this world."""

    result: Literal["names", "bare", "none"] = "names"
    endpoint: Literal["full", "bare"] = "full"
    foreign_jobs: bool = False
    lag: float = 0.0
    """Seconds that a gallery's listing may be behind, each listing by as much as it likes."""
    renumbers: bool = False
    """A gallery is numbered anew after each change, or `only_insertions`: from `numbers_from`, `numbers_step` apart."""
    only_insertions: bool = False
    numbers_from: int = 10
    numbers_step: int = 10
    hides_numbers: bool = False
    """Numbers order the images, and are shown to nobody."""
    ignores_moves: bool = False
    """A change of attributes does not change numbers."""

    trims: bool = False
    renames_on_update: bool = False
    cdn_name_changes: bool = True
    attributes_touch_change_time: bool = True
    gradual: bool = False
    """A job's images appear one by one, instead of all at its end."""
    list_allowed: bool = True
    job_seconds: float | None = None
    """How long every job takes; None: as it comes."""
    errors_apart: bool = False
    """A result tells what failed apart from the rows of the images, by the URL."""
    shows_another: float = 0.0
    """How likely the first content that a job brings of a file is shown as another picture: a stale one, or a wrong one."""
    clock_ahead: float = 0.0
    """Seconds that Shoptet's clock is ahead of the true time."""

    @property
    def keeps_numbers(self) -> bool:
        """Whether an image has the number that was sent for it last."""
        return not (self.renumbers or self.ignores_moves)

    @staticmethod
    def drawn(rng: Random) -> "Shoptets":
        """Draw how Shoptet is in this world: mostly as one would hope."""

        def odd(odds: float) -> bool:
            return rng.random() < odds

        return Shoptets(
            result=rng.choice(("names", "bare", "none")),
            endpoint=rng.choice(("full", "bare")),
            foreign_jobs=odd(0.3),
            lag=rng.choice((0.0, 0.0, 0.0, 60.0)),
            renumbers=odd(0.15),
            trims=odd(0.3),
            renames_on_update=odd(0.2),
            cdn_name_changes=odd(0.7),
            attributes_touch_change_time=odd(0.7),
            gradual=odd(0.4),
            list_allowed=odd(0.95),
            clock_ahead=rng.choice((0.0, 0.0, -120.0, 120.0)),
        )


@dataclass(frozen=True)
class Setting:
    """One world: its faults, Shoptet's unknowns, the owner's choices."""

    seed: int
    faults: Faults = field(default_factory=Faults)
    shoptet: Shoptets = field(default_factory=Shoptets)
    mirror_deletes: bool = False
    remove_reference: bool = False
    concurrency: int = 2
    """How many sync tasks at a time; the look at the jobs has one, or as many."""
    callers: bool = False
    """Whether other systems work on the galleries over HTTP, too."""
    full_look: bool = False
    """Whether lost events are left to the daily audit of the bucket; else each is made up for by another event."""
    most_an_hour: int = 200
    """How many images may go with their files in an hour, in the whole shop."""
    releases: bool = True
    """Whether a person releases what is held."""
    task_tries: int = 8
    """How often a task is tried whose run fails or dies; with 1, only what looks again by itself finds what was left."""
    audit_every: float = MONTH
    """How often each gallery is compared with Shoptet itself, in seconds."""
    catalogue: bool = False
    """Whether the shop's catalogue is read, so that what a code means may come from there."""
    verify: bool = False
    """Whether pictures are looked at in the shop, after they landed and where nothing else tells which is which."""
    prepare: bool = False
    """Whether files are prepared before they are sent."""
    one_write_a_second: bool = False
    """Whether the storage refuses (429) what is written to one object within a second of the last time."""

    @staticmethod
    def drawn(seed: int) -> "Setting":
        """Draw a world from its seed."""
        rng = Random(f"setting {seed}")
        setting = Setting(
            seed,
            Faults.drawn(rng),
            Shoptets.drawn(rng),
            mirror_deletes=rng.random() < 0.3,
            remove_reference=rng.random() < 0.5,
            concurrency=rng.choice((2, 2, 10)),
            callers=rng.random() < 0.6,
            full_look=rng.random() < 0.1,
            task_tries=rng.choice((1, 3, 8)),
            audit_every=rng.choice(AUDITS_EVERY),
            one_write_a_second=rng.random() < 0.4,
            most_an_hour=rng.choice((1, 200)),
            releases=rng.random() < 0.5,
            catalogue=rng.random() < 0.4,
        )
        # What came later is drawn last, so that a seed stays the world that it was.
        how = replace(
            setting.shoptet,
            errors_apart=rng.random() < 0.3,
            only_insertions=rng.random() < 0.5,
            numbers_from=rng.choice((10, 1, 0, 5)),
            numbers_step=rng.choice((10, 1, 5)),
            hides_numbers=rng.random() < 0.05,
            ignores_moves=rng.random() < 0.1,
        )
        verify = rng.random() < 0.4
        another = rng.choice((0.0, 0.0, 0.1)) if verify else 0.0
        shoptet = replace(how, shows_another=another)
        return replace(setting, shoptet=shoptet, verify=verify, prepare=rng.random() < 0.4)
