"""How long preparing takes, beside vips and ImageMagick doing the same with the same files, in one run.

    apt-get install libvips-tools imagemagick
    PYTHONPATH=functions python -m tests.bench.preparing

Each file becomes a JPEG of at most 4096 pixels, upright, in sRGB, without metadata. Ours checks it and makes a thumbnail besides.
"""

import io
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Final

from PIL import Image

from gallery_sync.core.recipe import Recipe
from gallery_sync.decoding.preparing import PicturePreparer
from tests.corpus import large
from tests.corpus.pictures import photo, saved

ROUNDS: Final = 5
SIDE: Final = 4096


def files() -> Iterator[tuple[str, bytes]]:
    """Draw what is compared: photographs that have to be made smaller, of the kinds that come every day."""
    yield "JPEG, 101 MP", large.jpeg_of_100_megapixels()
    yield "JPEG, 24 MP", saved(large.stretched((6_000, 4_000)), "JPEG", quality=92)
    yield "PNG, 19 MP", large.png_of_25_megabytes()
    yield "TIFF CMYK, 12 MP", saved(photo((4_000, 3_000)).convert("CMYK"), "TIFF")
    yield "HEIC, 12 MP", saved(large.stretched((4_000, 3_000)), "HEIF", quality=80)


def vips(source: Path, target: Path) -> list[str]:
    """Give the command of vips."""
    return [
        "vipsthumbnail",
        str(source),
        "--size",
        f"{SIDE}x{SIDE}>",
        "--eprofile",
        "srgb",
        "-o",
        f"{target}[Q=92,strip]",
    ]


def magick(source: Path, target: Path) -> list[str]:
    """Give the command of ImageMagick."""
    size = f"{SIDE}x{SIDE}>"
    how = ["-auto-orient", "-resize", size, "-colorspace", "sRGB", "-strip", "-quality", "92"]
    return ["convert", f"{source}[0]", *how, str(target)]


OTHERS: Final[Mapping[str, Callable[[Path, Path], list[str]]]] = {"vipsthumbnail": vips, "convert": magick}


def seconds(do: Callable[[], object]) -> float:
    """Give how long it takes, the median of some rounds."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        do()
        took.append(time.perf_counter() - began)
    return median(took)


def main() -> None:
    """Print seconds a megapixel, ours beside the others that are installed."""
    Image.MAX_IMAGE_PIXELS = None
    here = {name: command for name, command in OTHERS.items() if shutil.which(name)}
    preparer = PicturePreparer()
    sys.stdout.write(f"| seconds a megapixel | ours | {' | '.join(here)} | ours beside the faster |\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files():
            pixels = _pixels(content)
            source, target = Path(folder) / "source", Path(folder) / "made.jpg"
            source.write_bytes(content)
            preparer(content, Recipe())
            took = {"ours": seconds(lambda content=content: preparer(content, Recipe()))}  # type: ignore[misc]
            for other, command in here.items():
                arguments = command(source, target)
                if subprocess.run(arguments, capture_output=True, check=False).returncode:
                    continue
                took[other] = seconds(lambda arguments=arguments: subprocess.run(arguments, check=True))  # type: ignore[misc]
            row = " | ".join(f"{took[one] / pixels:.3f}" if one in took else "cannot" for one in ("ours", *here))
            best = min((took[one] for one in here if one in took), default=0.0)
            share = f"{took['ours'] / best:.2f} ×" if best else "-"
            sys.stdout.write(f"| {name} | {row} | {share} |\n")
    preparer.close()


def _pixels(content: bytes) -> float:
    with Image.open(io.BytesIO(content)) as picture:
        return picture.width * picture.height / 1_000_000


if __name__ == "__main__":
    main()
