"""Replay seeds and read their stories: `python -m tests.faults.replay SEED`, or look for a bad one: `--seeds 1000 --from 0`."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.faults.simulation.chance import Setting
from tests.faults.simulation.schedules import Life, live


def main() -> int:
    """Run the command line; 1 if any seed shows a problem."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.replay", description=__doc__)
    parser.add_argument("seed", nargs="?", type=int, help="tell this seed's story")
    parser.add_argument(
        "--seeds", type=int, default=0, help="live through so many seeds instead, and tell the bad ones"
    )
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--stop", action="store_true", help="stop at the first bad one")
    parser.add_argument("--jobs", type=int, default=1, help="processes to share the seeds")
    options = parser.parse_args()
    if options.seed is not None:
        return _tell(options.seed)
    if options.jobs == 1:
        return int(_search(options.first, options.seeds, options.stop) > 0)
    share = -(-options.seeds // options.jobs)
    firsts = range(options.first, options.first + options.seeds, share)
    # Not forked: threads, grpc's among them, do not survive that.
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        return int(sum(pool.map(_search, firsts, [share] * len(firsts), [options.stop] * len(firsts))) > 0)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _tell(seed: int) -> int:
    life = Life(Setting.drawn(seed))
    failed = life.live()
    _say(str(life.universe.setting))
    _say(str(failed or f"{life.universe.story.read()}\n\nseed {seed}: all is well"))
    return int(failed is not None)


def _search(first: int, count: int, stop: bool = False) -> int:
    bad = 0
    began = time.monotonic()
    for seed in range(first, first + count):
        failed = live(seed)
        if failed is not None:
            bad += 1
            how = Setting.drawn(seed).shoptet
            marks = "".join(mark for mark, on in ((" renumbers", how.renumbers), (" lags", how.lag > 0)) if on)
            _say(f"seed {seed}{marks}: {'; '.join(failed.problems)[:300]}")
            if stop:
                break
    _say(f"seeds {first} to {seed}: {bad} of them bad, {time.monotonic() - began:.1f} s")
    return bad


if __name__ == "__main__":
    sys.exit(main())
