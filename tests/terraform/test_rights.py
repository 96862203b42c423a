"""The tables of rights in terraform/README.md say what is deployed: every right, and no other."""

import re
from collections.abc import Mapping
from typing import Any

from tests.terraform.deployed import PROJECT, TERRAFORM, Deployed

SHOP = "fashion"

GIVES_RIGHTS = re.compile(r"_iam_|_acl$|_access_control$|_iam_custom_role$")
ON: Mapping[str, str] = {
    "google_project_iam_member": "project",
    "google_storage_bucket_iam_member": "bucket",
    "google_storage_bucket_iam_binding": "bucket",
    "google_cloud_tasks_queue_iam_member": "name",
    "google_secret_manager_secret_iam_member": "secret_id",
    "google_service_account_iam_member": "service_account_id",
    "google_cloud_run_v2_service_iam_member": "name",
}
"""The kinds of resources that give rights here, and which argument says on what."""

Row = tuple[str, str, str]


def table(name: str) -> set[Row]:
    """Read a table of README.md: who, role, on what."""
    text = (TERRAFORM / "README.md").read_text("utf-8")
    block = text.partition(f"<!-- rights: {name} -->")[2].partition("<!-- end -->")[0]
    rows = [
        [cell.strip().strip("`") for cell in line.strip("| ").split("|")] for line in block.split("\n") if "`" in line
    ]
    return {(row[0], row[1], row[2]) for row in rows}


def short(kind: str, values: Mapping[str, Any]) -> Row:
    """Write a right as the tables do: names without the shop's and the project's."""
    # A binding names all who have the role.
    member = values["member"] if "member" in values else " ".join(values["members"])
    who = re.sub(r"^serviceAccount:|@.*$", "", member).removeprefix(f"{SHOP}-").replace(f":{PROJECT}", "")
    on = str(values[ON[kind]])
    if kind == "google_project_iam_member":
        on = "project" if not values["condition"] else values["condition"][0]["expression"].split('"')[1]
    on = on.rpartition("/")[2] if kind == "google_service_account_iam_member" else on
    on = on.partition("@")[0].removeprefix(f"{PROJECT}-").removeprefix(f"{SHOP}-")
    return who, values["role"], on


def test_every_kind_of_resource_that_gives_rights_is_looked_at(deployed: Deployed) -> None:
    assert {r.kind for r in deployed if GIVES_RIGHTS.search(r.kind)} <= ON.keys()


def test_a_shops_rights_are_the_table_and_no_others(deployed: Deployed) -> None:
    rights = [short(r.kind, r.values) for r in deployed if r.module == SHOP and r.kind in ON]
    assert set(rights) == table("shop")
    assert len(rights) == len(set(rights))


def test_the_projects_rights_are_the_table_and_no_others(deployed: Deployed) -> None:
    assert {short(r.kind, r.values) for r in deployed if r.module == "project" and r.kind in ON} == table("project")


def test_no_right_is_given_outside_the_modules(deployed: Deployed) -> None:
    assert {r.module for r in deployed if r.kind in ON} == {"project", "fashion", "garden"}


def test_only_five_functions_are_public(deployed: Deployed) -> None:
    public = {str(r.values["name"]) for r in deployed if str(r.values.get("member", "")).startswith("all")}
    five = {f"fashion-{name}" for name in ("job-finished", "webhooks", "galleries", "clean-gallery", "status-link")}
    assert public == five | {"garden-job-finished"}
