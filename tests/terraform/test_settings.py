"""Every deployed function starts: the code itself reads the environment that Terraform gives it."""

from collections.abc import Mapping
from typing import Any

from gallery_sync.connect.settings import FUNCTIONS, Settings
from tests.terraform.deployed import Deployed

SECRETS = {
    "SHOPTET_PRIVATE_API_TOKEN": "token",
    "SHOPTET_WEBHOOK_KEYS": "old,new",
    "API_KEYS": f"pim:read:{'0' * 64}",
    "WEBHOOK_SECRETS": f"whsec_{'A' * 32}",
}


def functions(deployed: Deployed) -> dict[str, Mapping[str, Any]]:
    return {r.values["name"]: r.values for r in deployed if r.kind == "google_cloudfunctions2_function"}


def read(function: Mapping[str, Any]) -> Settings:
    """Start it, as far as its settings go. Raises BadSetting."""
    service = function["service_config"][0]
    secret = {s["key"]: SECRETS[s["key"]] for s in service["secret_environment_variables"]}
    settings: Settings = FUNCTIONS[function["build_config"][0]["entry_point"]].read(
        {**service["environment_variables"], **secret}
    )
    return settings


def test_every_function_of_both_shops_starts_with_what_it_is_given(deployed: Deployed) -> None:
    for function in functions(deployed).values():
        read(function)


def test_both_shops_have_their_functions_and_nothing_of_the_others(deployed: Deployed) -> None:
    names = functions(deployed)
    assert len([n for n in names if n.startswith("fashion-")]) == 15
    assert len([n for n in names if n.startswith("garden-")]) == 11
    for name, function in names.items():
        other = "garden" if name.startswith("fashion-") else "fashion"
        assert f"{other}-" not in str(function["service_config"]), name


def test_a_shops_choice_reaches_its_function(deployed: Deployed) -> None:
    names = functions(deployed)
    assert getattr(read(names["garden-sync-gallery"]), "mirror_deletes") is True  # noqa: B009  # of a subclass
    assert getattr(read(names["fashion-sync-gallery"]), "mirror_deletes") is False  # noqa: B009
