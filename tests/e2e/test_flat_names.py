"""Pictures that lie in no product's folder, in the whole local cloud: the catalogue says whose they are."""

import io
import zipfile

from gallery_sync.state import catalogue, refusals
from gallery_sync.work import catalogue as reading
from infra.local.cloud import DROP_BUCKET, LocalCloud
from infra.local.sample import Picture
from tests.e2e.support import (
    Product,
    Sandbox,
    digests,
    digests_shown,
    drop,
    ledger,
    picture,
    pictures,
    wait,
    wait_live,
    wait_settled,
)


def read_anew(cloud: LocalCloud) -> None:
    """Have the catalogue read, as if a day had passed."""
    for path in (catalogue.PATH, reading.PATH):
        cloud.documents.delete(path)


def test_a_flat_folder_comes_to_its_products_in_order_and_is_replaced(cloud: LocalCloud, sandbox: Sandbox) -> None:
    lamp, chair = sandbox.add_product(), sandbox.add_product()
    read_anew(cloud)
    names = [f"{lamp.code}_10.jpg", f"{lamp.code}_2.jpg", f"{lamp.code} (1).png", f"{lamp.code}/0.jpg"]
    files = [picture(name, f"lamp {number}") for number, name in enumerate(names)]
    other = picture(f"{chair.code}.jpg", "chair")
    drop(cloud, [*files, other])
    wait_live(cloud, [*files, other])
    in_order = [files[3], files[2], files[1], files[0]]
    assert digests_shown(cloud, lamp.guid) == digests(in_order)
    assert digests_shown(cloud, chair.guid) == digests([other])
    assert set(ledger(cloud, lamp.guid).entries) == {
        f"drop:{lamp.code}/0.jpg",
        *(f"drop:{lamp.code}//{name}" for name in names[:3]),
    }

    again = picture(names[1], "lamp, another one")
    drop(cloud, [again])
    wait_live(cloud, [again])
    assert digests_shown(cloud, lamp.guid) == digests([files[3], files[2], again, files[0]])


def test_a_name_that_holds_no_code_is_told_what_was_meant(cloud: LocalCloud, sandbox: Sandbox) -> None:
    lamp = sandbox.add_product()
    read_anew(cloud)
    mistyped = picture(f"{lamp.code}X_1.jpg", "mistyped")
    drop(cloud, [mistyped])
    (row,) = wait_settled(cloud, [mistyped])
    assert row.state == "refused"
    assert f"no product has the code '{lamp.code}X_1' nor '{lamp.code}X'" in row.reason
    assert f"is it {lamp.code} ({lamp.code})" in row.reason
    cloud.remove(mistyped.name)
    wait(
        "the refusal to disappear",
        lambda: not [one for one in refusals.read_all(cloud.documents) if one.name == mistyped.name],
    )


def test_a_table_says_order_and_descriptions_and_a_change_of_it_costs_one_call(
    cloud: LocalCloud, sandbox: Sandbox, product: Product
) -> None:
    files = pictures(product.code, 3)
    drop(cloud, files)
    wait_live(cloud, files)
    sandbox.forget_calls()

    table = "soubor;pořadí;popis\r\n3.jpg;1;třetí\r\n1.jpg;2;první\r\n9.jpg;9;ještě tu není\r\n"
    cloud.upload(f"{product.code}/gallery.csv", table.encode("cp1250"), "text/csv")

    def is_as_said() -> bool:
        shown = sorted(sandbox.shown(product.guid), key=lambda image: image["priority"])
        return [(image["priority"], image["description"] or "") for image in shown][:2] == [(1, "třetí"), (2, "první")]

    wait("the table to be followed", is_as_said)
    assert digests_shown(cloud, product.guid) == [digests(files)[2], digests(files)[0], digests(files)[1]]
    calls = sandbox.calls()
    assert {name: count for name, count in calls.items() if name.startswith("images.") and name != "images.list"} == {
        "images.update": 1
    }

    late = picture(f"{product.code}/9.jpg", "late")
    drop(cloud, [late])
    wait_live(cloud, [late])
    (shown,) = [image for image in sandbox.shown(product.guid) if image["priority"] == 9]
    assert shown["description"] == "ještě tu není"


def test_a_zip_is_a_folder(cloud: LocalCloud, sandbox: Sandbox, product: Product) -> None:
    files = pictures("", 3)
    large = b"\xff" * 9_000_000
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writes:
        for file in files:
            writes.writestr(file.name.removeprefix("/"), file.body)
        writes.writestr("shop/large.jpg", large)
        writes.writestr("readme.txt", "Fotky z pátku")
    name = f"{product.code}/pátek.zip"
    cloud.upload(name, packed.getvalue(), "application/zip")
    in_folder = [Picture(f"{product.code}{file.name}", file.body, file.content_type) for file in files]
    wait_live(cloud, in_folder)
    assert digests_shown(cloud, product.guid) == digests(files)
    (row,) = wait_settled(cloud, [Picture(f"{product.code}/shop/large.jpg", large, "image/jpeg")])
    assert row.state == "refused"
    bucket = cloud.storage.bucket(DROP_BUCKET)
    wait("the archive to be put aside", lambda: not bucket.blob(name).exists() or None)
    assert bucket.blob(f"{product.code}/shop/large.jpg").download_as_bytes() == large
    (told,) = [one for one in refusals.read_all(cloud.documents) if one.name == name]
    assert told.reason.startswith("4 files unpacked, 1 not: readme.txt: 'readme.txt' is no picture")
