"""Opens workbooks (xlsx) in a process of its own each, with bounds of memory and time (`sheet_child`)."""

import json
from pathlib import Path
from typing import Final

from gallery_sync.core.table import BadTable
from gallery_sync.decoding import guard

CHILD: Final = Path(__file__).with_name("sheet_child.py")
MEGABYTES: Final = 400
"""Of addresses: a table of 50,000 rows takes a tenth of it."""
SECONDS: Final = 10
"""Of processor; twice as many on the clock."""


def cells(content: bytes) -> list[list[str]]:
    """Give the cells of a workbook's first sheet. Raises BadTable, whatever becomes of the process."""
    try:
        said = guard.run(CHILD, [guard.folder_of("python_calamine")], content, MEGABYTES, SECONDS)
    except guard.Ended as ended:
        if ended.is_ours:
            raise
        slow = "it takes too long, or too much memory, to open" if ended.is_slow else "it cannot be opened"
        raise BadTable(f"{slow} as a workbook: save it anew as xlsx, or as CSV") from None
    found: list[list[str]] = json.loads(said)
    return found
