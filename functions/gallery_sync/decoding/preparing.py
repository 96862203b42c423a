"""Prepares pictures in a process of its own each (`prepare_child`). What becomes of that process is a verdict, too."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from gallery_sync.core.recipe import Recipe, Verdict, read
from gallery_sync.decoding import guard
from gallery_sync.ports.preparer import Prepared

CHILD: Final = Path(__file__).with_name("prepare_child.py")
MEGABYTES: Final = 900
"""Of addresses: 240 MB of a picture as it is opened, bands and what is written of it, and the libraries."""
SECONDS: Final = 40
"""Of processor; twice as many on the clock."""


def prepare(content: bytes, recipe: Recipe) -> Prepared:
    """Decide what is sent for a picture, and make it. A decoder that dies or hangs refuses the picture.

    Raises guard.Ended where no picture could be prepared.
    """
    folders = dict.fromkeys((str(Path(__file__).parents[2]), guard.folder_of("PIL"), guard.folder_of("msgspec")))
    arguments = [json.dumps(asdict(recipe)), *folders]
    try:
        line, _, rest = guard.run(CHILD, arguments, content, MEGABYTES, SECONDS).partition(b"\n")
    except guard.Ended as ended:
        if ended.is_ours:
            raise
        code = "too-large" if ended.is_slow else "damaged"
        return Prepared(Verdict(len(content), refused=code, what=ended.complaint or str(ended)))
    said = json.loads(line)
    made, small = said.pop("lengths", (0, 0))
    return Prepared(read(said), rest[:made], rest[made : made + small])
