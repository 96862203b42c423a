"""The simulation can fail: promises of the code, broken one by one, turn it red within a few seeds. `make mutations` has all."""

import dataclasses

import pytest

from tests.faults.mutations import MUTATIONS, ROOT, first_seen

MOST_SEEDS = 150

MUST_BE_SEEN = {
    "what is missing once is sent again": "was inserted twice",
    "what a person deleted in the shop is inserted again": "was deleted in the shop, and is there again",
    "files are in the order of plain text": "is not in order",
    "an audit lists its gallery twice": "in 2 quiet days",
    "the signed URL is written into the ledger": "I6: a signed URL was written",
}
"""What is broken, and what a seed then says: one for each kind of promise."""


def test_what_is_broken_stands_in_the_code() -> None:
    package = ROOT / "functions/gallery_sync"
    lost = [one.what for one in MUTATIONS if (package / one.file).read_text().count(one.old) != 1]
    assert not lost


@pytest.mark.parametrize("what", MUST_BE_SEEN)
def test_a_broken_promise_is_seen_within_a_few_seeds(what: str) -> None:
    (mutation,) = [one for one in MUTATIONS if one.what == what]
    seen = first_seen(mutation, MOST_SEEDS)
    assert seen is not None, f"none of {MOST_SEEDS} seeds shows it"
    assert MUST_BE_SEEN[what] in seen


def test_a_copy_that_is_not_broken_shows_nothing() -> None:
    assert first_seen(dataclasses.replace(MUTATIONS[0], new=MUTATIONS[0].old), 20) is None


def test_whatever_goes_wrong_in_another_way_does_not_count_as_seen() -> None:
    broken = dataclasses.replace(MUTATIONS[0], new="this is no Python")
    with pytest.raises(SystemExit, match="SyntaxError"):
        first_seen(broken, 20)
