"""What is deployed beside our own code: pinned, licensed, listed, and looked up for known weaknesses."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from infra.local.serving import served
from infra.package.__main__ import FUNCTIONS, ROOT
from infra.package.archive import Written, write
from infra.package.audit import CLEAN, UNKNOWN, WEAK, audit, judged
from infra.package.licences import NotAllowed, licences, named, render
from infra.package.requirements import NotPinned, parse
from infra.package.sbom import NotWritten, bill, completed

REQUIREMENTS = (FUNCTIONS / "requirements.txt").read_text()
HASHES = " \\\n    --hash=sha256:" + "0" * 64 + " \\\n    --hash=sha256:" + "1" * 64


# --- requirements


def test_every_requirement_is_pinned_by_version_and_hashes() -> None:
    pinned = parse(REQUIREMENTS)
    assert {"functions-framework", "google-cloud-storage", "google-cloud-tasks", "msgspec"} <= {p.name for p in pinned}
    assert all(requirement.sha256 for requirement in pinned)


def test_a_requirement_is_read_with_its_marker_and_hashes() -> None:
    (one,) = parse(f"# made\none==1.2 ; platform_system != 'Windows'{HASHES}\n    # via two\n")
    assert (one.name, one.version, one.marker) == ("one", "1.2", "platform_system != 'Windows'")
    assert one.sha256 == ("0" * 64, "1" * 64)


@pytest.mark.parametrize("line", ["one", "one>=1", "one==1.2", "-r other.txt", "git+https://example.com/one"])
def test_a_requirement_without_version_or_hashes_is_refused(line: str) -> None:
    with pytest.raises(NotPinned):
        parse(line)


# --- licences


def test_the_list_of_licences_is_up_to_date() -> None:
    assert (ROOT / "THIRD_PARTY.md").read_text() == render(licences()), "make licences"


def test_the_licence_expression_counts_before_everything_else() -> None:
    assert named("one", "MIT", "GPL-3.0", ["License :: OSI Approved :: Apache Software License"]) == "MIT"


def test_other_words_for_a_known_licence_are_understood() -> None:
    assert named("one", None, "Apache 2.0", []) == "Apache-2.0"
    assert named("one", None, None, ["License :: OSI Approved :: MIT License"]) == "MIT"


@pytest.mark.parametrize(
    ("expression", "free"), [("AGPL-3.0-only", None), (None, "GPLv3"), (None, None), (None, "BSD")]
)
def test_a_licence_that_nobody_looked_at_stops_it(expression: str | None, free: str | None) -> None:
    with pytest.raises(NotAllowed, match="the licence of one"):
        named("one", expression, free, [])


def test_bsd_alone_is_told_by_the_licence_file_that_somebody_read() -> None:
    assert named("jinja2", None, None, ["License :: OSI Approved :: BSD License"]) == "BSD-3-Clause"


def test_what_somebody_read_once_does_not_hide_a_new_licence() -> None:
    with pytest.raises(NotAllowed):
        named("jinja2", "AGPL-3.0-only", None, [])


# --- the list of components


@pytest.fixture(scope="module")
def archive_and_bill(tmp_path_factory: pytest.TempPathFactory) -> tuple[Written, str]:
    archive = write(FUNCTIONS, tmp_path_factory.mktemp("bill") / "gallery-sync.zip")
    return archive, bill(archive)


def test_the_bill_lists_exactly_what_is_pinned_with_hashes_and_licences(archive_and_bill: tuple[Written, str]) -> None:
    listed = {component["name"]: component for component in json.loads(archive_and_bill[1])["components"]}
    pinned = {requirement.name: requirement for requirement in parse(REQUIREMENTS)}
    assert set(listed) == set(pinned)
    for name, component in listed.items():
        hashes = {one["content"] for reference in component["externalReferences"] for one in reference["hashes"]}
        assert (component["version"], hashes) == (pinned[name].version, set(pinned[name].sha256))
        assert component["licenses"][0]["expression"]


def test_the_bill_names_the_archive_that_it_is_about(archive_and_bill: tuple[Written, str]) -> None:
    archive, text = archive_and_bill
    assert json.loads(text)["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": archive.sha256}]


def test_the_same_tree_gives_the_same_bill(archive_and_bill: tuple[Written, str]) -> None:
    archive, text = archive_and_bill
    assert bill(archive) == text
    assert str(ROOT) not in text


def test_a_component_without_a_licence_stops_the_bill() -> None:
    made = {"components": [{"name": "one", "purl": "pkg:pypi/one@1"}], "metadata": {"component": {"bom-ref": "root"}}}
    with pytest.raises(NotWritten, match="one has no licence"):
        completed(made, {}, Written(Path("archive.zip"), 1, "0" * 64))


# --- known weaknesses


@pytest.fixture
def advisories() -> Iterator[str]:
    """A source of advisories that knows one weakness, of `weak` below 2."""

    async def query(request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        package = asked["package"]
        if package["name"] != "weak":
            return web.json_response({})
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}]
        affected = [{"package": package, "ranges": ranges}]
        return web.json_response(
            {"vulns": [{"id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "affected": affected}]}
        )

    def source() -> web.Application:
        app = web.Application()
        app.router.add_post("/v1/query", query)
        return app

    with served(source) as url:
        yield f"{url}/v1/query"


def pinning(folder: Path, *packages: str) -> Path:
    file = folder / "requirements.txt"
    file.write_text("".join(f"{package}{HASHES}\n" for package in packages))
    return file


def test_what_is_deployed_is_clean_where_the_source_knows_nothing_of_it(advisories: str) -> None:
    found = audit(FUNCTIONS / "requirements.txt", advisories)
    assert found.status == CLEAN, found.lines
    assert str(len(parse(REQUIREMENTS))) in found.lines[0]


def test_a_known_weakness_is_named_with_what_mends_it(advisories: str, tmp_path: Path) -> None:
    found = audit(pinning(tmp_path, "sound==1.0", "weak==1.0"), advisories)
    assert found.status == WEAK
    assert "weak 1.0: TEST-1, mended in 2.0" in found.lines


def test_without_a_source_nothing_is_known_and_that_is_no_success(tmp_path: Path) -> None:
    found = audit(pinning(tmp_path, "sound==1.0"), "http://127.0.0.1:9/v1/query")
    assert found.status == UNKNOWN
    assert found.lines[0].startswith("nothing is known: no advisory source answered for 1 of 1 packages")


@pytest.mark.parametrize("skipped", [{"name": "two", "skip_reason": "not found"}, None])
def test_a_package_that_was_not_looked_up_is_no_success_either(skipped: dict[str, Any] | None) -> None:
    rows = [{"name": "one", "version": "1", "vulns": []}, *([skipped] if skipped else [])]
    assert judged({"dependencies": rows}, ["one", "two"], "").status == UNKNOWN


def test_a_weakness_counts_even_where_others_were_not_looked_up() -> None:
    rows = [
        {"name": "one", "version": "1", "vulns": [{"id": "TEST-1", "fix_versions": []}]},
        {"name": "two", "skip_reason": "not found"},
    ]
    found = judged({"dependencies": rows}, ["one", "two"], "")
    assert found.status == WEAK
    assert "one 1: TEST-1, not mended yet" in found.lines
