"""Ten runs of a sync task at the same time, as threads with a world of their own each.

A process of its own, since Google's storage library reads the emulator's address from the environment. It says `ready`
on stdout, begins with the first line on stdin, and ends with status 0 if no run raised.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from gallery_sync.connect.settings import SyncGallery
from gallery_sync.connect.sync import sync_world
from gallery_sync.ports.queue import parse_task
from gallery_sync.work.reconcile import reconcile
from gallery_sync.work.world import ReconcileWorld

RUNS = 10


def main() -> None:
    """Run the look that the first argument holds as JSON."""
    look = parse_task(sys.argv[1].encode())
    settings = SyncGallery.read(os.environ)
    worlds = [sync_world(settings) for _ in range(RUNS)]
    together = threading.Barrier(RUNS)

    def run(world: ReconcileWorld) -> None:
        together.wait(30)
        reconcile(world, look)

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(RUNS) as pool:
        list(pool.map(run, worlds))


if __name__ == "__main__":
    main()
