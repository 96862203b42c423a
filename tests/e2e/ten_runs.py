"""Ten runs of a sync task at the same time, as threads with a world of their own each.

A process of its own, since Google's storage library reads the emulator's address from the environment. It says `ready`
on stdout, begins with the first line on stdin, and ends with status 0 if no run raised.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from gallery_sync.connect.sync import sync_world
from gallery_sync.looks import parse
from gallery_sync.settings import SyncGallery
from gallery_sync.sync import sync
from gallery_sync.world import World

RUNS = 10


def main() -> None:
    """Run the look that the first argument holds as JSON."""
    look = parse(sys.argv[1].encode())
    settings = SyncGallery.read(os.environ)
    worlds = [sync_world(settings) for _ in range(RUNS)]
    together = threading.Barrier(RUNS)

    def run(world: World) -> None:
        together.wait(30)
        sync(world, look)

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(RUNS) as pool:
        list(pool.map(run, worlds))


if __name__ == "__main__":
    main()
