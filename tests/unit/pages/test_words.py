"""What the page says in other languages: complete, compiled, with the right plural forms; every reason has its sentence."""

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from string import Formatter

import pytest

from gallery_sync.core.recipe import REFUSED
from gallery_sync.pages import reasons
from gallery_sync.pages.words import LANGUAGES, chosen, words
from infra import words as tool

OTHERS = LANGUAGES[1:]
PACKAGE = Path(reasons.__file__).parents[1]


def texts(string: str | Sequence[str] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ())


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_its_translation_and_none_is_left_over(language: str) -> None:
    there, wanted = tool.translated(language), tool.collected()
    ids = {str(message.id) for message in wanted if message.id}
    assert len(ids) > 90
    assert {str(message.id) for message in there if message.id} == ids
    for message in there:
        if message.id:
            said = texts(message.string)
            assert len(said) == (3 if isinstance(message.id, tuple | list) else 1), message.id
            assert all(said), message.id


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_names_the_values_that_the_text_does(language: str) -> None:
    for message in tool.translated(language):
        named = {frozenset(re.findall(r"%\(\w+\)[sd]", one)) for one in (*texts(message.id), *texts(message.string))}
        assert len(named) <= 1, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    file = tool.po_file(language)
    assert tool.mo_file(language).read_bytes() == tool.compiled(tool.translated(language))
    assert file.read_text() == tool.written(tool.updated(language))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("cs", {1: "1 obrázek vás", 2: "2 obrázky vás", 5: "5 obrázků vás", 0: "0 obrázků", 22: "22 obrázků"}),
        ("sk", {1: "1 obrázok vás", 3: "3 obrázky vás", 5: "5 obrázkov vás"}),
        ("en", {1: "1 picture needs", 2: "2 pictures need", 0: "0 pictures need"}),
    ],
)
def test_plurals_are_those_of_the_language(language: str, said: dict[int, str]) -> None:
    for number, beginning in said.items():
        text = words(language).ngettext("%(num)d picture needs you", "%(num)d pictures need you", number)
        assert (text % {"num": number}).startswith(beginning)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ([("cs-CZ", 1.0), ("cs", 0.9), ("en", 0.8)], "cs"),
        ([("de", 1.0), ("sk", 0.5)], "sk"),
        ([("en-US", 1.0), ("cs", 0.3)], "en"),
        ([("cs", 0.0)], "en"),
        ([("*", 1.0)], "en"),
        ([], "en"),
    ],
)
def test_the_browser_chooses_the_language(accepted: list[tuple[str, float]], language: str) -> None:
    assert chosen(accepted) == language


@lru_cache(maxsize=1)
def parsed() -> list[ast.Module]:
    return [ast.parse(file.read_text()) for file in PACKAGE.rglob("*.py")]


def codes_of(name: str, place: int) -> set[str]:
    """The codes that this package gives as an argument of such calls, wherever they stand as text or as a constant."""
    trees = parsed()
    constants = {
        target.id: node.value.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant)
        for target in ([node.target] if isinstance(node, ast.AnnAssign) else node.targets)
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }
    found = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if called == name and len(node.args) > place:
                    given = node.args[place]
                    if isinstance(given, ast.Constant):
                        found.add(str(given.value))
                    elif isinstance(given, ast.Name) and given.id in constants:
                        found.add(constants[given.id])
    return found - {""}


def test_every_failure_and_refusal_has_its_sentence() -> None:
    failures = codes_of("Failure", 0) | codes_of("failed", 1)
    assert failures >= {"gave-up", "refused", "no-product", "empty-file", "unexplained"}
    assert failures <= set(reasons.FAILURES)
    assert set(REFUSED) == set(reasons.PICTURES)
    refusals = codes_of("Refusal", 1) | codes_of("RefusedDrop", 1)
    refusals |= {code for code in codes_of("_refuse", 2) if re.fullmatch("[a-z]+(-[a-z]+)+", code)}
    assert refusals >= {"no-product", "ambiguous-name", "bad-table", "bad-archive"}
    assert refusals - set(reasons.REFUSALS) == set()


def test_no_sentence_is_put_together_from_pieces() -> None:
    sentences = [*reasons.FAILURES.values(), *reasons.PICTURES.values(), *reasons.REFUSALS.values()]
    for sentence in sentences:
        assert sentence.endswith(".")
        assert [name for _, name, _, _ in Formatter().parse(sentence) if name is not None] == []
