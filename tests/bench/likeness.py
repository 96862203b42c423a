"""How well pictures are told apart: `python -m tests.bench.likeness [SUBJECTS]`, over a corpus that is made by script."""

import sys
from collections import Counter

from gallery_sync.core.likeness import Alike, alike
from gallery_sync.decoding.pixels import decode
from tests.bench.corpus import cases


def measure(subjects: int, seed: int = 1) -> tuple[dict[str, Counter[Alike]], dict[str, Counter[Alike]]]:
    """Count the answers for what is the same picture, and for what is not, by what was done to it."""
    same: dict[str, Counter[Alike]] = {}
    others: dict[str, Counter[Alike]] = {}
    known = {}
    for case in cases(subjects, seed):
        if case.file not in known:
            known = {case.file: decode(case.file).signature}
        answer = alike(known[case.file], decode(case.shown).signature)
        (same if case.is_same else others).setdefault(case.how, Counter())[answer] += 1
    return same, others


def main() -> None:
    """Print recall and errors."""
    subjects = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    same, others = measure(subjects)
    for title, counted in (("the same picture", same), ("another picture", others)):
        sys.stdout.write(f"{title}\n")
        for how, answers in counted.items():
            told = ", ".join(f"{answer} {count}" for answer, count in sorted(answers.items()))
            sys.stdout.write(f"  {how:24} {told}\n")
    found = sum(answers["same"] + answers["similar"] for answers in same.values())
    wrong = sum(answers["same"] + answers["similar"] for answers in others.values())
    sys.stdout.write(f"recall {found} of {sum(map(Counter.total, same.values()))}, ")
    sys.stdout.write(f"errors {wrong} of {sum(map(Counter.total, others.values()))}\n")


if __name__ == "__main__":
    main()
