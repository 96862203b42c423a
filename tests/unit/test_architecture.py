"""ARCHITECTURE.md is true: its tree is the tree, the tests that it names are there, and so is every module that it names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
FUNCTIONS = ROOT / "functions"
PACKAGE = FUNCTIONS / "gallery_sync"


def tree(text: str) -> dict[str, set[str]]:
    """The modules of each folder, as the drawing between the two marks names them; lines deeper than a folder's go on with it."""
    found: dict[str, set[str]] = {}
    folder = ""
    drawing = re.search(r"<!-- tree -->\n(.*?)<!-- /tree -->", text, re.DOTALL)
    assert drawing is not None
    for line in drawing[1].splitlines():
        head = re.match(r" +((?:\w+/)+)(?:\s+\S.*)?$", line)
        if head is not None:
            folder = head[1]
            found[folder] = set()
        elif line.startswith(" " * 17) or folder == "functions/":
            found[folder] |= set(line.split())
        else:
            found.setdefault("functions/gallery_sync/", set()).update(line.split())
    return found


def modules(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.py") if file.stem != "__init__"}


def test_the_tree_is_the_tree() -> None:
    real = {f"{folder.name}/": modules(folder) for folder in PACKAGE.iterdir() if modules(folder)}
    real |= {"functions/": modules(FUNCTIONS), "functions/gallery_sync/": modules(PACKAGE)}
    assert tree(TEXT) == real


def test_a_module_that_comes_or_goes_is_noticed() -> None:
    assert tree(TEXT.replace(" lost_answer ", " ", 1)) != tree(TEXT)


def test_it_fits_on_four_screens() -> None:
    assert len(TEXT.splitlines()) <= 200


INVARIANTS = re.findall(r"^\| (I\d) \| .* \| (.*) \|$", TEXT, re.MULTILINE)


def test_every_invariant_is_there() -> None:
    assert [name for name, _ in INVARIANTS] == [f"I{number}" for number in range(1, 9)]


NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_test_that_it_names_is_there(file: str, test: str) -> None:
    assert (ROOT / file).is_file()
    assert not test or f"def {test}(" in (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize(
    "module", sorted(set(re.findall(r"`((?:core|state|work|cloud|shoptet|http|ports)/\w+)(?:\.\w+)?`", TEXT)))
)
def test_a_module_that_it_names_is_there(module: str) -> None:
    assert any(PACKAGE.glob(f"{module}.*"))


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:infra|terraform|docs|tests|functions)/[\w/.-]*)`", TEXT)))
)
def test_a_path_that_it_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()
