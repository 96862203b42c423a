"""Proof that the simulation can fail: each promise of the code broken on purpose must turn it red.

    make mutations                     all of them, 3,000 seeds each at most; names those that nothing saw
    make mutations SEEDS=20000         the same, with more patience
    PYTHONPATH=functions python -m tests.faults.mutations "a lost answer"     those whose description holds that

Each line of MUTATIONS is made in a copy of functions/, and seeds are tried until one shows it. `test_mutations` looks for all
their texts, so that whoever changes such a line finds its new form here, and plants five of them, in each run of the tests.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SEEDS: Final = 3_000


@dataclass(frozen=True)
class Mutation:
    """What is broken (`old` becomes `new` in `file`), and the invariant that it breaks."""

    invariant: str
    what: str
    file: str
    old: str
    new: str


MUTATIONS: Final = (
    Mutation(
        "I2",
        "the ledger is written over whatever stands there",
        "state/ledgers.py",
        "generation=held.generation, metadata",
        "generation=self.read(changed.guid, changed.gallery).generation, metadata",
    ),
    Mutation(
        "I2",
        "a lost answer is sent again without asking for jobs that may be ours",
        "work/finish.py",
        "waits = bool(lost_answer.suspects(jobs, flight, guid, gallery, owned)) and now <= last",
        "waits = bool(owned) and False",
    ),
    Mutation(
        "I2",
        "a flight is judged at once",
        "work/finish.py",
        "    if now < flight.grace_until:\n        world.queue.gallery(guid",
        "    if now < 0:\n        world.queue.gallery(guid",
    ),
    Mutation(
        "I2",
        "what is missing once is sent again",
        "core/settle.py",
        "silent = [key for key in outcome.missing if key not in flight.errors]",
        "silent = list[str]()",
    ),
    Mutation(
        "I2",
        "a call is sent however late it is",
        "work/flights.py",
        "send_until=min(now, now if known is None else known + world.timing.send_within) + world.timing.send_within",
        "send_until=now + 1e6",
    ),
    Mutation(
        "I2",
        "a result is read in the order of the keys' names",
        "core/ledger.py",
        "return sorted(flight.images, key=lambda key: (flight.images[key].priority or 0, key))",
        "return list(flight.images)",
    ),
    Mutation(
        "I2",
        "what may be there is sent again with any change of the file",
        "core/observe.py",
        "file.created <= entry.failure.at",
        "False",
    ),
    Mutation(
        "I2",
        "a listing that lags makes an image gone",
        "core/see.py",
        "if live.gone or live.seen > since\n",
        "if live.gone\n",
    ),
    Mutation(
        "I1",
        "the job is believed, not the gallery",
        "core/settle.py",
        "    for key in outcome.missing:\n",
        "    for key in ():\n",
    ),
    Mutation(
        "I1",
        "a folder whose look meets a flight is forgotten",
        "work/reconcile.py",
        "and prefix not in ledger.prefixes\n",
        "and False\n",
    ),
    Mutation(
        "I1",
        "a flight that ends leaves nothing owed",
        "core/ledger.py",
        "[max(ledger.due_at, pause)] if ledger.due_at else []",
        "[]",
    ),
    Mutation(
        "I1",
        "sweep finds nothing stuck",
        "work/audit_galleries.py",
        "return reconcile_at > 0 and now > max(",
        "return now < 0 and now > max(",
    ),
    Mutation(
        "I1", "the daily audit of the bucket finds nothing", "work/audit_bucket.py", "!= known", "!= known and False"
    ),
    Mutation(
        "I1",
        "attributes that may have been changed count as not changed",
        "core/settle.py",
        "unsure=True",
        "unsure=False",
    ),
    Mutation(
        "I1",
        "files are in the order of plain text",
        "core/name_order.py",
        "    return tuple(_pieces(stem)), stem, key",
        "    return (), stem, key",
    ),
    Mutation(
        "I1",
        "a refusal is held against the picture that a caller gave meanwhile",
        "core/settle.py",
        "    return not snapshot.generation or entry.wanted is None or snapshot.generation == entry.wanted.content.generation",
        "    return True",
    ),
    Mutation(
        "I1",
        "a file that was dropped after its image's deletion was asked for stays away",
        "core/intents.py",
        "    if since(entry.wanted) > intent.at:",
        "    if entry.wanted is None:",
    ),
    Mutation(
        "I1",
        "a request loses against a file that was dropped before it and seen after it",
        "core/observe.py",
        "says.created <= asked_at(override.content)",
        "says.content.generation == base.content.generation",
    ),
    Mutation(
        "I1",
        "a listing from before a file was dropped again tells whether its image is there",
        "work/start.py",
        "        if seen is None or again:",
        "        if seen is None:",
    ),
    Mutation(
        "I1",
        "a change right before the job was created counts as the job's own",
        "core/match.py",
        "(changed >= created and is_news)",
        "(changed >= created)",
    ),
    Mutation(
        "I1",
        "a cleanup that another run has carried out has no effect",
        "core/intents.py",
        "    after = _effect(ledger, intent, outcome) if is_effective else ledger",
        "    after = ledger",
    ),
    Mutation(
        "I3",
        "an image that a caller named, and that is gone, is inserted",
        "core/observe.py",
        "        elif by_name_checked(key, entry) != entry:",
        "        elif entry.batch == 0:",
    ),
    Mutation(
        "I5",
        "a picture whose image was deleted before it was shown waits for ever",
        "core/progress.py",
        "    if entry.live is not None and entry.live.gone and not needs_content(entry):",
        "    if entry.live is not None and entry.live.seen < 0:",
    ),
    Mutation(
        "I3",
        "new images are claimed by their order after a lost answer",
        "core/match.py",
        "completed = flight.job_created is not None and flight.reason is None",
        "completed = True",
    ),
    Mutation(
        "I3",
        "new images are claimed whenever they came",
        "core/match.py",
        "    if changed is None:\n        return True\n",
        "    return True\n",
    ),
    Mutation(
        "I3",
        "what a person deleted in the shop is inserted again",
        "core/ledger.py",
        "return entry.wanted.content.generation != entry.live.generation",
        "return True",
    ),
    Mutation(
        "I4",
        "an unfinished job's detail is asked for as often as one likes",
        "core/schedule.py",
        "DETAIL_BUDGET = 8",
        "DETAIL_BUDGET = 30",
    ),
    Mutation(
        "I5",
        "a file's flaw is not logged at take-off",
        "work/start.py",
        "    report(world.log, held.ledger, ledger)\n    _have_prepared",
        "    _have_prepared",
    ),
    Mutation(
        "quiet",
        "a refusal is written again although it says the same",
        "state/refusals.py",
        "    if known and before is not None and before.tries == refused.tries:",
        "    if before == refused:",
    ),
    Mutation(
        "quiet",
        "a reconcile writes the ledger although nothing has changed",
        "work/start.py",
        "    if ledger != held.ledger and not never_written:",
        "    if not never_written:",
    ),
    Mutation(
        "quiet",
        "an audit lists its gallery twice",
        "work/start.py",
        "        if seen is None or again:",
        "        if audit and seen is None:\n"
        "            world.shop.product(ledger.guid)\n"
        "        if seen is None or again:",
    ),
    Mutation(
        "quiet",
        "a code is asked at every reconcile",
        "state/codes.py",
        "return self._clock.now() < code.checked_at + self._timing.code_valid",
        "return self._clock.now() < code.checked_at + self._timing.grace",
    ),
    Mutation(
        "I1",
        "a code is believed for ever",
        "state/codes.py",
        "return self._clock.now() < code.checked_at + self._timing.code_valid",
        "return code.checked_at > 0",
    ),
    Mutation(
        "I1",
        "a folder still feeds the product that its code meant before",
        "work/products.py",
        "        return None if prefix in ledger.moved else _meant(codes, prefix, ledger.guid, now=True)",
        "        return ledger.guid",
    ),
    Mutation(
        "I6",
        "the signed URL is written into the ledger",
        "work/start.py",
        "        images = {key: snapshot for key, snapshot in images.items() if key in urls}\n",
        "        images = {key: replace(snapshot, source=urls[key]) for key, snapshot in images.items() if key in urls}\n",
    ),
)


def main() -> int:
    """Try every mutation (or those whose description holds the text); 1 if any survives."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mutations", description=__doc__)
    parser.add_argument("text", nargs="?", default="", help="only those whose description holds this")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many to try before a mutation counts as not seen")
    parser.add_argument("--jobs", type=int, default=2, help="how many mutations to try at a time")
    options = parser.parse_args()
    chosen = [mutation for mutation in MUTATIONS if options.text in mutation.what]
    survived = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutation, seen in zip(chosen, pool.map(partial(first_seen, seeds=options.seeds), chosen), strict=True):
            _say(f"{mutation.invariant} {mutation.what}: {(seen or 'NOT SEEN')[:160]}")
            survived += [mutation] if seen is None else []
    _say(f"{len(chosen) - len(survived)} of {len(chosen)} mutations are seen within {options.seeds} seeds")
    for mutation in survived:
        _say(f"not seen: {mutation.invariant} {mutation.what}")
    return int(bool(survived))


def first_seen(mutation: Mutation, seeds: int) -> str | None:
    """Plant a mutation, and give what the first seed says that shows it; None if none of so many does."""
    with tempfile.TemporaryDirectory() as folder:
        functions = Path(folder) / "functions"
        shutil.copytree(ROOT / "functions", functions)
        plant(mutation, functions)
        path = os.pathsep.join((str(functions), str(ROOT)))
        command = [sys.executable, "-m", "tests.faults.replay", "--seeds", str(seeds), "--stop"]
        run = subprocess.run(command, env={"PYTHONPATH": path}, cwd=ROOT, capture_output=True, text=True, check=False)
    first = run.stdout.partition("\n")[0]
    if run.returncode and not first.startswith("seed "):
        # Broken in another way than by what a seed shows: that proves nothing of the simulation.
        raise SystemExit(f"{mutation.what}: {run.stderr[-600:]}")
    return first if run.returncode else None


def plant(mutation: Mutation, functions: Path) -> None:
    """Break the copy of the code."""
    file = functions / "gallery_sync" / mutation.file
    text = file.read_text()
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.file} does not hold exactly once: {mutation.old!r}")
    file.write_text(text.replace(mutation.old, mutation.new))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
