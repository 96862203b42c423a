"""The catalogue in the whole local cloud: a sweep has it read, and a mistyped folder is told what it was meant to be."""

from gallery_sync.state import catalogue, codes, refusals
from gallery_sync.work import catalogue as reading
from infra.local.cloud import LocalCloud
from tests.e2e.support import Sandbox, drop, log_lines, pictures, wait, wait_settled


def test_a_mistyped_folder_is_told_what_it_was_meant_to_be(cloud: LocalCloud, sandbox: Sandbox) -> None:
    lamp = sandbox.add_product()
    for path in (catalogue.PATH, reading.PATH):
        # The next sweep has it read anew, as if a day had passed.
        cloud.documents.delete(path)
    cloud.sweep()
    wait("the catalogue", lambda: catalogue.read_head(cloud.documents) is not None)
    head = catalogue.read_head(cloud.documents)
    assert head is not None
    listed = catalogue.Catalogue(cloud.documents, head).code(lamp.code)
    assert listed is not None
    assert (listed.guid, listed.name) == (lamp.guid, lamp.code)
    assert [line["message"] for line in log_lines(cloud, "read_catalogue", "ERROR")] == []

    mistyped = f"{lamp.code}X"
    dropped = pictures(mistyped, 1)
    drop(cloud, dropped)
    assert {row.state for row in wait_settled(cloud, dropped)} == {"refused"}
    (refused,) = [one for one in refusals.read_all(cloud.documents) if one.prefix == mistyped]
    assert f"is it {lamp.code} ({lamp.code})?" in refused.reason
    # That no product has the code is remembered as long as the folder has files, so it costs one call and then none.
    assert cloud.documents.read(codes.path(mistyped)) is not None
    cloud.remove(dropped[0].name)
    wait(
        "the refusal to disappear", lambda: not [r for r in refusals.read_all(cloud.documents) if r.prefix == mistyped]
    )
    wait("the code to be forgotten", lambda: cloud.documents.read(codes.path(mistyped)) is None)
