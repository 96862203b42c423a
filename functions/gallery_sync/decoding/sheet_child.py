"""Opens a workbook from standard input, and writes the cells of its first sheet to standard output, as text in JSON.

    python sheet_child.py MEGABYTES SECONDS LIBRARY

A process of its own: it has no secrets, little memory and little time. It imports nothing of this project's.
"""

import io
import json
import resource
import sys
from datetime import date

MOST_CELLS = 1_000_000


def main(megabytes: int, seconds: int, library: str) -> None:
    """Write the cells, a list a row."""
    sys.path.append(library)
    from python_calamine import CalamineWorkbook  # noqa: PLC0415  # it lies where the parent says

    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
    sheet = book.get_sheet_by_index(0)
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise ValueError(f"it has more than {MOST_CELLS} cells")
    rows = sheet.to_python(skip_empty_area=False)
    sys.stdout.write(json.dumps([[_text(cell) for cell in row] for row in rows]))


def _text(cell: object) -> str:
    """Give a cell as people see it: a whole number without a fraction."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
