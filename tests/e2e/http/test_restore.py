"""With every function running: what a caller had deleted comes back, pixel for pixel, and so do its variants' pictures."""

from collections.abc import Callable, Mapping, Sequence

from infra.local.cloud import LocalCloud, shoptet_client
from tests.e2e.http.caller import Caller, images, states
from tests.e2e.support import Product, Sandbox, drop, pictures, wait_live

Hang = Callable[[int], list[str]]
Refer = Callable[[Sequence[str]], None]


def shown(sandbox: Sandbox, product: Product) -> list[tuple[str, str | None]]:
    """Each image's picture and description, in order."""
    return [(image["sha256"], image["description"]) for image in sandbox.shown(product.guid)]


def referenced(cloud: LocalCloud, sandbox: Sandbox, product: Product) -> Mapping[str, str | None]:
    """The picture that each variant shows."""
    by_name = {image["name"]: image["sha256"] for image in sandbox.shown(product.guid)}
    shows = shoptet_client(cloud.sandbox).product(product.guid).shows
    return {code: by_name.get(name) for code, name in shows.items()}


def test_a_cleanup_and_its_way_back(
    cloud: LocalCloud, caller: Caller, sandbox: Sandbox, product: Product, hang: Hang, refer: Refer
) -> None:
    files = pictures(f"{product.guid}/shop", 3)
    drop(cloud, files)
    wait_live(cloud, files)
    hang(2)
    refer([image["name"] for image in sandbox.shown(product.guid)][1:4:2])
    before, shows = shown(sandbox, product), referenced(cloud, sandbox, product)
    assert len(before) == 5

    path = f"{images(product.guid)}?removeReference=true"
    cleaned = caller.call("DELETE", path)
    if cleaned.status_code == 202:
        caller.done(cleaned)
    assert cleaned.status_code in (200, 202)
    assert shown(sandbox, product) == []

    operation = cleaned.json()["operation"]
    back = caller.done(caller.call("POST", f"/v1/operations/{operation}/restore"))
    assert states(back) == ["live"] * 5
    assert shown(sandbox, product) == before
    assert referenced(cloud, sandbox, product) == shows
    # Once more does nothing; and what is ours is ours, the rest is not.
    sandbox.forget_calls()
    assert states(caller.done(caller.call("POST", f"/v1/operations/{operation}/restore"))) == ["live"] * 5
    assert "images.insert" not in sandbox.calls()
    assert sorted(image["state"] for image in caller.images(product.guid)["images"]) == ["foreign"] * 2 + ["live"] * 3


def test_what_was_not_kept_cannot_come_back(caller: Caller, product: Product, hang: Hang) -> None:
    hang(1)
    cleaned = caller.call("DELETE", f"{images(product.guid)}?keep=false")
    assert cleaned.status_code == 200
    answer = caller.call("POST", f"/v1/operations/{cleaned.json()['operation']}/restore")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "nothing-kept")
