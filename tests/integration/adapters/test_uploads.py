"""An upload that a browser goes on with: its address needs no credential, and what arrives is a drop with its metadata."""

import requests

from gallery_sync.cloud.storage import BucketUploads

from .conftest import World


def test_what_is_sent_to_the_address_is_a_drop(world: World) -> None:
    uploads = BucketUploads(world.drop_bucket)
    metadata = {"gallery-sync-batch": "b1"}
    address = uploads.begin("LAMP-1/1.jpg", 7, origin="https://page.example", metadata=metadata)
    assert list(world.drops.list("")) == []
    sent = requests.put(address, data=b"picture", headers={"Content-Range": "bytes 0-6/7"}, timeout=10)
    assert sent.status_code == 200
    (file,) = world.drops.list("")
    assert (file.name, file.size, dict(file.metadata)) == ("LAMP-1/1.jpg", 7, metadata)
