"""Decodes one picture from standard input, and writes its signature to standard output.

    python child.py MEGABYTES SECONDS SIDE LIBRARY

A process of its own, as a decoder is where a hostile picture gets in: it has no secrets, little memory and little time, and
whatever becomes of it is one picture that could not be read. It imports nothing of this project's.
"""

import hashlib
import io
import json
import resource
import sys

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MOST_PIXELS = 80_000_000
THUMBNAIL = 240
"""Pixels of its longer side, for a person to look at."""


def main(megabytes: int, seconds: int, side: int, library: str) -> None:
    """Write format, width, height, the SHA-256 of the pixels, the square and a thumbnail (a JPEG) in hexadecimal, as JSON."""
    sys.path.append(library)
    from PIL import Image, ImageOps  # noqa: PLC0415  # it lies where the parent says

    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS:
            raise ValueError(f"it has more than {MOST_PIXELS // 1_000_000} million pixels")
        kind = str(opened.format).lower()
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    # What is transparent is shown on white.
    flat = Image.new("RGBA", upright.size, "white")
    flat.alpha_composite(upright)
    picture = flat.convert("RGB")
    square = picture.resize((side, side), Image.Resampling.BOX)
    written = io.BytesIO()
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(written, "JPEG", quality=80)
    said = {
        "format": kind,
        "width": picture.width,
        "height": picture.height,
        "sha256": hashlib.sha256(picture.tobytes()).hexdigest(),
        "square": square.tobytes().hex(),
        "thumbnail": written.getvalue().hex(),
    }
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    limits = [int(argument) for argument in sys.argv[1:4]]
    main(limits[0], limits[1], limits[2], sys.argv[4])
