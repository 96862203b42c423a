"""The mutants of a module: each is its source with one change, as Cosmic Ray makes it."""

import ast
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
CORE: Final = ROOT / "functions" / "gallery_sync" / "core"
TOOL: Final = ROOT / "build" / "cosmic-ray"

_COMPARISONS: Final = ("Eq", "NotEq", "Lt", "LtE", "Gt", "GtE")
_ARITHMETIC: Final = (
    *("Add_Sub", "Add_Mul", "Sub_Add", "Sub_Mul", "Mul_Div", "Mul_Add", "Div_Mul", "Div_FloorDiv", "Mod_FloorDiv"),
    *("FloorDiv_Div", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "Pow_Div", "BitOr_BitAnd", "BitOr_Sub", "BitAnd_BitOr"),
)
OPERATORS: Final = (
    *(f"ReplaceComparisonOperator_{a}_{b}" for a in _COMPARISONS for b in _COMPARISONS if a != b),
    *("ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is"),
    *(f"ReplaceBinaryOperator_{change}" for change in _ARITHMETIC),
    *("ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not"),
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("NumberReplacer", "RemoveDecorator"),
)
"""The changes that are tried. Left out is what can only break (`< None`, a float shifted by bits) or cannot matter
(`== None`): it would move the score and say nothing of the tests."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the module's source with it, and the changed line before and after."""

    module: str
    line: int
    before: str
    after: str
    source: str


def of(module: str) -> Iterator[Mutant]:
    """Give all mutants of a module of core."""
    sys.path.append(str(TOOL))
    cosmic: Any = importlib.import_module("cosmic_ray.mutating")
    trees: Any = importlib.import_module("cosmic_ray.ast")
    plugins: Any = importlib.import_module("cosmic_ray.plugins")
    sys.path.remove(str(TOOL))
    source = (CORE / f"{module}.py").read_text("utf-8")
    types = list(_types(source))
    nodes = list(trees.ast_nodes(trees.get_ast(source)))
    for name in OPERATORS:
        operator = plugins.get_operator(f"core/{name}")()
        starts = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(starts):
            # A bare `*` among parameters is no multiplication.
            is_bare = source.splitlines()[start[0] - 1][start[1] :].startswith("*,")
            if not is_bare and not any(low <= start < high for low, high in types):
                changed = cosmic.mutate_code(source, operator, occurrence)
                yield Mutant(module, *_difference(source, changed, start[0]), changed)


def _difference(source: str, changed: str, line: int) -> tuple[int, str, str]:
    """Give the number of the line that differs, and what it says before and after."""
    old, new = source.splitlines(), changed.splitlines()
    if len(old) != len(new):
        # A decorator is removed with its line.
        return line, old[line - 1].strip(), ""
    at = next(number for number, (one, other) in enumerate(zip(old, new, strict=True)) if one != other)
    return at + 1, " ".join(old[at].split()), " ".join(new[at].split())


def _types(source: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Give where types stand: an `|` in an annotation or an alias decides nothing while the program runs."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        spots = [getattr(node, name, None) for name in ("annotation", "returns")]
        if node in tree.body and isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp):
            spots += [node.value] if isinstance(node.value.op, ast.BitOr) else []
        for spot in spots:
            if isinstance(spot, ast.expr):
                yield (spot.lineno, spot.col_offset), (spot.end_lineno or 0, spot.end_col_offset or 0)
