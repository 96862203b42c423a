"""What a deployment gives each function, read from where Terraform has it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOCALS: Final = Path(__file__).parents[3] / "terraform/shop/locals.tf"


@dataclass(frozen=True)
class Function:
    """`timeout`: seconds after which the platform ends a request; `concurrency`: requests that an instance works on."""

    timeout: float
    concurrency: int


def _functions(text: str) -> Mapping[str, Function]:
    _, _, text = text.partition("\n  functions = {\n")
    blocks = re.findall(r"^    (\w+) = \{\n(.*?)^    \}\n", text, re.MULTILINE | re.DOTALL)
    return {name: Function(_number("timeout", block), _number("concurrency", block)) for name, block in blocks}


def _number(name: str, block: str) -> int:
    (number,) = re.findall(rf"^ +{name} += (\d+)$", block, re.MULTILINE)
    return int(number)


FUNCTIONS: Final = _functions(LOCALS.read_text(encoding="utf-8"))
ONE_AT_A_TIME: Final = ("sync_gallery", "poll_jobs")
"""What a place carries out one after the other, as an instance does that works on one request at a time."""
