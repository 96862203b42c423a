"""The mistakes that `make terraform-mistakes` plants are made in lines that are there: whoever changes one finds it here."""

from tests.terraform.deployed import TERRAFORM
from tests.terraform.test_mistakes import MISTAKES


def test_each_mistake_is_made_in_a_line_that_is_there() -> None:
    lost = [
        name for name, one in MISTAKES.items() if one.right not in (TERRAFORM / "shop" / one.file).read_text("utf-8")
    ]
    assert not lost
    assert all(one.right != one.wrong for one in MISTAKES.values())
