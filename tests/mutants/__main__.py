"""Change `core` in one place at a time, and count how often `tests/unit/core` notices.

What no test can or should notice is listed in `unnoticed.txt`, with the reason; that a test does notice something of that list
is an error. `make mutants` runs it.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.mutants import mutant, trial
from tests.mutants.mutant import Mutant

LEAST: Final = 92.0
"""Percent of the mutants that have to be noticed."""

Change = tuple[str, str, str]
"""A module, and its changed line before and after."""


def main() -> int:
    """Measure, and print what was found; 1 if too few mutants were noticed, or the list of the unnoticed is wrong."""
    asked = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    asked.add_argument("--sample", type=int, default=0, help="how many mutants, drawn evenly over all modules (0: all)")
    asked.add_argument("--seed", type=int, default=0, help="which ones are drawn, and in which order they are tried")
    asked.add_argument("--jobs", type=int, default=2)
    options = asked.parse_args()
    chosen = draw(options.sample, random.Random(options.seed))
    trial.warm()
    if not trial.passes_unchanged():
        _say("the tests fail without any change")
        return 1
    _say(f"{len(chosen)} mutants, {options.jobs} at a time; those that nobody notices:")
    known, survived = unnoticed(), set[Mutant]()
    for count, (one, alive) in enumerate(trial.survivors(chosen, options.jobs), 1):
        if alive:
            survived.add(one)
            _say(_shown(one) + ("" if _change(one) not in known else f"\n  ({known[_change(one)]})"))
        if count % 100 == 0:
            _say(f"{count} of {len(chosen)}, {count - len(survived)} noticed")
    return 0 if report(chosen, survived, known) else 1


def draw(sample: int, drawn: random.Random) -> list[Mutant]:
    """Give the mutants to try, all or so many of them: each module has its share."""
    of = {file.stem: list(dict.fromkeys(mutant.of(file.stem))) for file in sorted(mutant.CORE.glob("*.py"))}
    total = sum(map(len, of.values()))
    part = min(1.0, sample / total) if sample else 1.0
    chosen = [one for mutants in of.values() for one in drawn.sample(mutants, round(len(mutants) * part))]
    drawn.shuffle(chosen)
    return chosen


def report(chosen: Sequence[Mutant], survived: set[Mutant], known: Mapping[Change, str]) -> bool:
    """Print the score by module; whether it is high enough, and the list right."""
    of, alive = Counter(one.module for one in chosen), Counter(one.module for one in survived)
    _say(f"\n{'module':<20}{'mutants':>8}{'killed':>8}{'score':>8}")
    for module in [*sorted(of), "all"]:
        all_of, lived = (of.total(), alive.total()) if module == "all" else (of[module], alive[module])
        _say(f"{module:<20}{all_of:>8}{all_of - lived:>8}{100 * (all_of - lived) / all_of:>7.1f}%")
    listed = {one for one in chosen if _change(one) in known}
    _say(f"{len(survived & listed)} of the {len(survived)} that survived are listed in unnoticed.txt")
    for one in listed - survived:
        _say(f"listed there, but noticed: {_shown(one)}")
    return 100 * (of.total() - alive.total()) >= LEAST * of.total() and listed <= survived


def unnoticed() -> dict[Change, str]:
    """Read the list of changes that no test can or should notice, and why: paragraphs of a module and a reason, and changes."""
    known = {}
    text = Path(__file__).with_name("unnoticed.txt").read_text("utf-8")
    for paragraph in text.strip().split("\n\n")[1:]:
        head, *lines = paragraph.splitlines()
        module, _, why = head.partition(": ")
        before = ""
        for line in lines:
            if line.startswith("- "):
                before = line[2:]
            else:
                known[module, before, line[2:]] = why
    return known


def _change(one: Mutant) -> Change:
    return one.module, one.before, one.after


def _shown(one: Mutant) -> str:
    return f"{one.module}.py:{one.line}\n  - {one.before}\n  + {one.after}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
