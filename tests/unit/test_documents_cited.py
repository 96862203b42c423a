"""A comment that cites a document cites one that is in this repository, and a section that is there.

As comments cite: `docs/shoptet.md, "Jobs"`. A line may end in the middle of that.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("functions", "infra", "tests", "terraform", "docs", "README.md")
GENERATED = ("__pycache__", ".terraform")

CITATION = re.compile(r'(?<![\w/:.-])(?P<document>(?:\.\.?/)*[\w-]+(?:/[\w.-]+)*\.md)\b(?P<sections>(?:, "[^"]+")*)')
ELSEWHERE = re.compile(r'(?:\.\./)*\bshared/\w+|\(design\b, "')
"""Documents that lie beside some people's clone: whoever reads the repository does not have them."""

LINE_END = re.compile(r"[ \t]*\n[ \t]*(?:(?:#|//)[ \t]*)?")
MODULE = re.compile(r"`(?:[\w/]+/)?(?P<name>\w+\.py)`")
MD = ".md"


def texts() -> Iterator[tuple[Path, str]]:
    for place in PLACES:
        found = ROOT / place
        for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if path.is_file() and not set(GENERATED) & set(path.parts):
                try:
                    yield path, path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue  # a picture, an archive


def citations(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each document that the text names, with the sections that it cites."""
    for match in CITATION.finditer(LINE_END.sub(" ", text)):
        yield match["document"], tuple(re.findall(r'"([^"]+)"', match["sections"]))


def headings(document: Path) -> set[str]:
    lines = document.read_text(encoding="utf-8").splitlines()
    return {line.lstrip("#").strip() for line in lines if re.match(r"#+ ", line)}


def nearest(path: Path, name: str) -> Path | None:
    """The document that a file means by this name: seen from the file's own folder, or else from one above it."""
    folders = [folder for folder in path.parents if folder == ROOT or ROOT in folder.parents]
    places = [(folder / name).resolve() for folder in folders]
    return next((place for place in places if place.is_file() and ROOT in place.parents), None)


def wrong(path: Path, text: str) -> list[str]:
    """What the text cites that a reader of this repository cannot look up; empty if all is there."""
    found = [f"{match[0]} is not in this repository" for match in ELSEWHERE.finditer(text)]
    for name, sections in citations(text):
        document = nearest(path, name)
        if document is None:
            found.append(f"{name} is not in this repository")
        else:
            found += [f"{name} has no section {section!r}" for section in sections if section not in headings(document)]
    return [f"{path.relative_to(ROOT)}: {line}" for line in found]


def test_every_document_and_section_that_is_cited_is_there() -> None:
    assert [line for path, text in texts() for line in wrong(path, text)] == []


@pytest.mark.parametrize("folder", ["functions", "tests"])
def test_there_are_citations_to_be_checked(folder: str) -> None:
    inside = [text for path, text in texts() if ROOT / folder in path.parents]
    assert [name for text in inside for name, sections in citations(text) if name.startswith("docs/") and sections]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("see nowhere" + MD, "is not in this repository"),
        ("see docs/nowhere" + MD, "is not in this repository"),
        ("see ../../outside" + MD, "is not in this repository"),
        ("see `facts" + MD + '`, "Jobs"', "is not in this repository"),
        ("see ../sha" + "red/style", "is not in this repository"),
        ("(design" + ', "Limits")', "is not in this repository"),
        ("(docs/shoptet" + MD + ', "Wages")', "has no section 'Wages'"),
        ("(docs/shoptet" + MD + ', "Jobs", "Wages")', "has no section 'Wages'"),
        ("# (docs/shoptet" + MD + ',\n    # "Image\n    # wages")', "has no section 'Image wages'"),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text: str, complaint: str) -> None:
    (line,) = wrong(Path(__file__), text)
    assert line.endswith(complaint)


@pytest.mark.parametrize(
    "text",
    [
        "(docs/shoptet" + MD + ', "Jobs")',
        "# (docs/shoptet" + MD + ', "Product\n    # images")',
        "README" + MD + ', "What it cannot do"',
        "../faults/README" + MD,
        "https://spec.example/blob/v1/binding" + MD,
    ],
)
def test_a_citation_that_leads_somewhere_is_none(text: str) -> None:
    assert wrong(Path(__file__), text) == []


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*" + MD)), ids=lambda path: path.name)
def test_modules_that_a_document_names_exist(document: Path) -> None:
    there = {path.name for folder in ("functions", "infra", "tests") for path in (ROOT / folder).rglob("*.py")}
    named = {match["name"] for match in MODULE.finditer(document.read_text(encoding="utf-8"))}
    assert named - there == set()
