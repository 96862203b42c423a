"""The list of what no test of core notices: it names lines that are there, and says why."""

from tests.mutants import mutant
from tests.mutants.__main__ import unnoticed


def test_what_nobody_notices_is_a_change_of_a_line_of_core_with_a_reason() -> None:
    lines = {
        (file.stem, " ".join(line.split()))
        for file in mutant.CORE.glob("*.py")
        for line in file.read_text("utf-8").splitlines()
    }
    listed = unnoticed()
    assert listed
    for (module, before, after), why in listed.items():
        assert (module, before) in lines
        assert before != after
        assert why
