"""`python -m infra.package`: writes build/gallery-sync.zip, and prints its path, its size and its SHA-256."""

import sys
from pathlib import Path
from typing import Final

from infra.package.archive import NotDeployable, write

ROOT: Final = Path(__file__).resolve().parents[2]
FUNCTIONS: Final = ROOT / "functions"
ARCHIVE: Final = ROOT / "build" / "gallery-sync.zip"


def main() -> int:
    """Write the archive of this tree; the exit status is 1 if it holds what cannot be deployed."""
    try:
        written = write(FUNCTIONS, ARCHIVE)
    except NotDeployable as error:
        print(f"nothing was written: {error}", file=sys.stderr)
        return 1
    print(f"{written.path.relative_to(ROOT)}  {written.size} bytes  sha256 {written.sha256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
