"""Prepares pictures in a process of its own each (`prepare_child`). What becomes of that process is a verdict, too."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from gallery_sync.core.recipe import Recipe, Verdict, read
from gallery_sync.decoding import guard
from gallery_sync.decoding.workshop import Workshop
from gallery_sync.ports.preparer import Prepared

CHILD: Final = Path(__file__).with_name("prepare_child.py")
MEGABYTES: Final = 900
"""Of addresses: 240 MB of a picture as it is opened, bands and what is written of it, and the libraries."""
SECONDS: Final = 40
"""Of processor; twice as many on the clock."""


class PicturePreparer:
    """`ports.Preparer`: a decoder that dies or hangs refuses the picture."""

    def __init__(self) -> None:
        self._workshops: dict[Recipe, Workshop] = {}

    def __call__(self, content: bytes, recipe: Recipe) -> Prepared:
        """See ports.Preparer. Raises guard.Ended where no picture could be prepared."""
        try:
            line, _, rest = self._workshop(recipe).open(content).partition(b"\n")
        except guard.Ended as ended:
            if ended.is_ours:
                raise
            code = "too-large" if ended.is_slow else "damaged"
            return Prepared(Verdict(len(content), refused=code, what=ended.complaint or str(ended)))
        said = json.loads(line)
        made, small = said.pop("lengths", (0, 0))
        return Prepared(read(said), rest[:made], rest[made : made + small])

    def close(self) -> None:
        """End the processes that stand ready."""
        for workshop in self._workshops.values():
            workshop.close()
        self._workshops.clear()

    def _workshop(self, recipe: Recipe) -> Workshop:
        """Give what opens pictures by this recipe. Another one ends what opened them by the one before."""
        if recipe not in self._workshops:
            self.close()
            folders = dict.fromkeys((str(Path(__file__).parents[2]), guard.folder_of("PIL")))
            arguments = [json.dumps(asdict(recipe)), *folders]
            self._workshops[recipe] = Workshop(CHILD, arguments, MEGABYTES, SECONDS, 2 * SECONDS)
        return self._workshops[recipe]
