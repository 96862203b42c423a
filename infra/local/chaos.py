"""`make chaos`: functions are killed (SIGKILL) at random moments while the demo's pictures travel; the galleries must hold.

Each round starts a local cloud of its own, drops the sample, kills a random function's process every second or so and starts
it again, replaces two pictures in between, and compares the galleries with the files as the demo does.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from infra.local import sample
from infra.local.cloud import LocalCloud, Plan, local_cloud
from infra.local.processes import ROOT
from infra.local.sample import Picture
from infra.local.shops import shop_for
from infra.local.state import differences, rows, strays

VICTIMS = (
    "on_drop",
    "sync_gallery",
    "poll_jobs",
    "read_catalogue",
    "fetch_images",
    "prepare_picture",
    "place_names",
    "job_finished",
    "sweep",
)
SCALE = 0.05
"""Of the cloud's time: a flight whose sender was killed is judged after 15 s instead of 5 minutes."""
PATIENCE_SECONDS = 240.0
PAUSE = (0.3, 1.5)
"""Seconds between two kills."""


@dataclass(frozen=True)
class Round:
    """What came of a round: how often which function was killed, and what is wrong with the galleries (nothing, if all holds)."""

    kills: Counter[str]
    wrong: Sequence[str]
    seconds: float


def main() -> int:
    """Run the rounds; the exit status is 0 only if the galleries hold after each."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None, help="of the first round; each round's own is printed")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1_000_000)
    failed = 0
    for number in range(arguments.rounds):
        done = play(seed + number)
        kills = ", ".join(f"{name} {count}" for name, count in sorted(done.kills.items()))
        verdict = "holds" if not done.wrong else "WRONG"
        print(
            f"round {number + 1}, seed {seed + number}: {verdict} after {done.seconds:.0f} s; killed {kills}",
            flush=True,
        )
        for line in done.wrong:
            print(f"  {line}")
        failed += bool(done.wrong)
    print(f"{arguments.rounds - failed} of {arguments.rounds} rounds hold")
    return 1 if failed else 0


def play(seed: int, kills: int = 8) -> Round:
    """Play one round."""
    chance = random.Random(seed)
    pictures = tuple(sample.pictures())
    started = time.monotonic()
    plan = Plan(sandbox=shop_for(pictures), time_scale=SCALE)
    with local_cloud(plan, ROOT / "build" / "chaos") as cloud:
        new = {name: sample.replacement(name) for name in sample.REPLACED}
        later = chance.uniform(1, 6)
        dropper = threading.Thread(target=_travel, args=(cloud, pictures, tuple(new.values()), later), name="dropper")
        dropper.start()
        # Killed and started from this thread: a process ends with the thread that started it (prctl(2)).
        killed = _kill(cloud, chance, kills)
        dropper.join()
        pictures = tuple(new.get(picture.name, picture) for picture in pictures)
        wrong = _wait(cloud, pictures)
    return Round(killed, wrong, time.monotonic() - started)


def _kill(cloud: LocalCloud, chance: random.Random, kills: int) -> Counter[str]:
    killed: Counter[str] = Counter()
    for _ in range(kills):
        time.sleep(chance.uniform(*PAUSE))
        # Most of the work, and so most that can go wrong, is in sync_gallery.
        name = chance.choice((*VICTIMS, "sync_gallery", "sync_gallery"))
        cloud.processes.kill(name)
        killed[name] += 1
        time.sleep(chance.uniform(0, 0.5))
        cloud.processes.restart(name)
    return killed


def _travel(cloud: LocalCloud, first: Sequence[Picture], then: Sequence[Picture], later: float) -> None:
    _drop(cloud, first)
    time.sleep(later)
    _drop(cloud, then)


def _drop(cloud: LocalCloud, pictures: Sequence[Picture]) -> None:
    for picture in pictures:
        cloud.upload(picture.name, picture.body, picture.content_type)


def _wait(cloud: LocalCloud, pictures: Sequence[Picture]) -> list[str]:
    """Wait until every picture is live, and give what is wrong then, or what is still not live when patience ends."""
    until = time.monotonic() + PATIENCE_SECONDS
    left = list(pictures)
    while left and time.monotonic() < until:
        time.sleep(0.5)
        left = [picture for picture, row in zip(left, rows(cloud, left), strict=True) if row.state != "live"]
    late = [f"{row.file}: {row.state} {row.reason}" for row in rows(cloud, left)]
    return [*late, *differences(cloud, pictures), *strays(cloud, pictures)]


if __name__ == "__main__":
    sys.exit(main())
