"""`make dev`: the local cloud, kept running until Ctrl-C, with its addresses and how to drop a file."""

import argparse
import signal
import sys
import time
from pathlib import Path

from gallery_sync.clock import SystemClock
from infra.cli import links
from infra.local import sample
from infra.local.cloud import API_KEYS, DROP_BUCKET, WEBHOOK_SECRET, local_cloud
from infra.local.processes import ROOT, StartFailed

GUID = "92ca3575-7481-11e8-8216-002590dad85e"
GALLERY = f"/v1/products/{GUID}/galleries/shop/images"


def main() -> int:
    """Run until Ctrl-C or SIGTERM, or until a part of the cloud ends by itself."""
    parser = argparse.ArgumentParser(prog="make dev", description=__doc__)
    parser.add_argument(
        "--logs", type=Path, default=ROOT / "build" / "dev", metavar="FOLDER", help="of what is started"
    )
    logs: Path = parser.parse_args().logs
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with local_cloud(logs=logs) as cloud:
            page = cloud.addresses["status_link"]
            print(f"{links.create(cloud.documents, SystemClock(), page, 'manage', 366, '', 'make dev')}   the page\n")
            for name, address in sorted(cloud.addresses.items()):
                print(f"  {name:14}{address}")
            picture = logs / "picture.jpg"
            picture.write_bytes(sample.draw("DEV", "1", (60, 120, 180), (640, 640), "jpg"))
            storage = cloud.addresses["storage"]
            print(f"\ngalleries: {cloud.sandbox}/   logs: {logs}/   Ctrl-C ends it")
            print("keys that are good here and nowhere else:")
            for name, (key, rights) in API_KEYS.items():
                print(f"  {name:14}{key}   {rights}")
            print(f"  {'webhooks':14}{WEBHOOK_SECRET}\nlist a gallery:")
            print(
                f"  curl -sS -H 'Authorization: Bearer {API_KEYS['local'][0]}' '{cloud.addresses['galleries']}{GALLERY}'"
            )
            print("drop a file:")
            print(
                f"  curl -sS -o /dev/null -H 'Content-Type: image/jpeg' --data-binary @{picture} "
                f"'{storage}/upload/storage/v1/b/{DROP_BUCKET}/o?uploadType=media&name={GUID}%2Fshop%2Fpicture.jpg'",
                flush=True,
            )
            while (ended := cloud.processes.ended()) is None:
                time.sleep(0.5)
            print(f"{ended} ended by itself:\n{cloud.processes.log_end(ended)}")
            return 1
    except StartFailed as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
